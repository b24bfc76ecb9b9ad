"""PutRecord and PutRecords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.kinesis import sequence, state
from cloudlet.services.kinesis.addressing import located
from cloudlet.services.kinesis.dry_runs import end_dry_run
from cloudlet.services.kinesis.errors import InvalidArgumentException, ValidationException
from cloudlet.services.kinesis.metrics import StreamMetrics
from cloudlet.services.kinesis.model import HASH_KEYS, Distribution, Stream, hash_key
from cloudlet.services.kinesis.permissions import on_stream
from cloudlet.services.kinesis.throughput import refusal
from cloudlet.services.kinesis.writer import Incoming, Written, put

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_kinesis import type_defs as api

_BATCH_BYTES: Final = 10 * 1024 * 1024


@operation("PutRecord", permissions=on_stream("PutRecord"))
def put_record(call: Call, request: api.PutRecordInputTypeDef) -> dict[str, Any]:
    """Writes a record."""
    own, name = located(call, request)
    begun, metrics = own.clock.machine_time(), own.cloud.component(StreamMetrics)
    stream = state.usable_stream(own, name)
    _check_size(stream, request, "data")
    ordering = request.get("SequenceNumberForOrdering")
    if ordering is not None:
        _check_ordering(own, name, ordering)
    incoming = [_incoming(own, stream, request)]
    (written,) = put(own, stream, incoming)
    if written.sequence_number is None:
        metrics.put(own, stream, 0, begun, success=False)
        metrics.written(own, stream, incoming, [written])
        raise refusal(own, name, written.shard)
    end_dry_run(request)
    size_bytes = incoming[0].size_bytes
    own.transaction.after_commit(lambda: metrics.put(own, stream, size_bytes, begun, success=True))
    return {
        "ShardId": written.shard.id,
        "SequenceNumber": written.sequence_number,
        **_encryption(stream),
    }


@operation("PutRecords", permissions=on_stream("PutRecords"))
def put_records(call: Call, request: api.PutRecordsInputTypeDef) -> dict[str, Any]:
    """Writes up to 500 records."""
    own, name = located(call, request)
    begun, metrics = own.clock.machine_time(), own.cloud.component(StreamMetrics)
    stream = state.usable_stream(own, name)
    records = request["Records"]
    for place, record in enumerate(records, 1):
        _check_size(stream, record, f"records.{place}.member.data")
    size_bytes = sum(_size(record) for record in records)
    if size_bytes > _BATCH_BYTES:
        raise InvalidArgumentException("Records size exceeds 10 MB limit")
    written = put(own, stream, [_incoming(own, stream, record) for record in records])
    end_dry_run(request)
    own.transaction.after_commit(lambda: metrics.put_many(own, stream, size_bytes, begun, written))
    return {
        "FailedRecordCount": sum(each.sequence_number is None for each in written),
        "Records": [_result(own, name, each) for each in written],
        **_encryption(stream),
    }


def _result(call: Call, name: str, written: Written) -> dict[str, str]:
    if written.sequence_number is None:
        error = refusal(call, name, written.shard)
        return {"ErrorCode": error.code, "ErrorMessage": error.message}
    return {"SequenceNumber": written.sequence_number, "ShardId": written.shard.id}


def _incoming(call: Call, stream: Stream, record: Mapping[str, Any]) -> Incoming:
    key = record.get("PartitionKey")
    if stream.distribution is Distribution.AUTO:
        return Incoming(record["Data"], key, call.ids.random.getrandbits(128))
    if key is None:
        raise ValidationException(
            "1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: "
            "Member must not be null"
        )
    explicit = record.get("ExplicitHashKey")
    if explicit is None:
        return Incoming(record["Data"], key, hash_key(key))
    if int(explicit) >= HASH_KEYS:
        raise InvalidArgumentException(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {explicit}"
        )
    return Incoming(record["Data"], key, int(explicit))


def _size(record: Mapping[str, Any]) -> int:
    return len(record["Data"]) + len(record.get("PartitionKey", "").encode())


def _check_size(stream: Stream, record: Mapping[str, Any], member: str) -> None:
    limit = stream.max_record_kib * 1024
    if _size(record) > limit:
        raise ValidationException(
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit}."
        )


def _check_ordering(call: Call, name: str, ordering: str) -> None:
    """A number that may come from this stream; the records of a shard are in order whatever it says."""
    try:
        in_time = sequence.parse(ordering).second <= call.time()
    except sequence.InvalidSequenceNumber:
        in_time = False
    if not in_time:
        raise InvalidArgumentException(
            f"ExclusiveMinimumSequenceNumber {sequence.normalized(ordering)} used in PutRecord "
            f"on stream {name} under account {call.account} is invalid."
        )


def _encryption(stream: Stream) -> dict[str, str]:
    return {} if stream.key_id is None else {"EncryptionType": "KMS"}
