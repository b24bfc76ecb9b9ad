"""Backslash escapes of quoted strings, in JSON and in JSONPath alike.

Must not know where a string ends; its reader does.
"""

from __future__ import annotations

import re
from typing import Final

ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def unescaped(text: str) -> str:
    """The content of a quoted string without its escapes."""
    if "\\" not in text:
        return text
    return joined(ESCAPE.sub(_character, text))


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else CONTROLS.get(found[2], found[2])


def joined(text: str) -> str:
    """The text with the two halves of a character outside the basic plane made one."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
