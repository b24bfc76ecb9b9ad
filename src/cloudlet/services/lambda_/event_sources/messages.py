"""Messages of a queue: as SQS gives them, as functions get them, as filters see them.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html. Receives nothing.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

_ATTRIBUTES: Final = (
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
)


class Message(Struct, frozen=True):
    """A message that was received."""

    id: str
    receipt_handle: str
    record: Mapping[str, Any]
    encoded: bytes

    @property
    def trace_header(self) -> str | None:
        """The X-Ray header that it was sent with."""
        header: str | None = self.record["attributes"].get("AWSTraceHeader")
        return header


def message(mapping: EventSourceMapping, received: Mapping[str, Any]) -> Message:
    """A message as the function gets it."""
    record = _record(mapping, received)
    return Message(received["MessageId"], received["ReceiptHandle"], record, msgspec.json.encode(record))


def _record(mapping: EventSourceMapping, received: Mapping[str, Any]) -> dict[str, Any]:
    attributes = received.get("Attributes", {})
    record: dict[str, Any] = {
        "messageId": received["MessageId"],
        "receiptHandle": received["ReceiptHandle"],
        "body": received["Body"],
        "attributes": {name: attributes[name] for name in _ATTRIBUTES if name in attributes},
        "messageAttributes": {
            name: _attribute(value) for name, value in received.get("MessageAttributes", {}).items()
        },
    }
    digest = received.get("MD5OfMessageAttributes")
    # Mappings with a batching window are told of the digest that is not there, others are not.
    if digest is not None or mapping.batching_window_seconds:
        record["md5OfMessageAttributes"] = digest
    return record | {
        "md5OfBody": received["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.source_arn,
        "awsRegion": mapping.region,
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "StringValue" in value:
        told["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        told["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return told | {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
