"""CreateCodeSigningConfig to ListFunctionsByCodeSigningConfig.

Nothing signs code here, so all code counts as unsigned: see check_code().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import Permission
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, state, tags
from cloudlet.services.lambda_.pages import page_of
from cloudlet.services.lambda_.settings import state as settings
from cloudlet.services.lambda_.settings.model import CodeSigningConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call

_DEFAULT_POLICY: Final = "Warn"
_ID_LENGTH: Final = 17
_CONFIG: Final = "{CodeSigningConfigArn}"


@operation("CreateCodeSigningConfig")
def create_code_signing_config(
    call: Call, request: api.CreateCodeSigningConfigRequestTypeDef
) -> dict[str, Any]:
    """Makes a configuration."""
    tags.check(request.get("Tags", {}))
    config = CodeSigningConfig(
        id=f"csc-{call.ids.lower(_ID_LENGTH)}",
        allowed_publishers=_publishers(request["AllowedPublishers"]),
        untrusted_artifact_on_deployment=_policy(request) or _DEFAULT_POLICY,
        modified_at=call.time(),
        description=request.get("Description", ""),
        tags=dict(request.get("Tags", {})),
    )
    settings.save_code_signing_config(call, config)
    return _described(call, config)


@operation("GetCodeSigningConfig", resource=_CONFIG, read_only=True)
def get_code_signing_config(call: Call, request: api.GetCodeSigningConfigRequestTypeDef) -> dict[str, Any]:
    """A configuration."""
    return _described(call, config_of(call, request["CodeSigningConfigArn"]))


@operation("UpdateCodeSigningConfig", resource=_CONFIG)
def update_code_signing_config(
    call: Call, request: api.UpdateCodeSigningConfigRequestTypeDef
) -> dict[str, Any]:
    """Changes what the request names of a configuration."""
    before = config_of(call, request["CodeSigningConfigArn"])
    publishers = request.get("AllowedPublishers")
    after = replace(
        before,
        description=request.get("Description", before.description),
        allowed_publishers=before.allowed_publishers if publishers is None else _publishers(publishers),
        untrusted_artifact_on_deployment=_policy(request) or before.untrusted_artifact_on_deployment,
        modified_at=call.time(),
    )
    settings.save_code_signing_config(call, after)
    return _described(call, after)


@operation("DeleteCodeSigningConfig", resource=_CONFIG)
def delete_code_signing_config(
    call: Call, request: api.DeleteCodeSigningConfigRequestTypeDef
) -> dict[str, Any]:
    """Removes a configuration that no function has."""
    arn = request["CodeSigningConfigArn"]
    config = config_of(call, arn)
    if users := _users(call, arn):
        raise errors.ResourceConflictException(
            f"Cannot delete the code signing configuration {arn}: it is used by {len(users)} function(s)."
        )
    settings.delete_code_signing_config(call, config.id)
    return {}


@operation("ListCodeSigningConfigs", read_only=True)
def list_code_signing_configs(
    call: Call, request: api.ListCodeSigningConfigsRequestTypeDef
) -> dict[str, Any]:
    """The account's configurations."""
    configs = settings.list_code_signing_configs(call, request.get("Marker"))
    page, marker = page_of(configs, request, lambda config: config.id)
    listed = [config.describe(_arn(call, config)) for config in page]
    return {"CodeSigningConfigs": listed, "NextMarker": marker}


@operation("ListFunctionsByCodeSigningConfig", resource=_CONFIG, read_only=True)
def list_functions_by_code_signing_config(
    call: Call, request: api.ListFunctionsByCodeSigningConfigRequestTypeDef
) -> dict[str, Any]:
    """The functions that have a configuration."""
    arn = request["CodeSigningConfigArn"]
    config_of(call, arn)
    names = (name for name in _users(call, arn) if name > request.get("Marker", ""))
    page, marker = page_of(names, request, str)
    return {"FunctionArns": [call.arn(f"function:{name}") for name in page], "NextMarker": marker}


