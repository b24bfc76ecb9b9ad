"""Sequence numbers: 56 decimal digits that hold when the shard began, which record it is, and when it came.

In hexadecimal: 2, the shard's creation (9 digits of seconds), the shard's last digit, the record's place in
its shard (16), 2 unused, the record's second (9), the shard (8), and the version, 2. Older versions are only
told apart.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

LAST_PLACE: Final = (1 << 63) - 1
"""The place in the number that ends a closed shard."""
_LEAD: Final = 2 << 184
_OLDEST: Final = 1 << 124
_OLDEST_END: Final = 1 << 129
_RANGE: Final = (1 << 185, 3 << 184)
_OLDEST_LATEST_SECOND: Final = 16_025_175_000
_LATEST_SHARD: Final = (1 << 31) - 1


class InvalidSequenceNumber(Exception):
    """Raised for digits that are no sequence number."""


class SequenceNumber(Struct, frozen=True):
    """A sequence number taken apart."""

    shard_created_at: int
    """Seconds since 1970."""
    shard_index: int
    place: int
    second: int
    version: int = 2


def sequence_number(shard_created_at: int, shard_index: int, place: int, second: int) -> str:
    """The number of a record, or of a shard's beginning (place 0) or end (LAST_PLACE)."""
    return str(
        _LEAD
        | shard_created_at << 148
        | (shard_index & 15) << 144
        | place << 80
        | second << 36
        | shard_index << 4
        | 2
    )


def parse(text: str) -> SequenceNumber:
    """Takes a number apart. Raises InvalidSequenceNumber."""
    number = normalized(text)
    if number < _OLDEST_END:
        return _parse_oldest(number)
    version = number & 15 if _RANGE[0] < number < _RANGE[1] else None
    if version not in (1, 2):
        raise InvalidSequenceNumber(text)
    shard_index = number >> 4 & 0xFFFFFFFF
    place = number >> 80 & 0xFFFFFFFFFFFFFFFF
    if version == 2 and (place > LAST_PLACE or shard_index > _LATEST_SHARD):
        raise InvalidSequenceNumber(text)
    second_at = 36 if version == 2 else 100
    return SequenceNumber(
        number >> 148 & 0xFFFFFFFFF, shard_index, place, number >> second_at & 0xFFFFFFFFF, version
    )


def normalized(text: str) -> int:
    """The number, with the leading digit that AWS adds to the oldest ones."""
    number = int(text)
    return number + _OLDEST if number < _OLDEST else number


def _parse_oldest(number: int) -> SequenceNumber:
    hexadecimal = f"{number:x}"
    created_at = int(hexadecimal[1:10], 16)
    if created_at >= _OLDEST_LATEST_SECOND:
        raise InvalidSequenceNumber(str(number))
    return SequenceNumber(created_at, int(hexadecimal[28:32], 16), 0, created_at, 0)
