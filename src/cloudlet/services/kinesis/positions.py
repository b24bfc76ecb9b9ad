"""Where a reader begins: the five kinds of starting positions, turned into a place in a shard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.kinesis import sequence
from cloudlet.services.kinesis.errors import InvalidArgumentException
from cloudlet.services.kinesis.reader import place_at_time

if TYPE_CHECKING:
    from datetime import datetime

    from cloudlet.core.call import Call
    from cloudlet.services.kinesis.model import Shard

_BY_NUMBER: Final = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


def starting_place(
    call: Call, name: str, shard: Shard, kind: str, number: str | None, timestamp: datetime | None
) -> int:
    """The place of the first record to read. Raises InvalidArgumentException."""
    _check_combination(kind, number, timestamp)
    if number is not None:
        return _place_of_number(call, name, shard, kind, number)
    if timestamp is not None:
        return _place_of_time(call, name, shard, timestamp)
    return shard.next_place if kind == "LATEST" else shard.first_place


def _check_combination(kind: str, number: str | None, timestamp: datetime | None) -> None:
    if kind == "AT_TIMESTAMP":
        if timestamp is None:
            raise InvalidArgumentException("Must specify timestampInMillis for iterator type AT_TIMESTAMP.")
        return
    if (kind in _BY_NUMBER) != (number is not None):
        given = "and no" if number is None else "and also a"
        raise InvalidArgumentException(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber "
            "or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {kind} {given} StartingSequenceNumber."
        )


def _place_of_number(call: Call, name: str, shard: Shard, kind: str, number: str) -> int:
    used = (
        f"StartingSequenceNumber {sequence.normalized(number)} used in GetShardIterator on shard {shard.id} "
        f"in stream {name} under account {call.account} is invalid"
    )
    try:
        parsed = sequence.parse(number)
    except sequence.InvalidSequenceNumber as error:
        raise InvalidArgumentException(f"{used}.") from error
    if parsed.shard_index != shard.index:
        raise InvalidArgumentException(
            f"Invalid StartingSequenceNumber. It encodes shardId-{parsed.shard_index:012d}, "
            f"while it was used in a call to a shard with {shard.id}"
        )
    if parsed.version != 2 or parsed.shard_created_at != shard.created_at:
        raise InvalidArgumentException(f"{used} because it did not come from this stream.")
    return parsed.place + (kind == "AFTER_SEQUENCE_NUMBER")


def _place_of_time(call: Call, name: str, shard: Shard, timestamp: datetime) -> int:
    wanted, now = int(timestamp.timestamp() * 1000), int(call.time() * 1000)
    if wanted > now:
        raise InvalidArgumentException(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {wanted}, currentTimestampInMillis: {now}"
        )
    return place_at_time(call, name, shard, wanted)
