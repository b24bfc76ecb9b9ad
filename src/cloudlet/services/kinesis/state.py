"""Where streams, shards, records and their changes are kept: the only file that names keys.

All is kept under the account and the region of the call; `addressing` moves a call to a stream's owner.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.kinesis.errors import ResourceInUseException, ResourceNotFoundException
from cloudlet.services.kinesis.model import (
    Commitment,
    Consumer,
    Record,
    Shard,
    Status,
    Stream,
    Subscription,
)

CHANGES_TOPIC: Final = "kinesis changes"
_STREAMS: Final = Rows(("kinesis", "stream"), Stream)
_SHARDS: Final = Rows(("kinesis", "shard"), Shard)
_OPEN: Final = Rows(("kinesis", "open"), int)
"""By the first hash key of its range, the index of every open shard."""
_RECORDS: Final = Rows(("kinesis", "record"), Record)
_CONSUMERS: Final = Rows(("kinesis", "consumer"), Consumer)
_SUBSCRIPTIONS: Final = Rows(("kinesis", "subscription"), Subscription)
_POLICIES: Final = Rows(("kinesis", "policy"), str)
_COMMITMENTS: Final = Rows(("kinesis", "commitment"), Commitment)
_HASH_BYTES: Final = 16


class Change(Struct, frozen=True):
    """What is to happen to a stream, and when; meanwhile it is CREATING, UPDATING or DELETING."""

    account: str
    region: str
    name: str
    due_at: float
    kind: str
    closes: tuple[int, ...] = ()
    """The shards that end."""
    opens: tuple[tuple[str, str, int | None, int | None], ...] = ()
    """The shards that begin: first and last hash key, parent and adjacent parent."""
    consumer: str = ""
    """The consumer that it happens to, if it is not the stream."""
    queue: str = ""
    """The queue that it happens to, if it is neither."""

    @property
    def subject(self) -> str:
        """What of the stream it happens to; a consumer's name has no slash."""
        return f"queue/{self.queue}" if self.queue else self.consumer


_CHANGES: Final = Rows(("kinesis", "change"), Change)


def stream_topic(arn: str) -> str:
    """What is woken when a stream's state has changed."""
    return f"kinesis stream {arn}"


def find_stream(call: Call, name: str) -> Stream | None:
    """A stream, or None."""
    return _STREAMS.find(call, call.account, call.region, name)


def stream(call: Call, name: str) -> Stream:
    """A stream. Raises ResourceNotFoundException."""
    found = find_stream(call, name)
    if found is None:
        raise ResourceNotFoundException(f"Stream {name} under account {call.account} not found.")
    return found


def usable_stream(call: Call, name: str) -> Stream:
    """A stream that has shards: for records, one that is not there yet is not there."""
    found = stream(call, name)
    if found.status in (Status.CREATING, Status.DELETING):
        raise ResourceNotFoundException(f"Stream {name} under account {call.account} not found.")
    return found


def active_stream(call: Call, name: str) -> Stream:
    """A stream that nothing is happening to. Raises ResourceInUseException."""
    found = stream(call, name)
    if found.status is not Status.ACTIVE:
        raise ResourceInUseException(
            f"Stream {name} under account {call.account} not ACTIVE, instead in state {found.status.value}"
        )
    return found


def save_stream(call: Call, row: Stream) -> None:
    """Writes a stream."""
    _STREAMS.save(call, row, call.account, call.region, row.name)


def delete_stream(call: Call, name: str) -> None:
    """Removes a stream with all its shards and records."""
    _STREAMS.delete(call, call.account, call.region, name)
    for rows in (_SHARDS, _OPEN, _RECORDS, _CONSUMERS, _SUBSCRIPTIONS, _POLICIES):
        rows.delete_below(call, call.account, call.region, name)


def list_streams(call: Call, after: str | None = None) -> Iterator[Stream]:
    """The streams by name."""
    return _STREAMS.below(call, call.account, call.region, after=(after,) if after else None)


def every_stream(call: Call) -> Iterator[tuple[str, str, Stream]]:
    """All streams of all accounts and regions, with these."""
    for key, row in _STREAMS.items_below(call):
        yield str(key[0]), str(key[1]), row


def find_shard(call: Call, name: str, index: int) -> Shard | None:
    """A shard of a stream, or None."""
    return _SHARDS.find(call, call.account, call.region, name, index)


def shard(call: Call, name: str, index: int) -> Shard:
    """A shard that must be there."""
    found = find_shard(call, name, index)
    if found is None:
        raise LookupError(f"Stream {name} has lost its shard {index}.")
    return found


def list_shards(call: Call, name: str, after: int | None = None) -> Iterator[Shard]:
    """A stream's shards by index."""
    return _SHARDS.below(call, call.account, call.region, name, after=None if after is None else (after,))


def save_shard(call: Call, name: str, row: Shard) -> None:
    """Writes a shard; only records change, not what it is responsible for."""
    _SHARDS.save(call, row, call.account, call.region, name, row.index)


def open_shard(call: Call, name: str, row: Shard) -> None:
    """Writes a new shard, which takes its hash keys from now on."""
    save_shard(call, name, row)
    _OPEN.save(call, row.index, call.account, call.region, name, _hash_bytes(int(row.first_hash)))


