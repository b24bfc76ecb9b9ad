"""Marker and MaxItems: how IAM's lists are cut into pages.

Knows nothing of what is listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from cloudlet.core import pagination
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
    """One page of a list whose items come in a stable order. Raises ValidationError for a broken marker."""
    try:
        shown, marker = pagination.page(
            list(items), request.get("Marker"), int(request.get("MaxItems") or _DEFAULT_MAX_ITEMS)
        )
    except pagination.InvalidToken:
        raise ValidationError("Invalid Marker.") from None
    answer: dict[str, Any] = {member: [describe(each) for each in shown], "IsTruncated": marker is not None}
    if marker is not None:
        answer["Marker"] = marker
    return answer
