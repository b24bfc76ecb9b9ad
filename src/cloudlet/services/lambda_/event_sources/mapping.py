"""An event source mapping as a value: its settings, its state, and how AWS shows it.

No I/O and no clock; which settings are allowed is validation.py's, keeping them is state.py's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.arn import Arn, find_arn
from cloudlet.envelopes import Sealed

UNLIMITED: Final = -1
NO_RESULT: Final = "No records processed"
ENABLED: Final = "Enabled"
DISABLED: Final = "Disabled"
DELETING: Final = "Deleting"
SETTLED: Final = frozenset({ENABLED, DISABLED})


class Kind(Enum):
    """What sort of source it is; the value is its service's name in ARNs."""

    SQS = "sqs"
    KINESIS = "kinesis"
    DYNAMODB = "dynamodb"

    @property
    def is_stream(self) -> bool:
        """Whether it is read by position rather than by receiving."""
        return self is not Kind.SQS

    @property
    def user_action(self) -> str:
        """How AWS words that a user brought a mapping into its state."""
        return "User action" if self.is_stream else "USER_INITIATED"


def find_kind(source_arn: str) -> Kind | None:
    """The sort of source that an ARN names; None for one that Lambda does not read."""
    arn = find_arn(source_arn)
    if arn is None:
        return None
    if arn.service == "sqs":
        return Kind.SQS
    if arn.service == "kinesis" and arn.resource.startswith("stream/"):
        return Kind.KINESIS
    if arn.service == "dynamodb" and "/stream/" in arn.resource:
        return Kind.DYNAMODB
    return None


class StreamSettings(Struct, frozen=True):
    """What only mappings of streams have."""

    starting_position: str
    starting_position_timestamp: float | None = None
    parallelization_factor: int = 1
    maximum_record_age_seconds: int = UNLIMITED
    maximum_retry_attempts: int = UNLIMITED
    bisect_batch_on_function_error: bool = False
    tumbling_window_seconds: int = 0
    on_failure_arn: str | None = None


class QueueSettings(Struct, frozen=True):
    """What only mappings of queues have."""

    maximum_concurrency: int | None = None
    minimum_pollers: int | None = None
    maximum_pollers: int | None = None


class SealedFilters(Struct, frozen=True):
    """Filters as they are stored under a KMS key."""

    function_arn: str
    """The mapping's function when they were sealed, which KMS binds the data key to."""
    content: Sealed


class EventSourceMapping(Struct, frozen=True):
    """A mapping."""

    uuid: str
    account: str
    region: str
    function_arn: str
    """As it was named: with the qualifier if there is one."""
    source_arn: str
    batch_size: int
    batching_window_seconds: int
    state: str
    modified_at: float
    revision: str
    """Another one after each change of what pollers must know."""
    positioned: bool = False
    """Whether it is stored where in every shard it began; from then on it keeps its places."""
    filters: tuple[str, ...] = ()
    function_response_types: tuple[str, ...] = ()
    metrics: tuple[str, ...] | None = None
    stream: StreamSettings | None = None
    queue: QueueSettings | None = None
    tags: dict[str, str] = {}
    kms_key_arn: str | None = None
    """What its filters are sealed with."""
    sealed_filters: SealedFilters | None = None
    """Where they are, `filters` is empty."""

    @property
    def arn(self) -> str:
        """The mapping's own ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:event-source-mapping:{self.uuid}"

    @property
    def kind(self) -> Kind:
        """What sort of source it reads."""
        return Kind.SQS if self.stream is None else Kind(Arn.parse(self.source_arn).service)

    @property
    def runs(self) -> bool:
        """Whether its source is to be read."""
        return self.state not in (DISABLED, "Disabling", DELETING)

    @property
    def reports_item_failures(self) -> bool:
        """Whether the function says which items of a batch failed."""
        return "ReportBatchItemFailures" in self.function_response_types

    def describe(self, last_result: str | None) -> dict[str, Any]:
        """As in EventSourceMappingConfiguration."""
        told = {
            "UUID": self.uuid,
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.batching_window_seconds,
            "EventSourceArn": self.source_arn,
            "FilterCriteria": {"Filters": [{"Pattern": each} for each in self.filters]}
            if self.filters
            else None,
            "FunctionArn": self.function_arn,
            "LastModified": datetime.fromtimestamp(self.modified_at, UTC),
            "State": self.state,
            "StateTransitionReason": self.kind.user_action,
            "FunctionResponseTypes": list(self.function_response_types),
            "KMSKeyArn": self.kms_key_arn,
            "MetricsConfig": None if self.metrics is None else {"Metrics": list(self.metrics)},
            "EventSourceMappingArn": self.arn,
        }
        if self.stream is not None:
            return told | _describe_stream(self.stream) | {"LastProcessingResult": last_result or NO_RESULT}
        return told | _describe_queue(self.queue or QueueSettings())


def _describe_stream(settings: StreamSettings) -> dict[str, Any]:
    since = settings.starting_position_timestamp
    destination = settings.on_failure_arn
    return {
        "StartingPosition": settings.starting_position,
        "StartingPositionTimestamp": None if since is None else datetime.fromtimestamp(since, UTC),
        "ParallelizationFactor": settings.parallelization_factor,
        "MaximumRecordAgeInSeconds": settings.maximum_record_age_seconds,
        "MaximumRetryAttempts": settings.maximum_retry_attempts,
        "BisectBatchOnFunctionError": settings.bisect_batch_on_function_error,
        "TumblingWindowInSeconds": settings.tumbling_window_seconds,
        "DestinationConfig": {"OnFailure": {"Destination": destination} if destination else {}},
    }


def _describe_queue(settings: QueueSettings) -> dict[str, Any]:
    concurrency = settings.maximum_concurrency
    pollers = {"MinimumPollers": settings.minimum_pollers, "MaximumPollers": settings.maximum_pollers}
    provisioned = settings.minimum_pollers is not None or settings.maximum_pollers is not None
    return {
        "ScalingConfig": None if concurrency is None else {"MaximumConcurrency": concurrency},
        "ProvisionedPollerConfig": pollers if provisioned else None,
    }
