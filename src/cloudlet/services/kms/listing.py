"""Pages of KMS's lists: markers, limits, and what an answer says of there being more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.pagination import InvalidToken, page
from cloudlet.services.kms.errors import InvalidMarkerException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def listed(
    member: str, entries: Sequence[Any], request: Mapping[str, Any], default_limit: int
) -> dict[str, Any]:
    """One page as the answer of a List operation. Raises InvalidMarkerException."""
    try:
        found, marker = page(entries, request.get("Marker"), request.get("Limit", default_limit))
    except InvalidToken as error:
        raise InvalidMarkerException("") from error
    return {member: list(found), "NextMarker": marker, "Truncated": marker is not None}
