"""Whether loops of a function through other services are stopped: PutFunctionRecursionConfig and its Get.

Stopping them is the business of those who invoke.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, state

if TYPE_CHECKING:
    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call

_LOOPS: Final = ("Terminate", "Allow")


@operation(
    "PutFunctionRecursionConfig",
    permissions=permissions.on_unqualified_function("lambda:PutFunctionRecursionConfig"),
)
def put_function_recursion_config(
    call: Call, request: api.PutFunctionRecursionConfigRequestTypeDef
) -> dict[str, Any]:
    """Says whether loops are stopped."""
    if request["RecursiveLoop"] not in _LOOPS:
        raise errors.not_of("recursiveLoop", request["RecursiveLoop"], _LOOPS)
    reference = references.parse_unqualified(call, request["FunctionName"])
    function = state.function(call, reference)
    state.save_function(call, reference, replace(function, recursive_loop=request["RecursiveLoop"]))
    return {"RecursiveLoop": request["RecursiveLoop"]}


@operation(
    "GetFunctionRecursionConfig",
    permissions=permissions.on_unqualified_function("lambda:GetFunctionRecursionConfig"),
    read_only=True,
)
def get_function_recursion_config(
    call: Call, request: api.GetFunctionRecursionConfigRequestTypeDef
) -> dict[str, Any]:
    """Tells whether loops are stopped."""
    reference = references.parse_unqualified(call, request["FunctionName"])
    return {"RecursiveLoop": state.function(call, reference).recursive_loop}
