"""Marker and MaxItems: how IAM's lists are cut into pages.

Knows nothing of what is listed.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")

_DEFAULT_MAX_ITEMS: Final = 100


class ValidationError(ServiceError):
    """Raised for what the service model lets pass and IAM does not."""


def page(
    request: Mapping[str, Any], member: str, items: Iterable[T], describe: Callable[[T], Any]
) -> dict[str, Any]:
    """One page of a list whose items come in a stable order."""
    start = _offset(request.get("Marker"))
    end = start + int(request.get("MaxItems") or _DEFAULT_MAX_ITEMS)
    listed = list(items)
    answer: dict[str, Any] = {
        member: [describe(each) for each in listed[start:end]],
        "IsTruncated": len(listed) > end,
    }
    if len(listed) > end:
        answer["Marker"] = base64.urlsafe_b64encode(f"iam:{end}".encode()).decode()
    return answer


def _offset(marker: str | None) -> int:
    if marker is None:
        return 0
    try:
        prefix, _, number = base64.urlsafe_b64decode(marker).decode().partition(":")
        offset = int(number)
    except ValueError:  # of base64, of UTF-8 or of a number
        raise ValidationError("Invalid Marker.") from None
    if prefix != "iam" or offset < 0:
        raise ValidationError("Invalid Marker.")
    return offset
