"""A mapping that forgets what was used longest ago. It knows nothing of what it holds."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """At most `limit` entries."""

    __slots__ = ("_entries", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: dict[K, V] = {}

    def find(self, key: K) -> V | None:
        """The entry, which thereby is the one last used."""
        entries = self._entries
        found = entries.pop(key, None)
        if found is not None:
            entries[key] = found
        return found

    def put(self, key: K, value: V) -> V:
        """Keeps an entry and forgets the one used longest ago if there are too many; returns the entry."""
        entries = self._entries
        if len(entries) >= self._limit and key not in entries:
            del entries[next(iter(entries))]
        entries[key] = value
        return value

    def __len__(self) -> int:
        return len(self._entries)
