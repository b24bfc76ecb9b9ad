"""Waits for what is done in the background."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(look: Callable[[], bool]) -> None:
    """Looks until it is so."""
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline
