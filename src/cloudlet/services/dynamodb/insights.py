"""Contributor insights of tables and indexes as values. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

ENABLED: Final = "ENABLED"
DISABLED: Final = "DISABLED"
EVERYTHING: Final = "ACCESSED_AND_THROTTLED_KEYS"


class Insights(Struct, frozen=True):
    """Whether the keys of a table or an index are counted, and since when that is so."""

    index_name: str | None
    enabled: bool
    mode: str
    changed: float

    @property
    def status(self) -> str:
        """ENABLED or DISABLED; changes take effect at once."""
        return ENABLED if self.enabled else DISABLED
