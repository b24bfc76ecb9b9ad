"""Statements of resource policies, as AddPermission makes them.

They are data here; what they permit is judged in cloudlet.access.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.lambda_.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from cloudlet.services.lambda_.model import ResourcePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVICE: Final = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com)")
_ACCOUNT: Final = re.compile(r"\d{12}")
_IAM_ARN: Final = re.compile(r"arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:.+")
_POLICY_LIMIT_BYTES: Final = 20_480


def statement(request: Mapping[str, Any], resource: str) -> dict[str, Any]:
    """The statement for an AddPermission request. Raises InvalidParameterValueException."""
    made: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": resource,
    }
    if request.get("FunctionUrlAuthType") and request["Action"] != "lambda:InvokeFunctionUrl":
        raise InvalidParameterValueException(
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"
        )
    conditions = _conditions(request)
    return {**made, "Condition": conditions} if conditions else made


def principal(given: str) -> str | dict[str, str]:
    """A principal as policies write it. Raises InvalidParameterValueException for what is none."""
    if given == "*":
        return "*"
    if _ACCOUNT.fullmatch(given):
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if _IAM_ARN.fullmatch(given):
        return {"AWS": given}
    if _SERVICE.fullmatch(given):
        return {"Service": given}
    raise invalid_principal()


def invalid_principal() -> InvalidParameterValueException:
    """AWS's word for a principal that is none."""
    return InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )


def added(policy: ResourcePolicy | None, made: dict[str, Any], revision_id: str) -> ResourcePolicy:
    """The policy with one more statement. Raises ResourceConflictException for a Sid it has."""
    before = () if policy is None else policy.statements
    if any(each.get("Sid") == made["Sid"] for each in before):
        raise ResourceConflictException(
            f"The statement id ({made['Sid']}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )
    after = ResourcePolicy((*before, made), revision_id)
    size_bytes = len(json.dumps(after.statements, separators=(",", ":")).encode())
    if size_bytes > _POLICY_LIMIT_BYTES:
        raise PolicyLengthExceededException(
            f"The final policy size ({size_bytes}) is bigger than the limit ({_POLICY_LIMIT_BYTES})."
        )
    return after


def removed(policy: ResourcePolicy, sid: str, revision_id: str) -> ResourcePolicy:
    """The policy without a statement. Raises ResourceNotFoundException for a Sid it lacks."""
    left = tuple(each for each in policy.statements if each.get("Sid") != sid)
    if len(left) == len(policy.statements):
        raise ResourceNotFoundException(f"Statement {sid} is not found in resource policy.")
    return ResourcePolicy(left, revision_id)


def _conditions(request: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    equal = {
        "AWS:SourceAccount": request.get("SourceAccount"),
        "lambda:FunctionUrlAuthType": request.get("FunctionUrlAuthType"),
        "lambda:EventSourceToken": request.get("EventSourceToken"),
        "aws:PrincipalOrgID": request.get("PrincipalOrgID"),
    }
    conditions = {}
    if present := {key: value for key, value in equal.items() if value}:
        conditions["StringEquals"] = present
    if source := request.get("SourceArn"):
        conditions["ArnLike"] = {"AWS:SourceArn": source}
    if request.get("InvokedViaFunctionUrl") is not None:
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": str(request["InvokedViaFunctionUrl"]).lower()}
    return conditions
