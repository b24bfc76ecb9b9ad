"""Lists in pages, as all of API Gateway's Get...s operations give them.

Knows nothing of what is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloudlet.core import pagination
from cloudlet.services.apigateway.errors import BadRequestException

_DEFAULT_LIMIT: Final = 25
_HIGHEST_LIMIT: Final = 500


def page_of(items: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    """The page that a request asks for. Raises BadRequestException for a position of no page."""
    wanted = request.get("limit") or 0
    limit = min(wanted, _HIGHEST_LIMIT) if wanted > 0 else _DEFAULT_LIMIT
    try:
        page, position = pagination.page(items, request.get("position"), limit)
    except pagination.InvalidToken:
        raise BadRequestException("Invalid position parameter specified") from None
    return {"items": page, **({"position": position} if position else {})}
