"""The operations of DynamoDB Streams.

They only read; records are written where items are.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.arn import find_arn
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.authorization import stream_permission
from cloudlet.services.dynamodb.errors import (
    ResourceNotFoundException,
    TrimmedDataAccessException,
    ValidationException,
)
from cloudlet.services.dynamodb.streams.description import describe_record, describe_stream
from cloudlet.services.dynamodb.streams.iterators import Position, read_iterator, shard_iterator
from cloudlet.services.dynamodb.streams.model import number_from
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.arn import Arn
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.authorization import Judged
    from cloudlet.services.dynamodb.streams.model import Shard, Stream

MAX_STREAMS: Final = 100
MAX_SHARDS: Final = 100
MAX_RECORDS: Final = 1000
MAX_ANSWER_BYTES: Final = 1 << 20
_BY_NUMBER: Final = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


def _on_stream(action: str) -> Judged:
    return lambda call, request: [stream_permission(call, action, request["StreamArn"])]


def _listed_resource(call: Call, request: Request) -> str:
    return call.arn(f"table/{request.get('TableName') or '*'}/stream/*")


def _on_iterated_stream(call: Call, request: Request) -> Sequence[Permission]:
    return [stream_permission(call, "GetRecords", str(request["ShardIterator"]).partition("|")[0])]


@operation("ListStreams", resource=_listed_resource, read_only=True)
def list_streams(call: Call, request: Request) -> dict[str, Any]:
    """The streams of the account in the region, or of one table, also those that get no more records."""
    limit = request.get("Limit", MAX_STREAMS)
    if limit > MAX_STREAMS:
        raise ValidationException(
            f"{INVALID}Limit cannot be greater than the maximum allowed size: {MAX_STREAMS}"
        )
    after = None
    if "ExclusiveStartStreamArn" in request:
        after = _named(call, request["ExclusiveStartStreamArn"])
    found = state.list_streams(call, request.get("TableName"), after, limit + 1)
    answer: dict[str, Any] = {"Streams": [_listed(call, stream) for stream in found[:limit]]}
    if len(found) > limit:
        answer["LastEvaluatedStreamArn"] = answer["Streams"][-1]["StreamArn"]
    return answer


@operation("DescribeStream", permissions=_on_stream("DescribeStream"), read_only=True)
def describe(call: Call, request: Request) -> dict[str, Any]:
    """A stream and its shards, a page of them."""
    limit = request.get("Limit", MAX_SHARDS)
    if limit > MAX_SHARDS:
        raise ValidationException(f"{INVALID}Limit cannot be greater than the maximum: {MAX_SHARDS}")
    stream = _stream(call, request["StreamArn"])
    parent = _filtered_parent(request)
    shards = state.list_shards(call, stream, request.get("ExclusiveStartShardId"))
    wanted = (shard for shard in shards if parent is None or shard.parent == parent)
    page = list(islice(wanted, limit + 1))
    described = describe_stream(stream, request["StreamArn"], page[:limit])
    if len(page) > limit:
        described["LastEvaluatedShardId"] = page[limit - 1].id
    return {"StreamDescription": described}


@operation("GetShardIterator", permissions=_on_stream("GetShardIterator"), read_only=True)
def get_shard_iterator(call: Call, request: Request) -> dict[str, Any]:
    """Where to begin to read a shard."""
    _check_start(request)
    stream = _stream(call, request["StreamArn"])
    shard = state.find_shard(call, stream, request["ShardId"])
    if shard is None:
        raise ResourceNotFoundException("Requested resource not found: Shard does not exist")
    position = Position(shard.id, _start(call, stream, shard, request), call.time())
    return {"ShardIterator": shard_iterator(request["StreamArn"], position)}


@operation("GetRecords", permissions=_on_iterated_stream, read_only=True)
def get_records(call: Call, request: Request) -> dict[str, Any]:
    """The next records of a shard: up to 1000, and up to 1 MB of them."""
    limit = request.get("Limit", MAX_RECORDS)
    if limit > MAX_RECORDS:
        raise ValidationException(f"{INVALID}Limit should be less than or equal to {MAX_RECORDS}")
    arn, position = read_iterator(request["ShardIterator"], call.time())
    stream = _stream_of(call, arn)
    shard = state.find_shard(call, stream, position.shard_id)
    if shard is None:
        raise ResourceNotFoundException("Requested resource not found: Shard does not exist")
    _check_not_trimmed(shard, position.number)
    records, next_ = _read(call, stream, shard, position.number, limit)
    answer: dict[str, Any] = {"Records": records}
    if shard.closed is None or next_ < shard.next - 1:
        answer["NextShardIterator"] = shard_iterator(str(arn), Position(shard.id, next_, call.time()))
    return answer


def _read(
    call: Call, stream: Stream, shard: Shard, number: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """The records from a number on, and the number to go on with."""
    records: list[dict[str, Any]] = []
    size, next_ = 0, number
    for found, length, record in state.records_from(call, stream, shard, number, limit):
        size += length
        if records and size > MAX_ANSWER_BYTES:
            break
        records.append(describe_record(stream, shard, found, record, call.region))
        next_ = found + 1
    return records, next_


def _check_start(request: Request) -> None:
    kind, number = request["ShardIteratorType"], request.get("SequenceNumber")
    if kind in _BY_NUMBER and number is None:
        raise ValidationException(f"{INVALID}Invalid SequenceNumber")
    if kind not in _BY_NUMBER and number is not None:
        raise ValidationException(f"{INVALID}SequenceNumber should not be passed for this iterator type")
    if number is not None and not (number.isascii() and number.isdigit()):
        raise ValidationException(f"{INVALID}Invalid SequenceNumber")
    if kind == "AT_TIMESTAMP" and "Timestamp" not in request:
        raise ValidationException(f"{INVALID}Timestamp must be specified for {kind}")
    if kind != "AT_TIMESTAMP" and "Timestamp" in request:
        raise ValidationException(f"{INVALID}Timestamp must not be specified for {kind}")


def _start(call: Call, stream: Stream, shard: Shard, request: Request) -> int:
    kind = request["ShardIteratorType"]
    if kind == "TRIM_HORIZON":
        return shard.oldest
    if kind == "LATEST":
        return shard.next
    if kind == "AT_TIMESTAMP":
        return _first_since(call, stream, shard, request["Timestamp"].timestamp())
    number = number_from(request["SequenceNumber"])
    if number < shard.first or (shard.closed is not None and number >= shard.next):
        raise ValidationException("Invalid SequenceNumber for the shard")
    if kind == "AFTER_SEQUENCE_NUMBER":
        number += 1
    _check_not_trimmed(shard, number)
    return number


def _first_since(call: Call, stream: Stream, shard: Shard, time: float) -> int:
    """The number of a shard's first record of a time or later, found by halving what is left."""
    low, high = shard.oldest, shard.next
    while low < high:
        middle = (low + high) // 2
        found = next(iter(state.records_from(call, stream, shard, middle, 1)), None)
        if found is None or int(found[2].created) >= time:
            high = middle
        else:
            low = middle + 1
    return low


