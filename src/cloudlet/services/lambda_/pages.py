"""Marker and MaxItems: how Lambda's lists are cut into pages. A marker names the last thing shown.

Knows nothing of what is listed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")

_MOST: Final = 50


def page_of(
    items: Iterable[T], request: Mapping[str, Any], marker_of: Callable[[T], str]
) -> tuple[list[T], str | None]:
    """One page of what follows the request's marker, and the next marker if more follows."""
    limit = min(request.get("MaxItems", _MOST), _MOST)
    found = list(islice(items, limit + 1))
    page = found[:limit]
    return page, marker_of(page[-1]) if len(found) > limit else None
