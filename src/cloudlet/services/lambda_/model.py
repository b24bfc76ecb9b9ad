"""Functions, versions, aliases, layers and queued events as frozen values, and what AWS tells of them.

No I/O, no clock, no randomness.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.lambda_ import runtimes

LATEST: Final = "$LATEST"
PENDING: Final = "Pending"
ACTIVE: Final = "Active"
INACTIVE: Final = "Inactive"
FAILED: Final = "Failed"
CREATING: Final = "The function is being created."
RESTORING: Final = "The function is being restored."
IDLE: Final = "The function is currently idle."


class Package(Struct, frozen=True):
    """A zip, as it was uploaded."""

    blob_id: str
    sha256: str
    """Base64, as AWS shows it."""
    size_bytes: int
    unzipped_bytes: int


class LayerReference(Struct, frozen=True):
    """A layer version that a function uses."""

    arn: str
    package: Package


class LoggingConfig(Struct, frozen=True):
    """Where a function's log goes and how it is written."""

    log_group: str
    log_format: str = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None

    def describe(self) -> dict[str, Any]:
        """As in LoggingConfig."""
        return {
            "LogFormat": self.log_format,
            "ApplicationLogLevel": self.application_log_level,
            "SystemLogLevel": self.system_log_level,
            "LogGroup": self.log_group,
        }


class Configuration(Struct, frozen=True):
    """What a function's owner may set."""

    runtime: str
    handler: str
    role: str
    logging: LoggingConfig
    description: str = ""
    timeout_seconds: int = 3
    memory_mb: int = 128
    ephemeral_storage_mb: int = 512
    environment: dict[str, str] | None = None
    """The variables; None where there are none, and where they are encrypted."""
    layers: tuple[LayerReference, ...] = ()
    architectures: tuple[str, ...] = ("x86_64",)
    tracing_mode: str = "PassThrough"
    snap_start: str = "None"
    dead_letter_target_arn: str | None = None
    vpc: dict[str, Any] | None = None
    tenant_isolation_mode: str | None = None
    """PER_TENANT where an environment serves one tenant only; it never changes."""
    kms_key_arn: str = ""
    """The owner's key that the variables are encrypted with; "" for none."""
    encrypted_environment: bytes | None = None


class FunctionVersion(Struct, frozen=True):
    """$LATEST, or a published version, which never changes but in its state."""

    name: str
    version: str
    configuration: Configuration
    package: Package
    generation: str
    """Differs for all code and configuration that ever was: environments belong to one generation."""
    revision_id: str
    modified_at: float
    state: str = PENDING
    update_status: str | None = None
    """None while the function is new; then InProgress, Successful or Failed."""
    update_reason: str = ""
    """Why an update failed."""
    published_as: str | None = None
    """Of $LATEST: the version that is the same as it is now."""
    update_runtime_on: str = "Auto"
    """When AWS would move it to a newer version of its runtime: Auto, FunctionUpdate or Manual."""
    pinned_runtime_version: str | None = None
    used_at: float = 0.0
    """When it was put into place or last had an environment made, to the day."""

    @property
    def settled(self) -> bool:
        """Whether nothing is under way."""
        return self.state != PENDING and self.update_status != "InProgress"

    @property
    def has_snapshot(self) -> bool:
        """Whether AWS starts it from a snapshot."""
        return self.configuration.snap_start == "PublishedVersions" and self.version != LATEST

    @property
    def may_become_inactive(self) -> bool:
        """Whether AWS holds something for it that it takes back when nobody uses it for long."""
        return self.has_snapshot or bool(self.configuration.vpc and self.configuration.vpc["SubnetIds"])

    def activated(self, revision_id: str, now: float) -> FunctionVersion:
        """The version, ready to run."""
        return replace(
            self,
            state=ACTIVE,
            update_status="Successful",
            update_reason="",
            revision_id=revision_id,
            used_at=now,
        )

    def failed(self, reason: str, revision_id: str) -> FunctionVersion:
        """The version, which cannot run."""
        if self.state == PENDING:
            return replace(self, state=FAILED, update_reason=reason, revision_id=revision_id)
        return replace(self, update_status="Failed", update_reason=reason, revision_id=revision_id)

    def published(
        self, version: str, description: str | None, *, generation: str, revision_id: str, now: float
    ) -> FunctionVersion:
        """The immutable copy of $LATEST."""
        configuration = self.configuration
        if description is not None:
            configuration = replace(configuration, description=description)
        return replace(
            self,
            version=version,
            configuration=configuration,
            generation=generation,
            revision_id=revision_id,
            published_as=None,
            used_at=now,
        )

    def changed(
        self, *, configuration: Configuration, package: Package, generation: str, revision_id: str, now: float
    ) -> FunctionVersion:
        """$LATEST with other code or configuration, which is being put into place."""
        return replace(
            self,
            configuration=configuration,
            package=package,
            generation=generation,
            revision_id=revision_id,
            modified_at=now,
            update_status="InProgress",
            update_reason="",
            published_as=None,
        )


