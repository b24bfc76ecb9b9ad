"""Stretches of an engine's keys known to hold no row, so that scans do not cross them again.

RocksDB keeps deleted keys until it compacts, and a scan looks at each of them (about 0.09 us a key). The
engine remembers the empty stretch that a scan has crossed before its first row. One process owns the
directory, so this is exact as long as `fill` is told every row that is put. Nothing here is ever stored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Final

_GAPS_KEPT: Final = 4096


class Gaps:
    """Disjoint half-open stretches of keys without a row; the longest unused are forgotten first."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[bytes] = []
        self._ends: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self._starts)

    def after(self, key: bytes) -> bytes:
        """The first key from `key` on that may have a row."""
        at = bisect_right(self._starts, key) - 1
        if at < 0:
            return key
        start = self._starts[at]
        end = self._ends[start]
        if end <= key:
            return key
        self._use(start, end)
        return end

    def before(self, key: bytes) -> bytes:
        """The lowest bound up to `key` such that no row lies between the two."""
        at = bisect_left(self._starts, key) - 1
        if at < 0:
            return key
        start = self._starts[at]
        end = self._ends[start]
        if end < key:
            return key
        self._use(start, end)
        return start

    def add(self, start: bytes, end: bytes) -> None:
        """Remembers that no row lies in start <= key < end."""
        starts, ends = self._starts, self._ends
        at = bisect_right(starts, start)
        if at and ends[starts[at - 1]] >= start:
            at -= 1
            start = starts[at]
        upto = at
        while upto < len(starts) and starts[upto] <= end:
            end = max(end, ends.pop(starts[upto]))
            upto += 1
        starts[at:upto] = (start,)
        self._remember(start, end)

    def fill(self, key: bytes) -> None:
        """Makes it known that `key` has a row."""
        at = bisect_right(self._starts, key) - 1
        if at < 0:
            return
        start = self._starts[at]
        end = self._ends[start]
        if end <= key:
            return
        self._forget(start)
        if start < key:
            self._keep(start, key)
        if (following := key + b"\x00") < end:
            self._keep(following, end)

    def _keep(self, start: bytes, end: bytes) -> None:
        insort(self._starts, start)
        self._remember(start, end)

    def _remember(self, start: bytes, end: bytes) -> None:
        self._ends[start] = end
        if len(self._starts) > _GAPS_KEPT:
            self._forget(next(iter(self._ends)))

    def _use(self, start: bytes, end: bytes) -> None:
        del self._ends[start]
        self._ends[start] = end

    def _forget(self, start: bytes) -> None:
        del self._starts[bisect_left(self._starts, start)]
        del self._ends[start]
