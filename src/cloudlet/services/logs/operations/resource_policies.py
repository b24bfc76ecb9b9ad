"""Operations on resource policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import PolicyKind
from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import Request, operation
from cloudlet.services.logs import state
from cloudlet.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from cloudlet.services.logs.model import ResourcePolicy

if TYPE_CHECKING:
    from types_boto3_logs import type_defs as api

_MOST: Final = 10
_NOT_HONOURED: Final = ("resourceArn", "expectedRevisionId")


def _check_honoured(request: Request) -> None:
    """Raises NotImplementedHere for policies of single log groups."""
    if any(request.get(name) for name in _NOT_HONOURED) or request.get("policyScope") == "RESOURCE":
        raise NotImplementedHere("cloudlet does not implement resource policies of single log groups (yet).")


@operation("PutResourcePolicy")
def put_resource_policy(call: Call, request: api.PutResourcePolicyRequestTypeDef) -> dict[str, Any]:
    """Lets other services write to the account's log groups, or replaces the policy of that name."""
    _check_honoured(request)
    name, document = request.get("policyName"), request.get("policyDocument")
    if not name or not document:
        raise InvalidParameterException("Policy name and policy document must be specified.")
    call.cloud.access.validate(document, PolicyKind.RESOURCE)
    if (
        state.find_resource_policy(call, name) is None
        and len(list(state.list_resource_policies(call))) >= _MOST
    ):
        raise LimitExceededException("Resource limit exceeded.")
    policy = ResourcePolicy(name, document, int(call.time() * 1000))
    state.save_resource_policy(call, policy)
    return {"resourcePolicy": policy.describe()}


@operation("DescribeResourcePolicies", read_only=True)
def describe_resource_policies(
    call: Call, request: api.DescribeResourcePoliciesRequestTypeDef
) -> dict[str, Any]:
    """Lists the resource policies, ten at most."""
    _check_honoured(request)
    after, limit = request.get("nextToken", ""), request.get("limit", _MOST)
    found = [policy for policy in state.list_resource_policies(call) if policy.name > after]
    answer: dict[str, Any] = {"resourcePolicies": [policy.describe() for policy in found[:limit]]}
    if len(found) > limit:
        answer["nextToken"] = found[limit - 1].name
    return answer


@operation("DeleteResourcePolicy")
def delete_resource_policy(call: Call, request: api.DeleteResourcePolicyRequestTypeDef) -> None:
    """Removes a resource policy."""
    _check_honoured(request)
    name = request.get("policyName", "")
    if state.find_resource_policy(call, name) is None:
        raise ResourceNotFoundException(f"Policy with name [{name}] does not exist")
    state.delete_resource_policy(call, name)
