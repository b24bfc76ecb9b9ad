"""Which reader of streams a mapping needs. Reads nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.services.lambda_.event_sources.fan_out import ConsumerStream, is_consumer
from cloudlet.services.lambda_.event_sources.mapping import Kind
from cloudlet.services.lambda_.event_sources.streams import DynamoDbStream, KinesisStream

if TYPE_CHECKING:
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping
    from cloudlet.services.lambda_.event_sources.streams import Stream


def stream_of(mapping: EventSourceMapping) -> Stream:
    """The stream that a mapping reads."""
    if mapping.kind is Kind.DYNAMODB:
        return DynamoDbStream(mapping)
    return ConsumerStream(mapping) if is_consumer(mapping.source_arn) else KinesisStream(mapping)
