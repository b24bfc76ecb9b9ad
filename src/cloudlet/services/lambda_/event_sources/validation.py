"""From a request to the settings of a mapping: defaults, and what Lambda says to what a source does not take.

Pure; whether function, source and permissions are there is access.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.lambda_.errors import InvalidParameterValueException
from cloudlet.services.lambda_.event_sources import filters
from cloudlet.services.lambda_.event_sources.fan_out import is_consumer
from cloudlet.services.lambda_.event_sources.mapping import (
    UNLIMITED,
    Kind,
    QueueSettings,
    StreamSettings,
    find_kind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

    Request = Mapping[str, Any]

_QUEUE_BATCH: Final = 10
_STREAM_BATCH: Final = 100
_YOUNGEST_SECONDS: Final = 60
_ONLY_STREAMS: Final = (
    "DestinationConfig",
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "TumblingWindowInSeconds",
)
_ONLY_QUEUES: Final = ("ScalingConfig", "ProvisionedPollerConfig")
_OF_OTHER_SOURCES: Final = (
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "LoggingConfig",
)
_OTHER_SERVICES: Final = ("kafka", "mq", "rds")


def kind_of(request: Request) -> Kind:
    """The sort of source that a request names. Raises what AWS says to another one."""
    source_arn = request.get("EventSourceArn", "")
    kind = find_kind(source_arn)
    if kind is not None:
        return kind
    if request.get("SelfManagedEventSource") or source_arn.split(":")[2:3] in (
        [each] for each in _OTHER_SERVICES
    ):
        raise NotImplementedHere("Event source mappings read SQS, Kinesis and DynamoDB Streams only.")
    raise InvalidParameterValueException("Unrecognized event source.")


def check_members(kind: Kind, request: Request) -> None:
    """Raises what AWS says to a parameter that belongs to other sources."""
    foreign = (*(_ONLY_QUEUES if kind.is_stream else _ONLY_STREAMS), *_OF_OTHER_SOURCES)
    for name in foreign:
        if request.get(name):
            raise InvalidParameterValueException(
                f"Unsupported {name} parameter for given event source mapping type."
            )
    if "OnSuccess" in request.get("DestinationConfig", {}):
        raise InvalidParameterValueException(
            "Unsupported DestinationConfig parameter for given event source mapping type."
        )


def starting_position(kind: Kind, request: Request) -> StreamSettings | None:
    """Where a new mapping of a stream begins; None for one of a queue."""
    if not kind.is_stream:
        return None
    position, since = request.get("StartingPosition"), request.get("StartingPositionTimestamp")
    if position is None:
        raise _null("startingPosition")
    if position == "AT_TIMESTAMP":
        if kind is Kind.DYNAMODB:
            raise InvalidParameterValueException(
                f"Unsupported starting position for arn type: {request['EventSourceArn']}"
            )
        if since is None:
            raise _null("startingPositionTimestamp")
    return StreamSettings(position, None if since is None else since.timestamp())


def apply(row: EventSourceMapping, request: Request) -> EventSourceMapping:
    """The mapping with what a request says of it. Raises InvalidParameterValueException."""
    chosen = _filters(row, request)
    filters.compile_filters(chosen, row.kind)
    metrics = request.get("MetricsConfig")
    after = replace(
        row,
        batch_size=request.get("BatchSize", row.batch_size),
        batching_window_seconds=request.get("MaximumBatchingWindowInSeconds", row.batching_window_seconds),
        filters=chosen,
        kms_key_arn=request.get("KMSKeyArn", row.kms_key_arn) or None,
        function_response_types=tuple(request.get("FunctionResponseTypes", row.function_response_types)),
        metrics=row.metrics if metrics is None else tuple(metrics.get("Metrics", ())) or None,
        stream=row.stream and _stream(row.stream, request),
        queue=row.queue and _queue(row.queue, request),
    )
    if after.queue is not None:
        _check_queue_batches(after)
    if after.stream is not None and after.stream.parallelization_factor > 1 and is_consumer(row.source_arn):
        raise NotImplementedHere("A ParallelizationFactor above 1 is not supported for stream consumers.")
    return after


def default_batch_size(kind: Kind) -> int:
    """How many records a batch has at most unless the request says so."""
    return _STREAM_BATCH if kind.is_stream else _QUEUE_BATCH


def _filters(row: EventSourceMapping, request: Request) -> tuple[str, ...]:
    if "FilterCriteria" not in request:
        return row.filters
    return tuple(each.get("Pattern", "") for each in request["FilterCriteria"].get("Filters", ()))


def _stream(before: StreamSettings, request: Request) -> StreamSettings:
    age = request.get("MaximumRecordAgeInSeconds", before.maximum_record_age_seconds)
    if age != UNLIMITED and age < _YOUNGEST_SECONDS:
        raise InvalidParameterValueException(
            "MaximumRecordAgeInSeconds must be -1 (infinite) or between 60 and 604800."
        )
    destination = before.on_failure_arn
    if "DestinationConfig" in request:
        destination = request["DestinationConfig"].get("OnFailure", {}).get("Destination") or None
    return replace(
        before,
        parallelization_factor=request.get("ParallelizationFactor", before.parallelization_factor),
        maximum_record_age_seconds=age,
        maximum_retry_attempts=request.get("MaximumRetryAttempts", before.maximum_retry_attempts),
        bisect_batch_on_function_error=request.get(
            "BisectBatchOnFunctionError", before.bisect_batch_on_function_error
        ),
        tumbling_window_seconds=request.get("TumblingWindowInSeconds", before.tumbling_window_seconds),
        on_failure_arn=destination,
    )


def _queue(before: QueueSettings, request: Request) -> QueueSettings:
    scaling, pollers = request.get("ScalingConfig"), request.get("ProvisionedPollerConfig")
    after = QueueSettings(
        before.maximum_concurrency if scaling is None else scaling.get("MaximumConcurrency"),
        before.minimum_pollers if pollers is None else pollers.get("MinimumPollers"),
        before.maximum_pollers if pollers is None else pollers.get("MaximumPollers"),
    )
    provisioned = after.minimum_pollers is not None or after.maximum_pollers is not None
    if provisioned and after.maximum_concurrency is not None:
        raise InvalidParameterValueException(
            "MaximumConcurrency cannot be set when ProvisionedPollerConfig is set."
        )
    if (after.minimum_pollers or 0) > (after.maximum_pollers or after.minimum_pollers or 0):
        raise InvalidParameterValueException("MinimumPollers must be less than or equal to MaximumPollers.")
    return after


def _check_queue_batches(row: EventSourceMapping) -> None:
    if row.source_arn.endswith(".fifo"):
        if row.batching_window_seconds:
            raise InvalidParameterValueException("Batching window is not supported for FIFO queues")
        if row.batch_size > _QUEUE_BATCH:
            raise InvalidParameterValueException("Maximum batch size must be between 1 and 10 inclusive")
    elif row.batch_size > _QUEUE_BATCH and not row.batching_window_seconds:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def _null(member: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"1 validation error detected: Value null at '{member}' "
        "failed to satisfy constraint: Member must not be null."
    )
