"""From what a request says to a function's configuration, and every refusal that needs no store.

Limits of https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html beyond the service model's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import Arn
from cloudlet.services.lambda_ import runtimes, tenancy
from cloudlet.services.lambda_.archives import UNZIPPED_LIMIT_BYTES
from cloudlet.services.lambda_.errors import InvalidParameterValueException, ValidationException
from cloudlet.services.lambda_.model import Configuration, LayerReference, LoggingConfig, Package

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Request = Mapping[str, Any]

RESERVED_VARIABLES: Final = frozenset(
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    }
)  # fmt: skip
_ENVIRONMENT_LIMIT_BYTES: Final = 4096
_LAYERS_LIMIT: Final = 5
_NAME_LIMIT: Final = 64
_MEMORY_LIMIT_MB: Final = 10240
_TIMEOUT_LIMIT_SECONDS: Final = 900
# What a request may ask for and cloudlet does not do: refused, never half done.
_NOT_DONE: Final = (
    ("ImageConfig", "container images"),
    ("FileSystemConfigs", "file systems"),
    ("CapacityProviderConfig", "capacity providers"),
    ("DurableConfig", "durable functions"),
    ("AcceleratorConfig", "accelerators"),
    ("RuntimeConfig", "runtime configurations"),
)


def check_name(name: str) -> None:
    """Raises what AWS says to a name beyond the limit, which differs from the limit for ARNs."""
    if len(name) > _NAME_LIMIT:
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_NAME_LIMIT}"
        )


def new(name: str, request: Request) -> Configuration:
    """The configuration of a new function, without its layers. Raises InvalidParameterValueException."""
    if request.get("PackageType") == "Image" or "ImageUri" in request["Code"]:
        raise _not_done("container images")
    if not request.get("Runtime") or not request.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    configuration = Configuration(
        runtime=request["Runtime"],
        handler=request["Handler"],
        role=request["Role"],
        logging=LoggingConfig(f"/aws/lambda/{name}"),
        tenant_isolation_mode=request.get("TenancyConfig", {}).get("TenantIsolationMode"),
    )
    return changed(name, configuration, request)


def changed(name: str, before: Configuration, request: Request) -> Configuration:
    """The configuration with what a request says of it, without its layers."""
    _refuse_what_is_not_done(request)
    after = replace(
        before,
        runtime=request.get("Runtime", before.runtime),
        handler=request.get("Handler", before.handler),
        role=request.get("Role", before.role),
        description=request.get("Description", before.description),
        timeout_seconds=request.get("Timeout", before.timeout_seconds),
        memory_mb=request.get("MemorySize", before.memory_mb),
        ephemeral_storage_mb=request.get("EphemeralStorage", {}).get("Size", before.ephemeral_storage_mb),
        environment=_environment(request, before.environment),
        architectures=tuple(request.get("Architectures", before.architectures)),
        tracing_mode=request.get("TracingConfig", {}).get("Mode", before.tracing_mode),
        snap_start=request.get("SnapStart", {}).get("ApplyOn", before.snap_start),
        dead_letter_target_arn=_dead_letter_target(request, before),
        vpc=_vpc(request, before.vpc),
        logging=_logging(name, request.get("LoggingConfig"), before.logging),
    )
    _check(after, request)
    return after


def with_layers(
    configuration: Configuration, layers: Sequence[LayerReference], package: Package
) -> Configuration:
    """The configuration with layers. Raises where code and layers together are too large."""
    size = package.unzipped_bytes + sum(layer.package.unzipped_bytes for layer in layers)
    if size > UNZIPPED_LIMIT_BYTES:
        raise InvalidParameterValueException(
            f"Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_LIMIT_BYTES} "
            f"bytes. The actual size is {size} bytes."
        )
    return replace(configuration, layers=tuple(layers))


def check_code(code: Request) -> None:
    """Raises for ways of giving and publishing code that are not done here."""
    for member, what in (
        ("SourceKMSKeyArn", "encrypted deployment packages"),
        ("S3ObjectStorageMode", "code that stays in S3"),
        ("PublishTo", "publishing to $LATEST.PUBLISHED"),
    ):
        if code.get(member) not in (None, "COPY"):
            raise _not_done(what)


def check_layer_arns(arns: Sequence[str], region: str) -> None:
    """Raises what AWS says to too many layers, to two versions of one, and to another region's."""
    if len(arns) > _LAYERS_LIMIT:
        raise InvalidParameterValueException(f"Cannot reference more than {_LAYERS_LIMIT} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        layer = arn.rpartition(":")[0]
        if Arn.parse(arn).region != region:
            raise InvalidParameterValueException(
                "Layers are not in the same region as the function. "
                f"Layers are expected to be in region {region}."
            )
        if layer in seen:
            raise InvalidParameterValueException(
                "Two different versions of the same layer are not allowed to be referenced in the same "
                f"function. {seen[layer]} and {arn} are versions of the same layer."
            )
        seen[layer] = arn


def _check(configuration: Configuration, request: Request) -> None:
    if "Runtime" in request:
        runtimes.check(configuration.runtime)
    if configuration.snap_start != "None" and not runtimes.may_be_snapshotted(configuration.runtime):
        raise InvalidParameterValueException(
            f"{configuration.runtime} is not supported for SnapStart enabled functions."
        )
    if configuration.snap_start != "None":
        tenancy.refuse(configuration, "SnapStart")
    _check_at_most("memorySize", configuration.memory_mb, _MEMORY_LIMIT_MB)
    _check_at_most("timeout", configuration.timeout_seconds, _TIMEOUT_LIMIT_SECONDS)


def _check_at_most(member: str, value: int, limit: int) -> None:
    if value > limit:
        raise ValidationException(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must have value less than or equal to {limit}"
        )


def _environment(request: Request, before: dict[str, str] | None) -> dict[str, str] | None:
    if "Environment" not in request:
        return before
    variables = dict(request["Environment"].get("Variables", {}))
    reserved = [name for name in variables if name in RESERVED_VARIABLES]
    trouble = "Lambda was unable to configure your environment variables because the environment variables "
    if reserved:
        raise InvalidParameterValueException(
            f"{trouble}you have provided contains reserved keys that are currently not supported for "
            f"modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > _ENVIRONMENT_LIMIT_BYTES:
        raise InvalidParameterValueException(
            f"{trouble}you have provided exceeded the 4KB limit. String measured: {measured}"
        )
    return variables


def _logging(name: str, given: Request | None, before: LoggingConfig) -> LoggingConfig:
    if given is None:
        return before
    log_format = given.get("LogFormat", before.log_format)
    group = given.get("LogGroup", before.log_group) or f"/aws/lambda/{name}"
    if log_format == "Text":
        if given.get("ApplicationLogLevel") or given.get("SystemLogLevel"):
            raise InvalidParameterValueException(
                "To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to JSON."
            )
        return LoggingConfig(group)
    return LoggingConfig(
        group,
        log_format,
        given.get("ApplicationLogLevel", before.application_log_level or "INFO"),
        given.get("SystemLogLevel", before.system_log_level or "INFO"),
    )


def _dead_letter_target(request: Request, before: Configuration) -> str | None:
    if "DeadLetterConfig" not in request:
        return before.dead_letter_target_arn
    return request["DeadLetterConfig"].get("TargetArn") or None


def _refuse_what_is_not_done(request: Request) -> None:
    for member, what in _NOT_DONE:
        if request.get(member):
            raise _not_done(what)


def _vpc(request: Request, before: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was asked for. Nothing here tells which VPC a subnet is in, so its id stays empty."""
    if "VpcConfig" not in request:
        return before
    asked = request["VpcConfig"]
    subnets, groups = list(asked.get("SubnetIds", ())), list(asked.get("SecurityGroupIds", ()))
    if bool(subnets) != bool(groups):
        raise InvalidParameterValueException("SubnetIds and SecurityIds must coexist or be both empty list.")
    if not subnets and before is None:
        return None
    return {
        "SubnetIds": subnets,
        "SecurityGroupIds": groups,
        "VpcId": "",
        "Ipv6AllowedForDualStack": asked.get("Ipv6AllowedForDualStack", False),
    }


def _not_done(what: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"cloudlet does not implement {what} for Lambda functions (yet). Nothing was created or changed."
    )
