"""When functions move to newer versions of their runtimes: PutRuntimeManagementConfig and its Get.

There is one version of each runtime here, so nothing ever moves; naming another version is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, runtimes, state

if TYPE_CHECKING:
    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import FunctionVersion
    from cloudlet.services.lambda_.references import FunctionReference


@operation(
    "PutRuntimeManagementConfig", permissions=permissions.on_function("lambda:PutRuntimeManagementConfig")
)
def put_runtime_management_config(
    call: Call, request: api.PutRuntimeManagementConfigRequestTypeDef
) -> dict[str, Any]:
    """Says when a version's runtime is moved."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    version = state.qualified_version(call, reference)
    pinned = request.get("RuntimeVersionArn")
    if (request["UpdateRuntimeOn"] == "Manual") != bool(pinned):
        raise errors.InvalidParameterValueException(
            "RuntimeVersionArn must be given if UpdateRuntimeOn is Manual, and only then."
        )
    if pinned and pinned != runtimes.version_arn(version.configuration.runtime, call.region):
        raise errors.InvalidParameterValueException(f"Runtime Version {pinned} does not exist.")
    after = replace(version, update_runtime_on=request["UpdateRuntimeOn"], pinned_runtime_version=pinned)
    state.save_version(call, reference, after)
    return _described(reference, after)


@operation(
    "GetRuntimeManagementConfig",
    permissions=permissions.on_function("lambda:GetRuntimeManagementConfig"),
    read_only=True,
)
def get_runtime_management_config(
    call: Call, request: api.GetRuntimeManagementConfigRequestTypeDef
) -> dict[str, Any]:
    """Tells when a version's runtime is moved."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    return _described(reference, state.qualified_version(call, reference))


def _described(reference: FunctionReference, version: FunctionVersion) -> dict[str, Any]:
    return {
        "UpdateRuntimeOn": version.update_runtime_on,
        "FunctionArn": reference.arn_of(version.version),
        "RuntimeVersionArn": version.pinned_runtime_version,
    }