class Function(Struct, frozen=True):
    """What all versions of a function share."""

    name: str
    last_version: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    recursive_loop: str = "Terminate"
    """Whether loops through other services are stopped: Terminate, or Allow."""
    code_signing_config_arn: str | None = None


class Alias(Struct, frozen=True):
    """A name for one version, or for two with weights."""

    function_name: str
    name: str
    version: str
    revision_id: str
    description: str = ""
    weights: dict[str, float] = field(default_factory=dict)

    def describe(self, function_arn: str) -> dict[str, Any]:
        """As in AliasConfiguration."""
        return {
            "AliasArn": f"{function_arn}:{self.name}",
            "Name": self.name,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RoutingConfig": {"AdditionalVersionWeights": self.weights} if self.weights else None,
            "RevisionId": self.revision_id,
        }


class LayerVersion(Struct, frozen=True):
    """One version of a layer; it never changes."""

    name: str
    version: int
    package: Package
    created_at: float
    description: str = ""
    license_info: str | None = None
    runtimes: tuple[str, ...] | None = None
    architectures: tuple[str, ...] | None = None

    def describe(self, layer_arn: str) -> dict[str, Any]:
        """As in LayerVersionsListItem."""
        return {
            "LayerVersionArn": f"{layer_arn}:{self.version}",
            "Version": self.version,
            "Description": self.description,
            "CreatedDate": timestamp(self.created_at),
            "CompatibleRuntimes": _listed(self.runtimes),
            "CompatibleArchitectures": _listed(self.architectures),
            "LicenseInfo": self.license_info,
        }


class Layer(Struct, frozen=True):
    """What all versions of a layer share."""

    name: str
    last_version: int = 0


class ResourcePolicy(Struct, frozen=True):
    """The policy of a function, version, alias or layer version."""

    statements: tuple[dict[str, Any], ...]
    revision_id: str


class AccountUsage(Struct, frozen=True):
    """What an account uses of its quotas in a region."""

    code_bytes: int = 0
    functions: int = 0
    reserved_concurrency: int = 0


class EventInvokeConfig(Struct, frozen=True):
    """How often and how long the asynchronous events of a function, version or alias are tried."""

    qualifier: str
    modified_at: float
    maximum_retry_attempts: int | None = None
    maximum_event_age_seconds: int | None = None
    on_success: str | None = None
    """The ARN of who is told of an event that the function could handle."""
    on_failure: str | None = None

    def describe(self, arn: str) -> dict[str, Any]:
        """As in FunctionEventInvokeConfig."""
        return {
            "LastModified": datetime.fromtimestamp(self.modified_at, UTC),
            "FunctionArn": arn,
            "MaximumRetryAttempts": self.maximum_retry_attempts,
            "MaximumEventAgeInSeconds": self.maximum_event_age_seconds,
            "DestinationConfig": {
                "OnSuccess": {"Destination": self.on_success},
                "OnFailure": {"Destination": self.on_failure},
            },
        }


class QueuedEvent(Struct, frozen=True):
    """An asynchronous invocation that was accepted and is not done."""

    id: str
    account: str
    region: str
    name: str
    qualifier: str | None
    payload: bytes
    trace_id: str | None
    accepted_at: float
    tenant_id: str | None = None


