"""Query strings as the gateway writes them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def encoded(parameters: Mapping[str, list[str]]) -> str:
    """The parameters, each value on its own."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, values in parameters.items()
        for value in values
    )
