"""Properties as the texts that SNS takes for attributes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from cloudlet.core.resource import Properties


def attributes(properties: Properties, names: Collection[str]) -> dict[str, str]:
    """The properties that are attributes."""
    return {name: text(value) for name, value in properties.items() if name in names}


def changes(old: Mapping[str, str], new: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """What differs, and the default of what is gone."""
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    return changed | {name: defaults[name] for name in old if name not in new}


def text(value: Any) -> str:
    """A property as an attribute is written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, separators=(",", ":"))
    return str(value)
