"""What IAM judges before one of its own operations: the entity's ARN, tags, and the keys of the request.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from cloudlet.core.access import Permission, PrincipalKind
from cloudlet.core.arn import find_arn
from cloudlet.services.iam import state
from cloudlet.services.iam.model import Group, Role, User, key_of

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.iam.model import InstanceProfile, Policy, Tags

Judged: TypeAlias = "Callable[[Call, Any], Sequence[Permission]]"
Context: TypeAlias = "dict[str, tuple[str, ...]]"


def on_user(operation: str) -> Judged:
    """For an operation on the user that UserName names, or on the caller."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        name = request.get("UserName") or _own_name(call)
        user = state.find(state.USERS, call, name)
        return [_permission(call, operation, request, "user", name, user)]

    return judge


def on_group(operation: str) -> Judged:
    """For an operation on the group that GroupName names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        name = request["GroupName"]
        return [_permission(call, operation, request, "group", name, state.find(state.GROUPS, call, name))]

    return judge


def on_role(operation: str) -> Judged:
    """For an operation on the role that RoleName names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        name = request["RoleName"]
        return [_permission(call, operation, request, "role", name, state.find(state.ROLES, call, name))]

    return judge


def on_instance_profile(operation: str) -> Judged:
    """For an operation on the instance profile that InstanceProfileName names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        name = request["InstanceProfileName"]
        profile = state.find(state.INSTANCE_PROFILES, call, name)
        return [_permission(call, operation, request, "instance profile", name, profile)]

    return judge


def on_policy(operation: str) -> Judged:
    """For an operation on the managed policy that PolicyArn names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        arn = request["PolicyArn"]
        context = _request_context(request) | _tag_context(_tags_of_policy(call, arn))
        text = f"policy {arn}"
        return [Permission(f"iam:{operation}", arn, context, resource_text=text)]

    return judge


def on_new_policy(operation: str) -> Judged:
    """For the making of the managed policy that PolicyName names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        arn = f"arn:aws:iam::{call.account}:policy{request.get('Path') or '/'}{request['PolicyName']}"
        text = f"policy {request['PolicyName']}"
        return [Permission(f"iam:{operation}", arn, _request_context(request), resource_text=text)]

    return judge


def on_list(operation: str, kind: str) -> Judged:
    """For an operation that lists entities below PathPrefix."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        prefix = request.get("PathPrefix") or "/"
        text = f"policy path {prefix}" if kind == "policy" else None
        arn = f"arn:aws:iam::{call.account}:{kind}{prefix}"
        return [Permission(f"iam:{operation}", arn, resource_text=text)]

    return judge


def _permission(
    call: Call,
    operation: str,
    request: Mapping[str, Any],
    noun: str,
    name: str,
    entity: User | Group | Role | InstanceProfile | None,
) -> Permission:
    action = f"iam:{operation}"
    context = _request_context(request)
    if entity is None:
        kind = noun.replace(" ", "-")
        arn = f"arn:aws:iam::{call.account}:{kind}{request.get('Path') or '/'}{name}"
        is_made = operation == f"Create{noun.title().replace(' ', '')}"
        return Permission(action, arn, context, resource_text=None if is_made else f"{noun} {name}")
    context = _entity_context(entity) | context
    return Permission(action, entity.arn, context, resource_text=f"{noun} {name}")


def _entity_context(entity: User | Group | Role | InstanceProfile) -> Context:
    context: Context = {} if isinstance(entity, Group) else _tag_context(entity.tags)
    if isinstance(entity, User | Role) and entity.boundary:
        context["iam:PermissionsBoundary"] = (entity.boundary,)
    return context


def _own_name(call: Call) -> str:
    return call.principal.name if call.principal.kind is PrincipalKind.USER else ""


def _tags_of_policy(call: Call, policy_arn: str) -> Tags:
    arn = find_arn(policy_arn)
    if arn is None or arn.account != call.account:
        return {}
    policy: Policy | None = state.find(state.POLICIES, call, key_of(arn.resource.rpartition("/")[2]))
    return policy.tags if policy else {}


def _tag_context(tags: Tags) -> Context:
    return {
        f"{prefix}:ResourceTag/{key}": (value,) for prefix in ("aws", "iam") for key, value in tags.items()
    }


def _request_context(request: Mapping[str, Any]) -> Context:
    context: Context = {}
    if tags := request.get("Tags"):
        context |= {f"aws:RequestTag/{tag['Key']}": (tag["Value"],) for tag in tags}
        context["aws:TagKeys"] = tuple(tag["Key"] for tag in tags)
    if keys := request.get("TagKeys"):
        context["aws:TagKeys"] = tuple(keys)
    if policy_arn := request.get("PolicyArn"):
        context["iam:PolicyARN"] = (policy_arn,)
    if boundary := request.get("PermissionsBoundary"):
        context["iam:PermissionsBoundary"] = (boundary,)
    if service := request.get("AWSServiceName"):
        context["iam:AWSServiceName"] = (service,)
    return context
