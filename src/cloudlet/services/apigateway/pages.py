"""Lists in pages, as all of API Gateway's Get...s operations give them.

Knows nothing of what is listed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cloudlet.core import pagination
from cloudlet.services.apigateway.errors import BadRequestException

_DEFAULT_LIMIT: Final = 25
_HIGHEST_LIMIT: Final = 500


def page_of(items: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    """The page that a request asks for. Raises BadRequestException for a position of no page."""
    try:
        page, position = pagination.page(items, request.get("position"), _limit(request))
    except pagination.InvalidToken:
        raise _invalid_position() from None
    return {"items": page, **({"position": position} if position else {})}


def page_after(
    read: Callable[[str | None, int], Mapping[str, Mapping[str, Any]]], request: Mapping[str, Any]
) -> dict[str, Any]:
    """The page of a long list, of which no more is read than is shown.

    `read` gives so many items, by names in whose order they stand, after one name or from the beginning.
    Raises BadRequestException for a position of no page.
    """
    limit, position = _limit(request), request.get("position")
    found = read(_name(position) if position else None, limit + 1)
    names = [*found][:limit]
    answer: dict[str, Any] = {"items": [found[name] for name in names]}
    if len(found) > limit:
        answer["position"] = base64.urlsafe_b64encode(names[-1].encode()).decode()
    return answer


def _limit(request: Mapping[str, Any]) -> int:
    wanted = request.get("limit") or 0
    return min(wanted, _HIGHEST_LIMIT) if wanted > 0 else _DEFAULT_LIMIT


def _name(position: str) -> str:
    try:
        return base64.urlsafe_b64decode(position).decode()
    except ValueError:
        raise _invalid_position() from None


def _invalid_position() -> BadRequestException:
    return BadRequestException("Invalid position parameter specified")
