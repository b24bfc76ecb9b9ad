"""Tokens of lists: the place of the last thing that a page told.

Knows no list.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from cloudlet.services.sns.errors import InvalidParameterException


def token(place: Sequence[str]) -> str:
    """The token of the page that begins after a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def after(token: str | None, *, parts: int) -> tuple[str, ...] | None:
    """The place after which a page begins; None for the first. Raises InvalidParameterException."""
    if not token:
        return None
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[str, ...])
    except (binascii.Error, ValueError) as error:
        raise InvalidParameterException.of("NextToken") from error
    if len(place) != parts:
        raise InvalidParameterException.of("NextToken")
    return place
