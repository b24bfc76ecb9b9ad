"""Range headers. Pure rules: which bytes of how many are meant.

https://www.rfc-editor.org/rfc/rfc9110#section-14
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from cloudlet.services.s3.errors import InvalidArgument, InvalidRange

_RANGE: Final = re.compile(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII | re.IGNORECASE)
_COPY_RANGE: Final = re.compile(r"bytes=(\d+)-(\d+)", re.ASCII)


class Span(Struct, frozen=True):
    """Some of an object's bytes."""

    offset: int
    count: int

    def content_range(self, size: int) -> str:
        """The Content-Range of an answer that holds them."""
        return f"bytes {self.offset}-{self.offset + self.count - 1}/{size}"


def find_span(header: str | None, size: int) -> Span | None:
    """The bytes that a Range header asks for; None for all, as for headers that S3 ignores.

    S3 knows one range only; a header with several, or one that is malformed, is as if it were not there.
    Raises InvalidRange.
    """
    match = _RANGE.fullmatch(header) if header else None
    if header is None or match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        count = min(int(match[2]), size)
        if count == 0:
            raise InvalidRange(header, size)
        return Span(size - count, count)
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise InvalidRange(header, size)
    return Span(first, last - first + 1)


def copy_span(header: str, size: int) -> Span:
    """The bytes of x-amz-copy-source-range, which must say both ends. Raises InvalidArgument."""
    match = _COPY_RANGE.fullmatch(header)
    if match is None or int(match[2]) < int(match[1]):
        raise InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
            "the zero-based offsets of the first and last bytes to copy",
            "x-amz-copy-source-range",
            header,
        )
    first, last = int(match[1]), int(match[2])
    if last >= size:
        raise InvalidArgument(
            f"Range specified is not valid for source object of size: {size}",
            "x-amz-copy-source-range",
            header,
        )
    return Span(first, last - first + 1)
