"""What the command cannot do, said in one line."""

from __future__ import annotations


class Problem(Exception):
    """Raised with what happened, why, and what to do about it."""
