"""Which shards end and which begin so that all are equal: splits first, then merges of neighbours.

Pure rules. A shard has one or two parents, so some shards of a larger change are there for no time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.services.kinesis.model import uniform_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.kinesis.changes import Opened
    from cloudlet.services.kinesis.model import Shard


class _Piece(Struct, frozen=True):
    index: int
    first: int
    last: int


class Plan:
    """What is decided so far; new shards are numbered from `next_index` on."""

    def __init__(self, next_index: int) -> None:
        self._next_index = next_index
        self.closes: list[int] = []
        self.opens: list[Opened] = []

    def split(self, piece: _Piece, at: int) -> tuple[_Piece, _Piece]:
        """Ends a shard; two begin, the second one at a hash key."""
        self.closes.append(piece.index)
        return self._open(piece.first, at - 1, piece.index), self._open(at, piece.last, piece.index)

    def merge(self, one: _Piece, other: _Piece) -> _Piece:
        """Ends two neighbours; one begins."""
        self.closes += (one.index, other.index)
        return self._open(one.first, other.last, one.index, other.index)

    def _open(self, first: int, last: int, parent: int, adjacent_parent: int | None = None) -> _Piece:
        index = self._next_index + len(self.opens)
        self.opens.append((str(first), str(last), parent, adjacent_parent))
        return _Piece(index, first, last)


def split(shard: Shard, at: int, next_index: int) -> Plan:
    """The plan of SplitShard."""
    plan = Plan(next_index)
    plan.split(_piece(shard), at)
    return plan


def merge(one: Shard, other: Shard, next_index: int) -> Plan:
    """The plan of MergeShards."""
    plan = Plan(next_index)
    plan.merge(_piece(one), _piece(other))
    return plan


def scale(shards: Sequence[Shard], target: int, next_index: int) -> Plan:
    """The plan of UpdateShardCount."""
    plan = Plan(next_index)
    ranges = uniform_ranges(target)
    starts = [first for first, _ in ranges]
    pieces: list[_Piece] = []
    for piece in sorted(map(_piece, shards), key=lambda each: each.first):
        for start in starts[bisect_right(starts, piece.first) : bisect_right(starts, piece.last)]:
            left, piece = plan.split(piece, start)
            pieces.append(left)
        pieces.append(piece)
    firsts = [piece.first for piece in pieces]
    for first, last in ranges:
        merged, *others = pieces[bisect_left(firsts, first) : bisect_right(firsts, last)]
        for other in others:
            merged = plan.merge(merged, other)
    return plan


def _piece(shard: Shard) -> _Piece:
    return _Piece(shard.index, int(shard.first_hash), int(shard.last_hash))
