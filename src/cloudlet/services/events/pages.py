"""Pages of lists: as long as the request says, a hundred at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from cloudlet.core.pagination import InvalidToken, page
from cloudlet.services.events.errors import ValidationException

T = TypeVar("T")

_PAGE: Final = 100


def one_page(items: Sequence[T], request: Mapping[str, Any]) -> tuple[Sequence[T], dict[str, str]]:
    """What a request gets of a list, and the NextToken where there is more. Raises ValidationException."""
    try:
        found, token = page(items, request.get("NextToken"), request.get("Limit") or _PAGE)
    except InvalidToken as error:
        raise ValidationException.of("NextToken") from error
    return found, {"NextToken": token} if token else {}
