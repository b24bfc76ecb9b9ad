"""Managed policies and their versions: the account's own, which can be changed, and AWS's, which cannot.

Attaching them is the business of users, groups and roles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.errors import AccessDenied
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list
from cloudlet.services.iam import catalogue, state
from cloudlet.services.iam.describe import describe_policy, describe_version
from cloudlet.services.iam.documents import check_managed
from cloudlet.services.iam.entities import check_arn, find_policy
from cloudlet.services.iam.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from cloudlet.services.iam.model import Policy, PolicyVersion, new_tags, policy_tag_list
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.permissions import on_list, on_new_policy, on_policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call

_VERSIONS_PER_POLICY: Final = 5


@operation("CreatePolicy", permissions=on_new_policy("CreatePolicy"))
def create_policy(call: Call, request: api.CreatePolicyRequestTypeDef) -> dict[str, Any]:
    """Makes a managed policy."""
    name, document = request["PolicyName"], request["PolicyDocument"]
    tags = new_tags(request.get("Tags"))
    check_managed(call, document)
    if state.find(state.POLICIES, call, name):
        raise EntityAlreadyExists(f"A policy called {name} already exists. Duplicate names are not allowed.")
    now = call.time()
    policy = Policy(
        name=name,
        path=request.get("Path", "/"),
        id=call.ids.unique_id("ANPA"),
        account=call.account,
        created_at=now,
        versions=(PolicyVersion(1, document, now),),
        updated_at=now,
        description=request.get("Description"),
        tags=tags,
    )
    state.save(state.POLICIES, call, policy)
    shown = describe_policy(call, policy)
    return {"Policy": {**shown, "Tags": tag_list(tags)} if tags else shown}


@operation("GetPolicy", permissions=on_policy("GetPolicy"), read_only=True)
def get_policy(call: Call, request: api.GetPolicyRequestTypeDef) -> dict[str, Any]:
    """A managed policy, without its document."""
    policy = managed_policy(call, request["PolicyArn"])
    shown = {**describe_policy(call, policy), "Tags": policy_tag_list(policy.tags)}
    if policy.description is not None:
        shown["Description"] = policy.description
    return {"Policy": shown}


@operation("ListPolicies", permissions=on_list("ListPolicies", "policy"), read_only=True)
def list_policies(call: Call, request: api.ListPoliciesRequestTypeDef) -> dict[str, Any]:
    """The account's managed policies, AWS's, or both."""
    policies = _in_scope(call, request.get("Scope", "All"))
    prefix = request.get("PathPrefix", "/")
    policies = [each for each in policies if each.path.startswith(prefix)]
    boundary = request.get("PolicyUsageFilter") == "PermissionsBoundary"
    if request.get("OnlyAttached"):
        policies = [each for each in policies if any(state.attachments(call, each.arn, boundary=boundary))]
    elif boundary:
        policies = [each for each in policies if any(state.attachments(call, each.arn, boundary=True))]
    return page(request, "Policies", policies, lambda each: describe_policy(call, each))


@operation("DeletePolicy", permissions=on_policy("DeletePolicy"))
def delete_policy(call: Call, request: api.DeletePolicyRequestTypeDef) -> None:
    """Removes a policy that is nowhere attached and has one version."""
    policy = own_policy(call, request["PolicyArn"], "DeletePolicy")
    used = any(state.attachments(call, policy.arn)) or any(state.attachments(call, policy.arn, boundary=True))
    if used:
        raise DeleteConflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy."
        )
    state.delete(state.POLICIES, call, policy)


@operation("CreatePolicyVersion", permissions=on_policy("CreatePolicyVersion"))
def create_policy_version(call: Call, request: api.CreatePolicyVersionRequestTypeDef) -> dict[str, Any]:
    """Adds a version and, if asked, puts it in force."""
    policy = own_policy(call, request["PolicyArn"], "CreatePolicyVersion")
    check_managed(call, request["PolicyDocument"])
    if len(policy.versions) >= _VERSIONS_PER_POLICY:
        raise LimitExceeded(
            f"A managed policy can have up to {_VERSIONS_PER_POLICY} versions. Before you create a new "
            "version, you must delete an existing version."
        )
    default = request.get("SetAsDefault", False)
    policy = policy.with_version(request["PolicyDocument"], call.time(), default=default)
    state.save(state.POLICIES, call, policy)
    return {"PolicyVersion": describe_version(policy, policy.versions[-1])}


@operation("GetPolicyVersion", permissions=on_policy("GetPolicyVersion"), read_only=True)
def get_policy_version(call: Call, request: api.GetPolicyVersionRequestTypeDef) -> dict[str, Any]:
    """A version with its document."""
    policy, version = _version(call, request["PolicyArn"], request["VersionId"])
    return {"PolicyVersion": describe_version(policy, version, document=True)}


@operation("ListPolicyVersions", permissions=on_policy("ListPolicyVersions"), read_only=True)
def list_policy_versions(call: Call, request: api.ListPolicyVersionsRequestTypeDef) -> dict[str, Any]:
    """The versions, the newest first."""
    policy = managed_policy(call, request["PolicyArn"])
    return page(request, "Versions", reversed(policy.versions), lambda each: describe_version(policy, each))


@operation("SetDefaultPolicyVersion", permissions=on_policy("SetDefaultPolicyVersion"))
def set_default_policy_version(call: Call, request: api.SetDefaultPolicyVersionRequestTypeDef) -> None:
    """Puts a version in force."""
    _check_changeable(call, request["PolicyArn"], "SetDefaultPolicyVersion")
    policy, version = _version(call, request["PolicyArn"], request["VersionId"])
    changed = replace(policy, default_number=version.number, updated_at=call.time())
    state.save(state.POLICIES, call, changed)


@operation("DeletePolicyVersion", permissions=on_policy("DeletePolicyVersion"))
def delete_policy_version(call: Call, request: api.DeletePolicyVersionRequestTypeDef) -> None:
    """Removes a version that is not in force."""
    _check_changeable(call, request["PolicyArn"], "DeletePolicyVersion")
    policy, version = _version(call, request["PolicyArn"], request["VersionId"])
    if version.number == policy.default_number:
        raise DeleteConflict("Cannot delete the default version of a policy.")
    state.save(state.POLICIES, call, policy.without_version(version, call.time()))


@operation("ListEntitiesForPolicy", permissions=on_policy("ListEntitiesForPolicy"), read_only=True)
def list_entities_for_policy(call: Call, request: api.ListEntitiesForPolicyRequestTypeDef) -> dict[str, Any]:
    """Who a policy is attached to, or whose boundary it is."""
    arn = request["PolicyArn"]
    check_arn(arn)
    if find_policy(call, arn) is None:
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
    wanted = request.get("EntityFilter", "")
    usage = request.get("PolicyUsageFilter")
    found = [
        each
        for boundary in (False, True)
        if usage is None or boundary == (usage == "PermissionsBoundary")
        for each in state.attachments(call, arn, boundary=boundary)
        if wanted in ("", each.kind.title())
    ]
    listed = page(request, "Entities", found, lambda each: each)
    chosen = listed.pop("Entities")
    return {
        "PolicyGroups": [_entity(call, each, "Group") for each in chosen if each.kind == "group"],
        "PolicyUsers": [_entity(call, each, "User") for each in chosen if each.kind == "user"],
        "PolicyRoles": [_entity(call, each, "Role") for each in chosen if each.kind == "role"],
        **listed,
    }


def _entity(call: Call, attachment: state.Attachment, title: str) -> dict[str, str]:
    entity = state.find_attached_entity(call, attachment)
    return {f"{title}Name": entity.name, f"{title}Id": entity.id}


def _in_scope(call: Call, scope: str) -> Iterable[Policy]:
    own = list(state.POLICIES.below(call, call.account)) if scope != "AWS" else []
    return [*own, *(catalogue.published().values() if scope != "Local" else ())]


def managed_policy(call: Call, policy_arn: str) -> Policy:
    """A policy of the account or of AWS. Raises NoSuchEntity."""
    check_arn(policy_arn)
    policy = find_policy(call, policy_arn)
    if policy is None:
        raise NoSuchEntity(f"Policy {policy_arn} was not found.")
    return policy


def own_policy(call: Call, policy_arn: str, operation_name: str) -> Policy:
    """A policy of the account, to be changed. Raises AccessDenied for AWS's, NoSuchEntity."""
    _check_changeable(call, policy_arn, operation_name)
    return managed_policy(call, policy_arn)


def _check_changeable(call: Call, policy_arn: str, operation_name: str) -> None:
    """AWS's own policies belong to another account, so even root is refused."""
    if policy_arn.startswith("arn:aws:iam::aws:"):
        raise AccessDenied(
            f"User: {call.principal.arn} is not authorized to perform: iam:{operation_name} "
            f"on resource: policy {policy_arn}"
        )


def _version(call: Call, policy_arn: str, version_id: str) -> tuple[Policy, PolicyVersion]:
    check_arn(policy_arn)
    policy = find_policy(call, policy_arn)
    version = policy.find_version(version_id) if policy else None
    if policy is None or version is None:
        raise NoSuchEntity(f"Policy {policy_arn} version {version_id} does not exist or is not attachable.")
    return policy, version
