"""Reserved concurrency, and what the account may use and uses.

Who is throttled is decided in invoke/concurrency.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, provisioning, references, state
from cloudlet.services.lambda_.archives import UNZIPPED_LIMIT_BYTES
from cloudlet.services.lambda_.invoke.concurrency import ACCOUNT_LIMIT
from cloudlet.services.lambda_.model import LATEST
from cloudlet.services.lambda_.settings import state as settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import Function
    from cloudlet.services.lambda_.references import FunctionReference

_LEAST_UNRESERVED: Final = 100
_ZIPPED_LIMIT_BYTES: Final = 52_428_800
_CODE_LIMIT_BYTES: Final = 80_530_636_800


@operation(
    "PutFunctionConcurrency",
    permissions=permissions.on_unqualified_function("lambda:PutFunctionConcurrency"),
)
def put_function_concurrency(call: Call, request: api.PutFunctionConcurrencyRequestTypeDef) -> dict[str, Any]:
    """Sets how many may run at once, and keeps that many free for the function."""
    reference, function = _function(call, request["FunctionName"], LATEST)
    wanted = request["ReservedConcurrentExecutions"]
    _check_provisioned(call, reference, wanted)
    before = function.reserved_concurrency or 0
    reserved = state.usage(call, call.account, call.region).reserved_concurrency - before + wanted
    provisioned = provisioning.unreserved(call, without=reference.name)
    if ACCOUNT_LIMIT - reserved - provisioned < _LEAST_UNRESERVED:
        raise errors.InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{_LEAST_UNRESERVED}].",
            Type=None,
        )
    state.add_usage(call, reserved_concurrency=wanted - before)
    state.save_function(call, reference, replace(function, reserved_concurrency=wanted))
    return {"ReservedConcurrentExecutions": wanted}


@operation(
    "GetFunctionConcurrency",
    permissions=permissions.on_unqualified_function("lambda:GetFunctionConcurrency"),
    read_only=True,
)
def get_function_concurrency(call: Call, request: api.GetFunctionConcurrencyRequestTypeDef) -> dict[str, Any]:
    """How many may run at once, if that was set."""
    _, function = _function(call, request["FunctionName"], None)
    return {"ReservedConcurrentExecutions": function.reserved_concurrency}


@operation(
    "DeleteFunctionConcurrency",
    permissions=permissions.on_unqualified_function("lambda:DeleteFunctionConcurrency"),
)
def delete_function_concurrency(call: Call, request: api.DeleteFunctionConcurrencyRequestTypeDef) -> None:
    """Lets the function share the account's concurrency again."""
    reference, function = _function(call, request["FunctionName"], None)
    state.add_usage(call, reserved_concurrency=-(function.reserved_concurrency or 0))
    state.save_function(call, reference, replace(function, reserved_concurrency=None))


@operation("GetAccountSettings", read_only=True)
def get_account_settings(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """The account's limits and what it uses of them."""
    used = state.usage(call, call.account, call.region)
    return {
        "AccountLimit": {
            "TotalCodeSize": _CODE_LIMIT_BYTES,
            "CodeSizeUnzipped": UNZIPPED_LIMIT_BYTES,
            "CodeSizeZipped": _ZIPPED_LIMIT_BYTES,
            "ConcurrentExecutions": ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": ACCOUNT_LIMIT
            - used.reserved_concurrency
            - provisioning.unreserved(call),
        },
        "AccountUsage": {"TotalCodeSize": used.code_bytes, "FunctionCount": used.functions},
    }


def _check_provisioned(call: Call, reference: FunctionReference, wanted: int) -> None:
    """Raises what AWS says to less than the function's versions and aliases have of their own."""
    own = sum(row.requested for row in settings.list_provisioned(call, reference))
    if wanted < own:
        raise errors.InvalidParameterValueException(
            f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
            f"concurrency [{own}].",
            Type=None,
        )


def _function(call: Call, name: str, missing: str | None) -> tuple[FunctionReference, Function]:
    reference = references.parse_unqualified(call, name)
    found = state.find_function(call, reference)
    if found is None:
        raise errors.function_not_found(reference.arn_of(missing))
    return reference, found
