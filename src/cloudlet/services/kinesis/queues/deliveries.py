"""What a queue delivers: records that are due again, then those that never were; and what becomes of them.

Judges no request. A record that expires in its stream is gone from the queue, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.worker import source_topic
from cloudlet.services.kinesis import state as streams
from cloudlet.services.kinesis.encryption import Encryption
from cloudlet.services.kinesis.errors import InvalidArgumentException
from cloudlet.services.kinesis.queues import state
from cloudlet.services.kinesis.queues.model import Delivery, Place, Queue, Receipt
from cloudlet.services.kinesis.reader import kept_place

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.kinesis.model import Record, Stream


class Deliveries:
    """The deliveries of one queue in one transaction; either its dead letters or all others."""

    def __init__(self, call: Call, queue: Queue, *, dead: bool) -> None:
        self._call = call
        self._queue = queue
        self._name = queue.name
        self._dead = dead
        self._now = int(call.time() * 1000)

    def receive(self, limit: int, visibility_seconds: int | None) -> list[dict[str, Any]]:
        """At most so many records, which are in flight for some time then."""
        stream = streams.stream(self._call, self._queue.stream_name)
        seconds = self._queue.visibility_seconds if visibility_seconds is None else visibility_seconds
        receiving = _Receiving(self._call, self._queue, stream, self._now, self._now + seconds * 1000)
        while len(receiving.received) < limit and (due := self._due(limit - len(receiving.received))):
            for place in due:
                self._again(receiving, stream, place)
        if not self._dead:
            receiving.take_new(limit)
        return receiving.received

    def next_due(self) -> float | None:
        """When the next record comes back, in seconds since 1970."""
        due = state.next_due(self._call, self._name, dead=self._dead)
        return None if due is None else due / 1000

    def acknowledge(self, handle: str) -> None:
        """Lets a record not come again. Raises InvalidArgumentException."""
        place, delivery = self._of(handle)
        state.delete_delivery(self._call, self._name, place, delivery)

    def hide(self, handle: str, seconds: int) -> None:
        """Changes when a record comes again. Raises InvalidArgumentException."""
        place, delivery = self._of(handle)
        changed = replace(delivery, due=self._now + seconds * 1000)
        state.save_delivery(self._call, self._name, place, changed, delivery)
        self._wake()

    def restore(self, handle: str) -> None:
        """Makes a dead letter a record that was never received. Raises InvalidArgumentException."""
        place, delivery = self._of(handle)
        state.save_delivery(self._call, self._name, place, delivery.restored(self._now), delivery)
        self._wake()

    def _due(self, limit: int) -> list[Place]:
        return state.list_due(self._call, self._name, self._now, limit, dead=self._dead)

    def _again(self, receiving: _Receiving, stream: Stream, place: Place) -> None:
        """Delivers a record once more, unless it is gone or has become a dead letter."""
        delivery = state.find_delivery(self._call, self._name, place)
        if delivery is None:
            raise LookupError(f"Queue {self._name} has lost a delivery of {place.record_id}.")
        record = streams.find_record(self._call, stream.name, place.shard_index, place.place)
        limit = self._queue.max_receive_count
        if record is None or record.arrived_at < stream.oldest_kept(self._call.time()):
            state.delete_delivery(self._call, self._name, place, delivery)
        elif not self._dead and limit is not None and delivery.receive_count >= limit:
            state.save_delivery(self._call, self._name, place, delivery.died(), delivery)
            self._wake()
        else:
            receiving.take(place, record, delivery)

    def _of(self, handle: str) -> tuple[Place, Delivery]:
        """The delivery that a handle belongs to. Raises InvalidArgumentException."""
        receipt = Receipt.read(handle)
        delivery = state.find_delivery(self._call, self._name, receipt.place)
        if (
            delivery is None
            or delivery.is_dead is not self._dead
            or receipt != Receipt.of(receipt.place, delivery)
        ):
            raise InvalidArgumentException("The receipt handle is no longer valid.")
        return receipt.place, delivery

    def _wake(self) -> None:
        self._call.wake(source_topic(self._call.arn(f"stream/{self._queue.stream_name}")))


class _Receiving:
    """One receive: what it has so far."""

    def __init__(self, call: Call, queue: Queue, stream: Stream, now: int, due: int) -> None:
        self._call = call
        self._queue = queue
        self._stream = stream
        self._now = now
        self._due = due
        self._encryption = Encryption(call, stream)
        self.received: list[dict[str, Any]] = []

    def take(self, place: Place, record: Record, before: Delivery | None) -> None:
        """Delivers a record."""
        delivery = (before or Delivery(0)).received(self._now, max(self._due, self._now + 1))
        state.save_delivery(self._call, self._queue.name, place, delivery, before)
        record = self._encryption.opened(record)
        told = {
            "ReceiptHandle": Receipt.of(place, delivery).write(),
            "RecordId": place.record_id,
            "Data": record.data,
            "ApproximateArrivalTimestamp": datetime.fromtimestamp(record.arrived_at / 1000, UTC),
            "FirstReceiveTimestamp": datetime.fromtimestamp(delivery.first_received_at / 1000, UTC),
            "ReceiveCount": delivery.receive_count,
        }
        if record.partition_key is not None:
            told["PartitionKey"] = record.partition_key
        self.received.append(told)

    def take_new(self, limit: int) -> None:
        """Delivers records that never were, up to so many in all."""
        call, name = self._call, self._stream.name
        for shard in list(streams.list_shards(call, name)):
            if len(self.received) >= limit:
                return
            first = state.next_place(call, self._queue.name, shard.index)
            if first >= shard.next_place:
                continue
            first = kept_place(call, self._stream, shard, first)
            rows = streams.list_records(call, name, shard.index, first, limit - len(self.received))
            for place, record in rows:
                self.take(Place(shard.index, place), record, None)
            following = rows[-1][0] + 1 if rows else first
            state.save_next_place(call, self._queue.name, shard.index, following)
