"""Kinesis and DynamoDB Streams as one thing: shards, places in them, records as functions get them.

Reads by the streams' own API as whoever calls; keeps nothing.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from msgspec import Struct

from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

_EXPIRED: Final = frozenset({"ExpiredIteratorException", "TrimmedDataAccessException"})
_AT_A_TIME: Final = 1000


class IteratorExpired(Exception):
    """Raised for a place in a shard that is no longer known."""


class Shard(Struct, frozen=True):
    """A part of a stream whose records are in order."""

    id: str
    parents: tuple[str, ...]
    """Of whose records all come first."""
    is_open: bool


class Record(Struct, frozen=True):
    """A record of a stream."""

    sequence_number: str
    partition: bytes
    """Records with the same one stay in order among each other."""
    arrived_at: float
    view: Mapping[str, Any]
    """As filters see it."""
    encoded: bytes
    """As the function gets it."""

    def lane(self, lanes: int) -> int:
        """Which of so many lanes it belongs to."""
        if lanes == 1:
            return 0
        return int.from_bytes(hashlib.md5(self.partition, usedforsecurity=False).digest()[:8]) % lanes


class Page(Struct, frozen=True):
    """Some records, and where the next begin; None at the end of a closed shard."""

    records: list[Record]
    next_iterator: str | None


class Stream(Protocol):
    """A stream."""

    @property
    def info_member(self) -> str:
        """What AWS calls the description of a discarded batch."""

    async def shards(self, call: Call) -> list[Shard]:
        """All shards that still have records or get some."""

    async def iterator(self, call: Call, shard_id: str, kind: str, place: str | float | None = None) -> str:
        """A place in a shard. Raises IteratorExpired."""

    async def page(self, call: Call, iterator: str, limit: int, role_arn: str, shard_id: str) -> Page:
        """Records from a place on. Raises IteratorExpired."""


def stream_arn(source_arn: str) -> str:
    """The stream that a consumer's ARN belongs to; a stream's own ARN as it is."""
    return source_arn.partition("/consumer/")[0]


class KinesisStream:
    """A data stream."""

    info_member: Final = "KinesisBatchInfo"

    def __init__(self, mapping: EventSourceMapping) -> None:
        self._mapping = mapping
        self._arn = stream_arn(mapping.source_arn)

    async def shards(self, call: Call) -> list[Shard]:
        """All shards, the closed ones while they have records."""
        request: dict[str, Any] = {"StreamARN": self._arn}
        found = []
        while True:
            answer = await call.ask("kinesis", "ListShards", request)
            found += [_kinesis_shard(each) for each in answer["Shards"]]
            if not answer.get("NextToken"):
                return found
            request = {"NextToken": answer["NextToken"], "StreamARN": self._arn}

    async def iterator(self, call: Call, shard_id: str, kind: str, place: str | float | None = None) -> str:
        """A place in a shard."""
        request: dict[str, Any] = {"StreamARN": self._arn, "ShardId": shard_id, "ShardIteratorType": kind}
        if isinstance(place, str):
            request["StartingSequenceNumber"] = place
        elif place is not None:
            request["Timestamp"] = datetime.fromtimestamp(place, UTC)
        answer = await _asked(call, "kinesis", "GetShardIterator", request)
        return str(answer["ShardIterator"])

    async def page(self, call: Call, iterator: str, limit: int, role_arn: str, shard_id: str) -> Page:
        """Records from a place on."""
        request = {"ShardIterator": iterator, "Limit": limit, "StreamARN": self._arn}
        answer = await _asked(call, "kinesis", "GetRecords", request)
        records = [self._record(each, role_arn, shard_id) for each in answer["Records"]]
        return Page(records, answer.get("NextShardIterator"))

    def _record(self, record: Mapping[str, Any], role_arn: str, shard_id: str) -> Record:
        data, number = record["Data"], record["SequenceNumber"]
        arrived_at = round(record["ApproximateArrivalTimestamp"].timestamp(), 3)
        own = {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": number,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": arrived_at,
        }
        outer = {
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role_arn,
            "awsRegion": self._mapping.region,
            "eventSourceARN": self._mapping.source_arn,
        }
        view = {**outer, **own, "data": data.decode("utf-8", "replace")}
        encoded = msgspec.json.encode({"kinesis": own, **outer})
        return Record(number, record["PartitionKey"].encode(), arrived_at, view, encoded)


class DynamoDbStream:
    """A table's stream."""

    info_member: Final = "DDBStreamBatchInfo"

    def __init__(self, mapping: EventSourceMapping) -> None:
        self._arn = mapping.source_arn

    async def shards(self, call: Call) -> list[Shard]:
        """All shards."""
        request: dict[str, Any] = {"StreamArn": self._arn}
        found = []
        while True:
            told = (await call.ask("dynamodbstreams", "DescribeStream", request))["StreamDescription"]
            found += [_dynamodb_shard(each) for each in told["Shards"]]
            last = told.get("LastEvaluatedShardId")
            if not last:
                return found
            request = {"StreamArn": self._arn, "ExclusiveStartShardId": last}

    async def iterator(self, call: Call, shard_id: str, kind: str, place: str | float | None = None) -> str:
        """A place in a shard; of times DynamoDB knows none, so they are the beginning."""
        request = {"StreamArn": self._arn, "ShardId": shard_id, "ShardIteratorType": kind}
        if isinstance(place, str):
            request["SequenceNumber"] = place
        elif place is not None:
            request["ShardIteratorType"] = "TRIM_HORIZON"
        answer = await _asked(call, "dynamodbstreams", "GetShardIterator", request)
        return str(answer["ShardIterator"])

    async def page(self, call: Call, iterator: str, limit: int, role_arn: str, shard_id: str) -> Page:
        """Records from a place on."""
        request = {"ShardIterator": iterator, "Limit": min(limit, _AT_A_TIME)}
        answer = await _asked(call, "dynamodbstreams", "GetRecords", request)
        records = [self._record(each) for each in answer["Records"]]
        return Page(records, answer.get("NextShardIterator"))

    def _record(self, record: Mapping[str, Any]) -> Record:
        change = dict(record["dynamodb"])
        created_at = change["ApproximateCreationDateTime"].timestamp()
        change["ApproximateCreationDateTime"] = float(created_at)
        event = {
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "eventVersion": record["eventVersion"],
            "eventSource": record["eventSource"],
            "awsRegion": record["awsRegion"],
            "dynamodb": _ordered(_plain(change)),
            "eventSourceARN": self._arn,
        }
        if identity := record.get("userIdentity"):
            event["userIdentity"] = {"type": identity["Type"], "principalId": identity["PrincipalId"]}
        keys = msgspec.json.encode(event["dynamodb"]["Keys"], order="sorted")
        return Record(change["SequenceNumber"], keys, created_at, event, msgspec.json.encode(event))


async def _asked(call: Call, service: str, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return await call.ask(service, operation, request)
    except ServiceError as error:
        if error.code in _EXPIRED:
            raise IteratorExpired from error
        raise


def _kinesis_shard(told: Mapping[str, Any]) -> Shard:
    parents = (told.get("ParentShardId"), told.get("AdjacentParentShardId"))
    is_open = told["SequenceNumberRange"].get("EndingSequenceNumber") is None
    return Shard(told["ShardId"], tuple(each for each in parents if each), is_open)


def _dynamodb_shard(told: Mapping[str, Any]) -> Shard:
    parent = told.get("ParentShardId")
    is_open = told["SequenceNumberRange"].get("EndingSequenceNumber") is None
    return Shard(told["ShardId"], (parent,) if parent else (), is_open)


def _ordered(change: dict[str, Any]) -> dict[str, Any]:
    """A change with its members in the order that AWS sends them in."""
    return {name: change[name] for name in sorted(change)}


def _plain(value: Any) -> Any:
    """Attribute values with bytes as text."""
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value
