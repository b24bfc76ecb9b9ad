"""Documents in attributes, and the words in which SNS says that one is no JSON.

Knows no document's own rules.
"""

from __future__ import annotations

import json
from typing import Any, Final

_PLACE: Final = (
    "at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
)


class NoDocument(ValueError):
    """Raised for a text that is no JSON; the message is SNS's."""


def read(text: str) -> Any:
    """What a text says. Raises NoDocument."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NoDocument(_words(text, error)) from error
    except RecursionError as error:
        raise NoDocument("failed to parse JSON.") from error


def _words(text: str, error: json.JSONDecodeError) -> str:
    if error.pos >= len(text) or not error.msg.startswith("Expecting property name"):
        return "failed to parse JSON."
    found = text[error.pos]
    place = _PLACE.format(error.lineno, error.colno)
    return (
        f"failed to parse JSON. Unexpected character ('{found}' (code {ord(found)})): was expecting "
        f"double-quote to start field name\n {place}"
    )
