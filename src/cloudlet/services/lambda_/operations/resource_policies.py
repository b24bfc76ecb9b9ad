"""PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy: a function's policy as one document.

The same policy that AddPermission adds to, statement by statement.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloudlet.core.access import MalformedPolicyDocument, PolicyKind
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, state
from cloudlet.services.lambda_.model import ResourcePolicy
from cloudlet.services.lambda_.operations.policies import check_revision, check_there

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference

    Request = Mapping[str, Any]


def _on_resource(action: str) -> Callable[[Call, Request], Sequence[Permission]]:
    return lambda call, request: [permissions.function_permission(call, action, _named(call, request))]


@operation("PutResourcePolicy", permissions=_on_resource("lambda:PutResourcePolicy"))
def put_resource_policy(call: Call, request: Request) -> dict[str, Any]:
    """Replaces the policy of a function, version or alias."""
    reference = _named(call, request)
    check_there(call, reference)
    check_revision(state.find_policy(call, reference), request.get("RevisionId"))
    after = ResourcePolicy(_statements(call, request["Policy"]), call.ids.uuid())
    state.save_policy(call, reference, after)
    return _described(after)


@operation("GetResourcePolicy", permissions=_on_resource("lambda:GetResourcePolicy"), read_only=True)
def get_resource_policy(call: Call, request: Request) -> dict[str, Any]:
    """The policy of a function, version or alias."""
    return _described(_policy(call, _named(call, request)))


@operation("DeleteResourcePolicy", permissions=_on_resource("lambda:DeleteResourcePolicy"))
def delete_resource_policy(call: Call, request: Request) -> None:
    """Removes a policy with all its statements."""
    reference = _named(call, request)
    before = _policy(call, reference)
    check_revision(before, request.get("RevisionId"))
    state.save_policy(call, reference, ResourcePolicy((), call.ids.uuid()))


def _named(call: Call, request: Request) -> FunctionReference:
    arn: str = request["ResourceArn"]
    if ":function:" not in arn:
        raise errors.resource_does_not_exist()
    return references.parse(call, arn)


def _policy(call: Call, reference: FunctionReference) -> ResourcePolicy:
    found = state.find_policy(call, reference)
    if found is None:
        raise errors.resource_does_not_exist()
    return found


def _statements(call: Call, text: str) -> tuple[dict[str, Any], ...]:
    try:
        call.cloud.access.validate(text, PolicyKind.RESOURCE)
    except MalformedPolicyDocument as error:
        raise errors.InvalidParameterValueException(error.message) from error
    given = json.loads(text)["Statement"]
    return tuple(given) if isinstance(given, list) else (given,)


def _described(policy: ResourcePolicy) -> dict[str, Any]:
    return {"Policy": permissions.document(policy).text, "RevisionId": policy.revision_id}
