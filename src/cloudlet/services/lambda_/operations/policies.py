"""AddPermission, RemovePermission and GetPolicy.

What a policy permits is judged by IAM at each call.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloudlet.core.arn import find_arn
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, state, statements
from cloudlet.services.lambda_.model import LATEST

if TYPE_CHECKING:
    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import ResourcePolicy
    from cloudlet.services.lambda_.references import FunctionReference


@operation("AddPermission", permissions=permissions.on_function("lambda:AddPermission"))
def add_permission(call: Call, request: api.AddPermissionRequestTypeDef) -> dict[str, Any]:
    """Adds a statement to the policy of a function, version or alias."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    if reference.qualifier == LATEST:
        raise errors.InvalidParameterValueException(
            "We currently do not support adding policies for $LATEST."
        )
    made = statements.statement(request, reference.arn)
    _check_role(call, request["Principal"])
    check_there(call, reference)
    policy = state.find_policy(call, reference)
    check_revision(policy, request.get("RevisionId"))
    state.save_policy(call, reference, statements.added(policy, made, call.ids.uuid()))
    return {"Statement": json.dumps(made, separators=(",", ":"))}


@operation("RemovePermission", permissions=permissions.on_function("lambda:RemovePermission"))
def remove_permission(call: Call, request: api.RemovePermissionRequestTypeDef) -> None:
    """Removes a statement from a policy."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    if state.find_function(call, reference) is None:
        raise errors.ResourceNotFoundException(f"No policy found for: {reference.arn}")
    check_there(call, reference)
    policy = state.find_policy(call, reference)
    if policy is None:
        raise errors.ResourceNotFoundException("No policy is associated with the given resource.")
    after = statements.removed(policy, request["StatementId"], call.ids.uuid())
    check_revision(policy, request.get("RevisionId"))
    state.save_policy(call, reference, after)


@operation("GetPolicy", permissions=permissions.on_function("lambda:GetPolicy"), read_only=True)
def get_policy(call: Call, request: api.GetPolicyRequestTypeDef) -> dict[str, Any]:
    """The policy of a function, version or alias."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    policy = state.find_policy(call, reference)
    if policy is None:
        raise errors.resource_does_not_exist()
    return {"Policy": permissions.document(policy).text, "RevisionId": policy.revision_id}


def _check_role(call: Call, principal: str) -> None:
    """Raises what AWS says to a role that is not there; other accounts may have what this cloud lacks."""
    arn = find_arn(principal)
    if arn is None or arn.service != "iam" or arn.account != call.account:
        return
    if arn.resource.startswith("role/") and call.cloud.identities.find_role(call, principal) is None:
        raise statements.invalid_principal()


def check_there(call: Call, reference: FunctionReference) -> None:
    """Raises ResourceNotFoundException for a function, version or alias that is not there."""
    qualifier = reference.qualifier
    if qualifier is None:
        state.function(call, reference)
    elif references.is_version(qualifier) or "$" in qualifier:
        state.version(call, reference, qualifier)
    else:
        state.alias(call, reference, qualifier)


def check_revision(policy: ResourcePolicy | None, revision_id: str | None) -> None:
    """Raises PreconditionFailedException for a revision id that is not the policy's."""
    if revision_id is not None and (policy is None or policy.revision_id != revision_id):
        raise errors.wrong_revision("GetPolicy")
