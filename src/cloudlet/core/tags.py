"""Tags in the two forms AWS gives them: a list of keys and values, and a map.

Limits and their error texts differ by service and stay there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def tag_map(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """The map of a list of {"Key": ..., "Value": ...}."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags or ()}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The list of a map, in the map's order."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def changed_tags(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """What leads from one set of tags to another: the keys to remove, in order, and the tags to set."""
    gone = sorted(before.keys() - after.keys())
    return gone, {key: value for key, value in after.items() if before.get(key) != value}
