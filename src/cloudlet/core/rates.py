"""How many calls of each sort came in the second that runs, for services that hold clients to a rate.

In memory: every server counts for itself, and one that starts again begins anew. Knows no limit and no error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from cloudlet.core.call import Call

Key: TypeAlias = tuple[str, ...]


class CallRates:
    """Counts calls by keys; a transaction that is run again is the same call."""

    def __init__(self) -> None:
        self._second = 0
        self._calls: dict[Key, set[str]] = {}

    def takes(self, call: Call, key: Key, limit: int) -> bool:
        """Counts a call, unless there were `limit` of its key in this second."""
        second = int(call.time())
        if second != self._second:
            self._second = second
            self._calls.clear()
        calls = self._calls.setdefault(key, set())
        if call.request_id not in calls and len(calls) >= limit:
            return False
        calls.add(call.request_id)
        return True
