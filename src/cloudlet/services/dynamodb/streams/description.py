"""How streams, shards and records are described in answers.

Pure: turns values into the members that boto3 returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.description import describe_keys, moment
from cloudlet.services.dynamodb.streams.model import event_id, sequence_number
from cloudlet.services.dynamodb.values import item_size

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.streams.model import Record, Shard, Stream

_TIME_TO_LIVE: Final = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def describe_stream(stream: Stream, arn: str, shards: list[Shard]) -> dict[str, Any]:
    """A StreamDescription."""
    return {
        "StreamArn": arn,
        "StreamLabel": stream.label,
        "StreamStatus": "ENABLED" if stream.disabled is None else "DISABLED",
        "StreamViewType": stream.view_type,
        "CreationRequestDateTime": moment(stream.created),
        "TableName": stream.table_name,
        "KeySchema": describe_keys(stream.keys),
        "Shards": [_describe_shard(shard) for shard in shards],
    }


def describe_record(stream: Stream, shard: Shard, number: int, record: Record, region: str) -> dict[str, Any]:
    """A Record. What the stream's view type leaves out is absent, and weighs nothing."""
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": moment(int(record.created)),
        "Keys": record.keys,
        "SequenceNumber": sequence_number(number),
        "SizeBytes": item_size(record.keys),
        "StreamViewType": stream.view_type,
    }
    for name, image in (("NewImage", record.new), ("OldImage", record.old)):
        if image is not None:
            change[name] = image
            change["SizeBytes"] += item_size(image)
    described = {
        "eventID": event_id(stream, shard, number),
        "eventName": record.event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": change,
    }
    if record.expired:
        described["userIdentity"] = dict(_TIME_TO_LIVE)
    return described


def _describe_shard(shard: Shard) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": sequence_number(shard.first)}
    if shard.closed is not None:
        numbers["EndingSequenceNumber"] = sequence_number(shard.next - 1)
    described: dict[str, Any] = {"ShardId": shard.id, "SequenceNumberRange": numbers}
    if shard.parent is not None:
        described["ParentShardId"] = shard.parent
    return described