def _on_both(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    action = "lambda:PutFunctionCodeSigningConfig"
    on_function = permissions.on_unqualified_function(action)(call, request)
    return [*on_function, Permission(action, request["CodeSigningConfigArn"])]


@operation("PutFunctionCodeSigningConfig", permissions=_on_both)
def put_function_code_signing_config(
    call: Call, request: api.PutFunctionCodeSigningConfigRequestTypeDef
) -> dict[str, Any]:
    """Gives a function a configuration, which later code is judged by."""
    reference = references.parse_unqualified(call, request["FunctionName"])
    arn = request["CodeSigningConfigArn"]
    check_there(call, arn)
    function = state.function(call, reference)
    state.save_function(call, reference, replace(function, code_signing_config_arn=arn))
    return {"CodeSigningConfigArn": arn, "FunctionName": reference.name}


@operation(
    "GetFunctionCodeSigningConfig",
    permissions=permissions.on_unqualified_function("lambda:GetFunctionCodeSigningConfig"),
    read_only=True,
)
def get_function_code_signing_config(
    call: Call, request: api.GetFunctionCodeSigningConfigRequestTypeDef
) -> dict[str, Any]:
    """A function's configuration; nothing at all where it has none."""
    reference = references.parse_unqualified(call, request["FunctionName"])
    arn = state.function(call, reference).code_signing_config_arn
    return {} if arn is None else {"CodeSigningConfigArn": arn, "FunctionName": reference.name}


@operation(
    "DeleteFunctionCodeSigningConfig",
    permissions=permissions.on_unqualified_function("lambda:DeleteFunctionCodeSigningConfig"),
)
def delete_function_code_signing_config(
    call: Call, request: api.DeleteFunctionCodeSigningConfigRequestTypeDef
) -> None:
    """Takes a function's configuration from it; one that has none is no error."""
    reference = references.parse_unqualified(call, request["FunctionName"])
    function = state.function(call, reference)
    state.save_function(call, reference, replace(function, code_signing_config_arn=None))


def config_of(call: Call, arn: str) -> CodeSigningConfig:
    """A configuration. Raises ResourceNotFoundException."""
    found = settings.find_code_signing_config(call, arn.rpartition(":")[2])
    if found is None or arn != _arn(call, found):
        raise errors.ResourceNotFoundException(
            f"The Lambda code signing configuration {arn} can not be found.", Type=None
        )
    return found


def check_there(call: Call, arn: str) -> CodeSigningConfig:
    """The same, as those say it who are given the ARN. Raises CodeSigningConfigNotFoundException."""
    try:
        return config_of(call, arn)
    except errors.ResourceNotFoundException as error:
        raise errors.CodeSigningConfigNotFoundException(
            "The code signing configuration cannot be found. "
            f"Check that the provided configuration is not deleted: {arn}."
        ) from error


def check_code(call: Call, arn: str | None) -> None:
    """Raises CodeVerificationFailedException where unsigned code may not be deployed."""
    if arn is not None and check_there(call, arn).untrusted_artifact_on_deployment == "Enforce":
        raise errors.CodeVerificationFailedException(
            "The code signature failed one or more of the validation checks for signature mismatch or "
            "expiry, and the code signing policy is set to ENFORCE. Lambda blocks the deployment."
        )


def _users(call: Call, arn: str) -> list[str]:
    return [
        function.name for function in state.list_functions(call) if function.code_signing_config_arn == arn
    ]


def _arn(call: Call, config: CodeSigningConfig) -> str:
    return call.arn(f"code-signing-config:{config.id}")


def _described(call: Call, config: CodeSigningConfig) -> dict[str, Any]:
    return {"CodeSigningConfig": config.describe(_arn(call, config))}


def _publishers(allowed: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(allowed["SigningProfileVersionArns"])


def _policy(request: Mapping[str, Any]) -> str | None:
    policy: str | None = request.get("CodeSigningPolicies", {}).get("UntrustedArtifactOnDeployment")
    return policy
