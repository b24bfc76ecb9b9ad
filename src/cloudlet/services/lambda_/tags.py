"""Tags of functions: their limits.

Keeping them is state.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_.errors import InvalidParameterValueException

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIMIT: Final = 50


def check(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterValueException for too many tags."""
    if len(tags) > _LIMIT:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.")
