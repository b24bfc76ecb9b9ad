"""The policy simulator: what would IAM say?

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
It asks the same engine that judges every call; nothing is done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from cloudlet.core.access import (
    Decision,
    Permission,
    PolicyDocument,
    PolicyKind,
    Principal,
    PrincipalKind,
    PrincipalPolicies,
    Reason,
)
from cloudlet.core.arn import find_arn
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.iam import identities, state
from cloudlet.services.iam.errors import InvalidInput, NoSuchEntity
from cloudlet.services.iam.model import User, key_of
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.positions import find_statement, line_and_column

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.iam.model import Entity

_DENIED: Final = frozenset(
    {
        Reason.EXPLICIT_DENY_IDENTITY,
        Reason.EXPLICIT_DENY_RESOURCE,
        Reason.EXPLICIT_DENY_BOUNDARY,
        Reason.EXPLICIT_DENY_SESSION,
    }
)
_BY_BOUNDARY: Final = frozenset({Reason.EXPLICIT_DENY_BOUNDARY, Reason.NO_BOUNDARY_ALLOW})


class GivenContext(Struct):
    """The condition keys of a simulation, and those that a policy asked for in vain."""

    entries: Mapping[str, tuple[str, ...]]
    missing: list[str] = field(default_factory=list)

    def find(self, key: str) -> tuple[str, ...] | None:
        """The values that were given for a key."""
        found = self.entries.get(key)
        if found is None and key not in self.missing:
            self.missing.append(key)
        return found


class Simulated(Struct, frozen=True):
    """What one action on one resource came to."""

    action: str
    resource: str
    decision: Decision
    missing: Sequence[str]


def _on_source(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    return [Permission("iam:SimulatePrincipalPolicy", request["PolicySourceArn"])]


@operation("SimulatePrincipalPolicy", permissions=_on_source, read_only=True)
def simulate_principal_policy(
    call: Call, request: api.SimulatePrincipalPolicyRequestTypeDef
) -> dict[str, Any]:
    """What the policies of a user, group or role, and further ones, would allow."""
    source = _source(call, request["PolicySourceArn"])
    attached = identities.policies_of_entity(call, source)
    more = _inputs(request, "PolicyInputList")
    boundary = _boundary(request) or attached.boundary
    policies = PrincipalPolicies((*attached.identity, *more), boundary)
    caller = (
        identities.principal_of(source) if isinstance(source, User) else _principal(source.arn, source.id)
    )
    return _simulate(call, request, caller, policies)


@operation("SimulateCustomPolicy", read_only=True)
def simulate_custom_policy(call: Call, request: api.SimulateCustomPolicyRequestTypeDef) -> dict[str, Any]:
    """What the given policies would allow."""
    caller = _principal(request.get("CallerArn") or f"arn:aws:iam::{call.account}:user/simulated")
    policies = PrincipalPolicies(_inputs(request, "PolicyInputList"), _boundary(request))
    return _simulate(call, request, caller, policies)


def _simulate(
    call: Call, request: Mapping[str, Any], caller: Principal, policies: PrincipalPolicies
) -> dict[str, Any]:
    _check_honoured(request)
    given = [*policies.identity, *([policies.boundary] if policies.boundary else [])]
    resource_policy = _resource_policy(call, request)
    for document in _inputs(request, "PolicyInputList"):
        call.cloud.access.validate(document.text, PolicyKind.IDENTITY)
    if resource_policy is not None:
        given.append(resource_policy)
        if arn := request.get("CallerArn"):
            caller = _principal(arn)
    owner = find_arn(request.get("ResourceOwner", ""))
    permissions = [
        Permission(
            action,
            resource,
            resource_policy=resource_policy,
            resource_account=owner.account if owner else None,
        )
        for action in request["ActionNames"]
        for resource in request.get("ResourceArns") or ["*"]
    ]
    entries = {
        each["ContextKeyName"].lower(): tuple(each.get("ContextKeyValues", ()))
        for each in request.get("ContextEntries") or ()
    }
    results = [_judge(call, caller, policies, each, GivenContext(entries)) for each in permissions]
    return page(request, "EvaluationResults", results, lambda each: _describe(each, policies, given))


def _judge(
    call: Call,
    caller: Principal,
    policies: PrincipalPolicies,
    permission: Permission,
    context: GivenContext,
) -> Simulated:
    decision = call.cloud.access.decide(caller, policies, permission, context)
    return Simulated(permission.action, permission.resource, decision, context.missing)


def _describe(
    simulated: Simulated, policies: PrincipalPolicies, given: Sequence[PolicyDocument]
) -> dict[str, Any]:
    decision = simulated.decision
    said = "allowed" if decision.allowed else "explicitDeny" if decision.reason in _DENIED else "implicitDeny"
    texts = {document.name: document.text for document in given}
    shown: dict[str, Any] = {
        "EvalActionName": simulated.action,
        "EvalResourceName": simulated.resource,
        "EvalDecision": said,
        "MatchedStatements": [
            _matched(each.policy, each.statement, texts[each.policy])
            for each in decision.trace
            if decision.allowed or said == "explicitDeny"
        ],
        "MissingContextValues": [_as_written(key, texts.values()) for key in simulated.missing],
    }
    if policies.boundary is not None:
        allowed = decision.reason not in _BY_BOUNDARY
        shown["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    return shown


def _matched(policy: str, statement: str, text: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "SourcePolicyId": policy.rpartition("/")[2],
        "SourcePolicyType": "IAM Policy",
    }
    span = find_statement(text, statement)
    if span is not None:
        shown["StartPosition"] = line_and_column(text, span.start)
        shown["EndPosition"] = line_and_column(text, span.end)
    return shown


def _as_written(key: str, texts: Any) -> str:
    """A condition key in the case in which a policy has it."""
    for text in texts:
        if found := re.search(re.escape(key), text, re.IGNORECASE):
            return found.group()
    return key


def _check_honoured(request: Mapping[str, Any]) -> None:
    for member in ("PolicyExclusionList", "ResourceHandlingOption"):
        if request.get(member):
            raise NotImplementedHere(f"cloudlet does not implement {member} of the policy simulator (yet).")


def _inputs(request: Mapping[str, Any], member: str) -> tuple[PolicyDocument, ...]:
    texts = request.get(member) or ()
    return tuple(PolicyDocument(f"{member}.{place}", text) for place, text in enumerate(texts, 1))


def _boundary(request: Mapping[str, Any]) -> PolicyDocument | None:
    return next(iter(_inputs(request, "PermissionsBoundaryPolicyInputList")), None)


def _resource_policy(call: Call, request: Mapping[str, Any]) -> PolicyDocument | None:
    text = request.get("ResourcePolicy")
    if text is None:
        return None
    call.cloud.access.validate(text, PolicyKind.RESOURCE)
    return PolicyDocument("ResourcePolicy", text)


def _source(call: Call, source_arn: str) -> Entity:
    arn = find_arn(source_arn)
    if arn is None or arn.service != "iam":
        raise InvalidInput(f"Invalid Entity Arn: {source_arn} does not clearly define entity type and name.")
    kind, _, path = arn.resource.partition("/")
    name = key_of(path.rpartition("/")[2])
    found: Entity | None = None
    if kind == "user":
        found = state.USERS.find(call, call.account, name)
    elif kind == "group":
        found = state.GROUPS.find(call, call.account, name)
    elif kind == "role":
        found = state.ROLES.find(call, call.account, name)
    if found is None or found.arn != source_arn:
        raise NoSuchEntity(f"The {kind} with name {path.rpartition('/')[2]} cannot be found.")
    return found


def _principal(arn_text: str, unique_id: str = "") -> Principal:
    arn = find_arn(arn_text)
    if arn is None:
        raise InvalidInput(f"ARN {arn_text} is not valid.")
    if arn.resource.startswith("role/"):
        return Principal(
            PrincipalKind.ASSUMED_ROLE, arn_text, arn.account, unique_id=unique_id, role_arn=arn_text
        )
    name = arn.resource.rpartition("/")[2]
    return Principal(PrincipalKind.USER, arn_text, arn.account, unique_id=unique_id, name=name)
