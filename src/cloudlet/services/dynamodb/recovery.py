"""What a table remembers so that one can go back: point-in-time recovery, and that it is just being filled.

Pure values; the journal itself is in state/history.py.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

DAY_SECONDS: Final = 86400.0
MOST_DAYS: Final = 35
_LAG_SECONDS: Final = 300.0


class Recovery(Struct, frozen=True):
    """That a table can be restored to any moment of the last days."""

    since: float
    days: int = MOST_DAYS

    def earliest(self, now: float) -> float:
        """The first moment that can be restored."""
        return max(self.since, now - self.days * DAY_SECONDS)

    def latest(self, now: float) -> float:
        """The last one, which lags five minutes behind."""
        return max(self.since, now - _LAG_SECONDS)


class Restoring(Struct, frozen=True):
    """That a table is being filled; nobody uses it meanwhile."""

    source_table_arn: str | None
    """The table that a restore goes back to; None where an import fills it, or another replica."""
    moment: float
    source_backup_arn: str | None = None
