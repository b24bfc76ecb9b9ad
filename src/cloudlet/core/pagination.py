"""Pages of lists that are held whole: a token is the place where the next page begins.

Knows no member of any API and words no error: Marker, position and NextToken are the services' own.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class InvalidToken(Exception):
    """Raised for a token that no page ends with."""


def page(items: Sequence[T], token: str | None, size: int) -> tuple[Sequence[T], str | None]:
    """One page, and the token of the next if there is one. Raises InvalidToken."""
    start = _place(token) if token else 0
    end = start + size
    return items[start:end], _token(end) if end < len(items) else None


def _token(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def _place(token: str) -> int:
    try:
        place = int(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise InvalidToken(token) from error
    if place < 0:
        raise InvalidToken(token)
    return place