def close_shard(call: Call, name: str, row: Shard) -> None:
    """Writes a shard that takes no more records."""
    save_shard(call, name, row)
    _OPEN.delete(call, call.account, call.region, name, _hash_bytes(int(row.first_hash)))


def delete_shard(call: Call, name: str, index: int) -> None:
    """Removes a closed shard."""
    _SHARDS.delete(call, call.account, call.region, name, index)


def shard_for(call: Call, name: str, hash_key: int) -> Shard:
    """The open shard that a hash key belongs to."""
    prefix = (*_OPEN.prefix, call.account, call.region, name)
    end = (*prefix, _hash_bytes(hash_key), LAST)
    found = next(call.transaction.range(prefix, end, limit=1, reverse=True), None)
    if found is None:
        raise LookupError(f"No shard of stream {name} takes hash key {hash_key}.")
    return shard(call, name, _OPEN.decode(found[1]))


def save_record(call: Call, name: str, shard_index: int, place: int, row: Record) -> None:
    """Writes a record."""
    _RECORDS.save(call, row, call.account, call.region, name, shard_index, place)


def find_record(call: Call, name: str, shard_index: int, place: int) -> Record | None:
    """The record at a place, unless it is trimmed."""
    return _RECORDS.find(call, call.account, call.region, name, shard_index, place)


def list_records(
    call: Call, name: str, shard_index: int, first_place: int, limit: int
) -> list[tuple[int, Record]]:
    """At most `limit` records of a shard from a place on, with their places."""
    prefix = (*_RECORDS.prefix, call.account, call.region, name, shard_index)
    rows = call.transaction.range((*prefix, first_place), (*prefix, LAST), limit=limit)
    return [(int(str(key[-1])), _RECORDS.decode(value)) for key, value in rows]


def delete_records(call: Call, name: str, shard_index: int, first_place: int, end_place: int) -> None:
    """Removes the records from one place to before another."""
    prefix = (*_RECORDS.prefix, call.account, call.region, name, shard_index)
    call.transaction.delete_range((*prefix, first_place), (*prefix, end_place))


def save_change(call: Call, change: Change) -> None:
    """Writes what is to happen, and tells the worker."""
    _CHANGES.save(call, change, change.account, change.region, change.name, change.subject)
    call.wake(CHANGES_TOPIC)


def find_change(call: Call, name: str, subject: str = "") -> Change | None:
    """What is to happen to a stream, or to a consumer or a queue of it, or None."""
    return _CHANGES.find(call, call.account, call.region, name, subject)


def delete_change(call: Call, name: str, subject: str = "") -> None:
    """Forgets what has happened."""
    _CHANGES.delete(call, call.account, call.region, name, subject)


def list_changes(call: Call) -> list[Change]:
    """All that is to happen, in all accounts and regions."""
    return list(_CHANGES.below(call))


def find_consumer(call: Call, stream_name: str, name: str) -> Consumer | None:
    """A consumer of a stream, or None."""
    return _CONSUMERS.find(call, call.account, call.region, stream_name, name)


def save_consumer(call: Call, row: Consumer) -> None:
    """Writes a consumer."""
    _CONSUMERS.save(call, row, call.account, call.region, row.stream_name, row.name)


def delete_consumer(call: Call, row: Consumer) -> None:
    """Removes a consumer with its subscriptions and its policy."""
    _CONSUMERS.delete(call, call.account, call.region, row.stream_name, row.name)
    _SUBSCRIPTIONS.delete_below(call, call.account, call.region, row.stream_name, row.name)
    delete_policy(call, row.stream_name, row.name)


def list_consumers(call: Call, stream_name: str, after: str | None = None) -> Iterator[Consumer]:
    """A stream's consumers by name."""
    return _CONSUMERS.below(
        call, call.account, call.region, stream_name, after=None if after is None else (after,)
    )


def find_subscription(call: Call, consumer: Consumer, shard_index: int) -> Subscription | None:
    """Who a consumer's shard is pushed to, or None."""
    return _SUBSCRIPTIONS.find(
        call, call.account, call.region, consumer.stream_name, consumer.name, shard_index
    )


def save_subscription(call: Call, consumer: Consumer, shard_index: int, row: Subscription) -> None:
    """Writes who a consumer's shard is pushed to."""
    _SUBSCRIPTIONS.save(
        call, row, call.account, call.region, consumer.stream_name, consumer.name, shard_index
    )


def find_policy(call: Call, stream_name: str, consumer: str = "") -> str | None:
    """The resource policy of a stream or a consumer, or None."""
    return _POLICIES.find(call, call.account, call.region, stream_name, consumer)


def save_policy(call: Call, policy: str, stream_name: str, consumer: str = "") -> None:
    """Writes a resource policy."""
    _POLICIES.save(call, policy, call.account, call.region, stream_name, consumer)


def delete_policy(call: Call, stream_name: str, consumer: str = "") -> None:
    """Removes a resource policy."""
    _POLICIES.delete(call, call.account, call.region, stream_name, consumer)


def find_commitment(call: Call) -> Commitment | None:
    """The account's billing commitment, or None."""
    return _COMMITMENTS.find(call, call.account, call.region)


def save_commitment(call: Call, row: Commitment) -> None:
    """Writes the account's billing commitment."""
    _COMMITMENTS.save(call, row, call.account, call.region)


def _hash_bytes(hash_key: int) -> bytes:
    return hash_key.to_bytes(_HASH_BYTES, "big")
