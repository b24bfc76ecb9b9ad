"""Pages of keys: prefix, delimiter, markers. Pure rules over an ordered source of rows.

Keys are ordered by their UTF-8 bytes. Nothing here knows what a row is but for its key.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar
from urllib.parse import quote

from msgspec import Struct, field

from cloudlet.services.s3.errors import InvalidArgument
from cloudlet.services.s3.state import Marker

T = TypeVar("T")

_GREATEST = "\U0010ffff"


class Wanted(Struct, frozen=True):
    """What a listing asks for."""

    prefix: str
    delimiter: str
    limit: int
    after: Marker
    """As the client sees it: a key, or a common prefix that was the last entry of the page before."""


class Page(Struct, Generic[T]):
    """What a listing found; keys and common prefixes together are at most its limit."""

    rows: list[T] = field(default_factory=list)
    common_prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""
    """The last key or common prefix."""

    @property
    def count(self) -> int:
        """How many entries it has."""
        return len(self.rows) + len(self.common_prefixes)


def read_page(
    wanted: Wanted, rows_from: Callable[[Marker], Iterator[T]], key_of: Callable[[T], str]
) -> Page[T]:
    """The next entries of a listing; a common prefix is passed over by seeking, not by reading its keys."""
    page: Page[T] = Page()
    if wanted.limit == 0:
        return page
    source = rows_from(_start(wanted))
    while (row := next(source, None)) is not None:
        key = key_of(row)
        if not key.startswith(wanted.prefix):
            break
        common = _common_prefix(key, wanted)
        if common is not None and common == page.last:
            continue
        if common is not None and _passed(common, wanted):
            source = rows_from(_beyond(common))
            continue
        if page.count == wanted.limit:
            page.truncated = True
            break
        page.last = common or key
        if common is None:
            page.rows.append(row)
        else:
            page.common_prefixes.append(common)
            source = rows_from(_beyond(common))
    return page


def _start(wanted: Wanted) -> Marker:
    if wanted.after.key.encode() < wanted.prefix.encode():
        return Marker(wanted.prefix)
    return wanted.after


def _passed(common: str, wanted: Wanted) -> bool:
    """Whether a common prefix was an entry of a page before."""
    return wanted.after.key == common


def _beyond(common: str) -> Marker:
    return Marker(common + _GREATEST)


def _common_prefix(key: str, wanted: Wanted) -> str | None:
    if not wanted.delimiter:
        return None
    end = key.find(wanted.delimiter, len(wanted.prefix))
    return None if end < 0 else key[: end + len(wanted.delimiter)]


def encoder(encoding_type: str | None) -> Callable[[str], str]:
    """How a listing writes keys. Raises InvalidArgument for another encoding than url."""
    if encoding_type is None:
        return str
    if encoding_type != "url":
        raise InvalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encoding_type)
    return lambda text: quote(text, safe="/*-._")


def check_max_keys(value: int | None, name: str = "maxKeys") -> int:
    """How many entries a page may have; never more than 1,000. Raises InvalidArgument."""
    if value is None:
        return 1000
    if value < 0:
        raise InvalidArgument(f"Argument {name} must be an integer between 0 and 2147483647", name, value)
    return min(value, 1000)


def token_of(key: str) -> str:
    """A continuation token: opaque to clients."""
    return base64.b64encode(key.encode()).decode()


def key_of_token(token: str) -> str:
    """The key in a continuation token. Raises InvalidArgument."""
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidArgument(
            "The continuation token provided is incorrect", "continuation-token", token
        ) from None
