"""What CloudWatch is told of streams, of their shards where that is wished for, and of consumers.

https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html. Counted in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.metrics import Dimensions, Series
    from cloudlet.services.kinesis.model import Consumer, Shard, Stream
    from cloudlet.services.kinesis.reader import Batch
    from cloudlet.services.kinesis.writer import Incoming, Written

_NAMESPACE: Final = "AWS/Kinesis"
_MILLISECONDS: Final = "Milliseconds"
_SERIES_KEPT: Final = 20_000
_Place = tuple[str, str, "Dimensions", str]


class StreamMetrics:
    """The metrics that were used last."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._series: dict[_Place, Series] = {}

    async def close(self) -> None:
        """Forgets them."""
        self._series.clear()

    def written(
        self, call: Call, stream: Stream, incoming: Sequence[Incoming], written: Sequence[Written]
    ) -> None:
        """Counts records that came, and those that were too many."""
        throttled = 0
        for each, result in zip(incoming, written, strict=True):
            if result.sequence_number is None:
                throttled += 1
                self._of_shard(call, stream, result.shard, "WriteProvisionedThroughputExceeded", 1)
                continue
            self._of_stream(call, stream, "IncomingBytes", each.size_bytes, "Bytes")
            self._of_stream(call, stream, "IncomingRecords", 1)
            self._of_shard(call, stream, result.shard, "IncomingBytes", each.size_bytes, "Bytes")
            self._of_shard(call, stream, result.shard, "IncomingRecords", 1)
        self._of_stream(call, stream, "WriteProvisionedThroughputExceeded", throttled)

    def put(self, call: Call, stream: Stream, size_bytes: int, begun: float, *, success: bool) -> None:
        """Counts a PutRecord."""
        self._of_operation(call, stream, "PutRecord", size_bytes, begun, success=success)

    def put_many(
        self, call: Call, stream: Stream, size_bytes: int, begun: float, written: Sequence[Written]
    ) -> None:
        """Counts a PutRecords."""
        failed = sum(each.sequence_number is None for each in written)
        good = len(written) - failed
        self._of_operation(call, stream, "PutRecords", size_bytes, begun, success=good > 0)
        for name, count in (
            ("Records", good),
            ("TotalRecords", len(written)),
            ("SuccessfulRecords", good),
            ("FailedRecords", 0),
            ("ThrottledRecords", failed),
        ):
            self._of_stream(call, stream, f"PutRecords.{name}", count)

    def got(self, call: Call, stream: Stream, shard: Shard, batch: Batch, begun: float) -> None:
        """Counts a GetRecords."""
        self._of_operation(call, stream, "GetRecords", batch.size_bytes, begun, success=True)
        self._of_stream(call, stream, "GetRecords.Records", len(batch.records))
        age = batch.milliseconds_behind
        self._of_stream(call, stream, "GetRecords.IteratorAgeMilliseconds", age, _MILLISECONDS)
        self._of_shard(call, stream, shard, "IteratorAgeMilliseconds", age, _MILLISECONDS)
        self._of_stream(call, stream, "ReadProvisionedThroughputExceeded", 0)
        self._read(call, stream, shard, batch)

    def got_too_much(self, call: Call, stream: Stream, shard: Shard) -> None:
        """Counts a GetRecords that was throttled."""
        self._of_stream(call, stream, "GetRecords.Success", 0)
        self._of_stream(call, stream, "ReadProvisionedThroughputExceeded", 1)
        self._of_shard(call, stream, shard, "ReadProvisionedThroughputExceeded", 1)

    def pushed(self, call: Call, stream: Stream, consumer: Consumer, shard: Shard, batch: Batch) -> None:
        """Counts an event of a subscription."""
        dimensions = (("StreamName", stream.name), ("ConsumerName", consumer.name))
        for name, value, unit in (
            ("Bytes", batch.size_bytes, "Bytes"),
            ("Records", len(batch.records), "Count"),
            ("MillisBehindLatest", batch.milliseconds_behind, _MILLISECONDS),
            ("Success", 1, "Count"),
        ):
            self._add(call, dimensions, f"SubscribeToShardEvent.{name}", value, unit)
        self._read(call, stream, shard, batch)

    def _read(self, call: Call, stream: Stream, shard: Shard, batch: Batch) -> None:
        self._of_shard(call, stream, shard, "OutgoingBytes", batch.size_bytes, "Bytes")
        self._of_shard(call, stream, shard, "OutgoingRecords", len(batch.records))

    def _of_operation(
        self, call: Call, stream: Stream, name: str, size_bytes: int, begun: float, *, success: bool
    ) -> None:
        self._of_stream(call, stream, f"{name}.Success", int(success))
        if success:
            took = (call.clock.machine_time() - begun) * 1000
            self._of_stream(call, stream, f"{name}.Bytes", size_bytes, "Bytes")
            self._of_stream(call, stream, f"{name}.Latency", took, _MILLISECONDS)

    def _of_stream(self, call: Call, stream: Stream, name: str, value: float, unit: str = "Count") -> None:
        self._add(call, (("StreamName", stream.name),), name, value, unit)

    def _of_shard(
        self, call: Call, stream: Stream, shard: Shard, name: str, value: float, unit: str = "Count"
    ) -> None:
        """Counts for a shard what its stream's enhanced monitoring names."""
        if name in stream.metrics:
            self._add(call, (("ShardId", shard.id), ("StreamName", stream.name)), name, value, unit)

    def _add(self, call: Call, dimensions: Dimensions, name: str, value: float, unit: str) -> None:
        place = (call.account, call.region, dimensions, name)
        series = self._series.get(place)
        if series is None:
            if len(self._series) >= _SERIES_KEPT:
                del self._series[next(iter(self._series))]
            series = self._series[place] = self._cloud.metrics.series(
                call.account, call.region, _NAMESPACE, name, dimensions, unit
            )
        series.add(value)
