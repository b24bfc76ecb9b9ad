"""Where asynchronous events go in the end: what a setting may name, and whether the role may write there.

Delivering to them is workers.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Permission
from cloudlet.core.arn import find_arn
from cloudlet.core.errors import AccessDenied
from cloudlet.services.lambda_ import references, state
from cloudlet.services.lambda_.errors import InvalidParameterValueException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference

_WRITES: Final = {
    "events": "PutEvents",
    "lambda": "InvokeFunction",
    "s3": "PutObject",
    "sns": "Publish",
    "sqs": "SendMessage",
}
"""The services that a destination may be of, and what the function's role must be allowed there."""
_DEAD_LETTERS: Final = ("sns", "sqs")


def check(call: Call, reference: FunctionReference, on_success: str | None, on_failure: str | None) -> None:
    """Raises InvalidParameterValueException for destinations that the function could never write to."""
    for arn in (on_success, on_failure):
        service = _service(arn)
        if arn and service not in _WRITES:
            told = f"onSuccess={_told('OnSuccess', on_success)}, onFailure={_told('OnFailure', on_failure)}"
            raise InvalidParameterValueException(
                f"The provided destination config DestinationConfig({told}) is invalid."
            )
        if arn and service == "lambda":
            _check_function(call, reference, arn)
        if arn and not _may_write(call, _role(call, reference), arn):
            raise InvalidParameterValueException(
                f"The function's execution role does not have permissions to call {_WRITES[service]} on {arn}"
            )


def check_dead_letters(call: Call, role: str, arn: str | None) -> None:
    """Raises InvalidParameterValueException for a queue or topic that the role may not write to."""
    if not arn:
        return
    service = _service(arn)
    if service not in _DEAD_LETTERS:
        raise InvalidParameterValueException(
            f"The provided dead letter target {arn} is neither an SQS queue nor an SNS topic."
        )
    if not _may_write(call, role, arn):
        raise InvalidParameterValueException(
            "The provided execution role does not have permissions to call "
            f"{_WRITES[service]} on {service.upper()}"
        )


def _check_function(call: Call, reference: FunctionReference, arn: str) -> None:
    wanted = references.parse(call, arn)
    if wanted.unqualified_arn == reference.unqualified_arn:
        raise InvalidParameterValueException("You can't specify the function as a destination for itself.")
    if state.find_function(call, wanted) is None:
        raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.")


def _role(call: Call, reference: FunctionReference) -> str:
    return state.qualified_version(call, reference).configuration.role


def _may_write(call: Call, role: str, arn: str) -> bool:
    service = _service(arn)
    resource = f"{arn}/*" if service == "s3" else arn
    permission = Permission(f"{service}:{_WRITES[service]}", resource)
    try:
        session = call.cloud.identities.assume_role(
            call.as_service("lambda.amazonaws.com"), role, "awslambda_check"
        )
        call.cloud.api.check_within(call.as_principal(session.principal), [permission])
    except AccessDenied:
        return False
    return True


def _service(arn: str | None) -> str:
    found = find_arn(arn or "")
    return "" if found is None else found.service


def _told(condition: str, arn: str | None) -> str:
    return f"{condition}(destination={arn})" if arn else "null"
