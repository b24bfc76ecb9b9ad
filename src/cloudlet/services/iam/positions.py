"""Where in a policy's text its statements stand, as the policy simulator tells it.

Pure; expects a document that the grammar has accepted.
"""

from __future__ import annotations

import json
import re
from typing import Final

from msgspec import Struct

_STATEMENT: Final = re.compile(r'"Statement"\s*:\s*(\[)?\s*')
_BETWEEN: Final = re.compile(r"\s*,\s*")


class Span(Struct, frozen=True):
    """From the first character of a statement to the one after its last."""

    start: int
    end: int


def find_statement(document: str, name: str) -> Span | None:
    """The statement of that Sid, or the one at that place, counted from 1."""
    found = _STATEMENT.search(document)
    if found is None:
        return None
    decoder, at, place = json.JSONDecoder(), found.end(), 0
    while True:
        statement, end = decoder.raw_decode(document, at)
        place += 1
        if statement.get("Sid") == name or str(place) == name:
            return Span(at, end)
        following = _BETWEEN.match(document, end)
        if found.group(1) is None or following is None:
            return None
        at = following.end()


def line_and_column(document: str, offset: int) -> dict[str, int]:
    """A place in a text as the API says it; both are counted from 1."""
    line = document.count("\n", 0, offset) + 1
    return {"Line": line, "Column": offset - (document.rfind("\n", 0, offset) + 1) + 1}