def _check_not_trimmed(shard: Shard, number: int) -> None:
    if number < shard.oldest:
        raise TrimmedDataAccessException("The data you are trying to access has been trimmed")


def _filtered_parent(request: Request) -> str | None:
    chosen = request.get("ShardFilter")
    if chosen is None or "Type" not in chosen:
        return None
    if "ShardId" not in chosen:
        raise ValidationException(f"{INVALID}ShardId must be specified for {chosen['Type']}")
    return str(chosen["ShardId"])


def _named(call: Call, text: str) -> tuple[str, str]:
    """The table's name and the label in a stream's ARN. Raises ValidationException."""
    arn = find_arn(text)
    names = None if arn is None else _names(arn)
    if names is None:
        raise ValidationException("Invalid StreamArn")
    return names


def _names(arn: Arn) -> tuple[str, str] | None:
    kind, _, rest = arn.resource.partition("/")
    table_name, _, label = rest.partition("/stream/")
    return (table_name, label) if arn.service == "dynamodb" and kind == "table" and label else None


def _stream(call: Call, text: str) -> Stream:
    arn = find_arn(text)
    if arn is None or _names(arn) is None:
        raise ValidationException("Invalid StreamArn")
    return _stream_of(call, arn)


def _stream_of(call: Call, arn: Arn) -> Stream:
    names = _names(arn)
    here = (arn.account, arn.region) == (call.account, call.region)
    stream = state.find_stream(call, *names) if names is not None and here else None
    if stream is None:
        raise ResourceNotFoundException(f"Requested resource not found: Stream: {arn} not found")
    return stream


def _listed(call: Call, stream: Stream) -> dict[str, str]:
    return {
        "StreamArn": call.arn(stream.resource),
        "TableName": stream.table_name,
        "StreamLabel": stream.label,
    }
