"""Lists in pages, as all of API Gateway's Get...s operations give them.

The position that a page ends with is the place of the next one; AWS's is opaque.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from cloudlet.services.apigateway.errors import BadRequestException


def page_of(
    items: Sequence[Mapping[str, Any]], request: Mapping[str, Any], *, default_limit: int
) -> dict[str, Any]:
    """The page that a request asks for."""
    start = _start(request.get("position"))
    end = start + min(request.get("limit") or default_limit, 500)
    page: dict[str, Any] = {"items": list(items[start:end])}
    if end < len(items):
        page["position"] = base64.b64encode(str(end).encode()).decode()
    return page


def _start(position: str | None) -> int:
    if not position:
        return 0
    try:
        return int(base64.b64decode(position, validate=True))
    except (binascii.Error, ValueError):
        raise BadRequestException("Invalid position parameter specified") from None
