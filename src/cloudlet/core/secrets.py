"""Secrets of the cloud itself, which lie apart from its state: whoever has the state alone reads nothing.

What they protect is the business of those who ask for them.
"""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    """Secret bytes under names; they outlive the server."""

    def secret(self, name: str) -> bytes:
        """The 32 random bytes of that name, made when first asked for. Reads a file, so keep them."""
