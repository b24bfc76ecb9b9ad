"""Tokens of pages, good for five minutes. They hold what was asked, because the next request may not."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from cloudlet.services.kinesis.errors import ExpiredNextTokenException, InvalidArgumentException

_LIFE_SECONDS: Final = 300


def write(content: dict[str, Any], now: float) -> str:
    """The token of a page."""
    return base64.b64encode(json.dumps([now, content]).encode()).decode()


def read(token: str, now: float) -> dict[str, Any]:
    """What a token holds. Raises InvalidArgumentException or ExpiredNextTokenException."""
    try:
        issued_at, content = json.loads(base64.b64decode(token, validate=True))
        expired = now - issued_at >= _LIFE_SECONDS
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidArgumentException("Invalid NextToken.") from error
    if not isinstance(content, dict):
        raise InvalidArgumentException("Invalid NextToken.")
    if expired:
        raise ExpiredNextTokenException("NextToken expired.")
    return content
