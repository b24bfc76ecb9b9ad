"""A place in a text that a parser steps through.

Knows no grammar and words no error.
"""

from __future__ import annotations

import re


class TextCursor:
    """A text, and how far it has been read."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def accept(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what matches here, if it does."""
        match = pattern.match(self.text, self.position)
        if match:
            self.position = match.end()
        return match

    def accept_text(self, expected: str) -> bool:
        """Step over these very characters, if they come next."""
        if not self.text.startswith(expected, self.position):
            return False
        self.position += len(expected)
        return True