class EventProgress(Struct, frozen=True):
    """How far an asynchronous invocation has come: what changes while its event stays."""

    due_at: float
    """When it is to be tried; while a server tries it, when its lease ends."""
    failures: int = 0
    """How often the function failed; throttles do not count."""
    throttles: int = 0
    epoch: int = 0
    """How often it was claimed: who claimed it writes only while this is as it was then."""

    def claimed(self, until: float) -> EventProgress:
        """The same with a lease of somebody new."""
        return replace(self, epoch=self.epoch + 1, due_at=until)

    def failed(self, again_at: float) -> EventProgress:
        """The same after the function failed."""
        return replace(self, failures=self.failures + 1, due_at=again_at)

    def throttled(self, again_at: float) -> EventProgress:
        """The same after there was no room to run it."""
        return replace(self, throttles=self.throttles + 1, due_at=again_at)


def timestamp(seconds: float) -> str:
    """A time as Lambda writes it: 2024-01-31T12:00:00.000+0000."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"


def describe_version(
    version: FunctionVersion, arn: str, region: str, *, listed: bool = False
) -> dict[str, Any]:
    """As in FunctionConfiguration; lists tell neither state nor runtime version."""
    told = _describe_configuration(version.configuration)
    told |= {
        "FunctionName": version.name,
        "FunctionArn": arn,
        "CodeSize": version.package.size_bytes,
        "CodeSha256": version.package.sha256,
        "LastModified": timestamp(version.modified_at),
        "Version": version.version,
        "RevisionId": version.revision_id,
    }
    if not listed:
        told |= _describe_state(version)
        told["RuntimeVersionConfig"] = {
            "RuntimeVersionArn": runtimes.version_arn(version.configuration.runtime, region)
        }
    return told


def _describe_configuration(configuration: Configuration) -> dict[str, Any]:
    environment = configuration.environment
    target = configuration.dead_letter_target_arn
    mode = configuration.tenant_isolation_mode
    return {
        "Runtime": configuration.runtime,
        "Role": configuration.role,
        "Handler": configuration.handler,
        "Description": configuration.description,
        "Timeout": configuration.timeout_seconds,
        "MemorySize": configuration.memory_mb,
        "PackageType": "Zip",
        "Architectures": list(configuration.architectures),
        "EphemeralStorage": {"Size": configuration.ephemeral_storage_mb},
        "Environment": None if environment is None else {"Variables": environment},
        "KMSKeyArn": configuration.kms_key_arn or None,
        "TracingConfig": {"Mode": configuration.tracing_mode},
        "SnapStart": {"ApplyOn": configuration.snap_start, "OptimizationStatus": "Off"},
        "LoggingConfig": configuration.logging.describe(),
        "DeadLetterConfig": {"TargetArn": target} if target else None,
        "VpcConfig": configuration.vpc,
        "TenancyConfig": {"TenantIsolationMode": mode} if mode else None,
        "Layers": [{"Arn": layer.arn, "CodeSize": layer.package.size_bytes} for layer in configuration.layers]
        or None,
    }


def _describe_state(version: FunctionVersion) -> dict[str, Any]:
    told: dict[str, Any] = {"State": version.state}
    if version.state == PENDING and version.update_status is None:
        return told | {"StateReason": CREATING, "StateReasonCode": "Creating"}
    if version.state == FAILED:
        return told | {"StateReason": version.update_reason, "StateReasonCode": "InvalidZipFileException"}
    if version.state == PENDING:
        told |= {"StateReason": RESTORING, "StateReasonCode": "Restoring"}
    if version.state == INACTIVE:
        told |= {"StateReason": IDLE, "StateReasonCode": "Idle"}
    told["LastUpdateStatus"] = version.update_status
    if version.update_status == "InProgress":
        return told | {"LastUpdateStatusReason": CREATING, "LastUpdateStatusReasonCode": "Creating"}
    if version.update_status == "Failed":
        reason = version.update_reason
        return told | {
            "LastUpdateStatusReason": reason,
            "LastUpdateStatusReasonCode": "InvalidZipFileException",
        }
    return told


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)
