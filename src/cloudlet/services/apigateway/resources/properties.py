"""Properties of templates as the API wants them: names begin small, and values have the types they must have.

Knows no type of resource.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.core.tags import changed_tags, tag_map
from cloudlet.services.apigateway.errors import NotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties


async def removed(call: Call, operation: str, request: Mapping[str, Any]) -> None:
    """Removes something; what is gone already is no error."""
    with contextlib.suppress(NotFoundException):
        await call.ask("apigateway", operation, request)


def members(properties: Properties, names: Iterable[str]) -> dict[str, Any]:
    """Some properties as members of a request, those that are there."""
    return {small(name): properties[name] for name in names if name in properties}


def small(name: str) -> str:
    """A property's name as the API writes it."""
    return name[0].lower() + name[1:]


def flag(value: Any) -> bool:
    """A boolean that a template may give as text."""
    return value is True or str(value).lower() == "true"


def flags(values: Mapping[str, Any]) -> dict[str, bool]:
    """Booleans by name."""
    return {name: flag(value) for name, value in values.items()}


def tags(properties: Properties) -> dict[str, str]:
    """The tags by name."""
    return tag_map(properties.get("Tags"))


def replacing(path: str, value: Any) -> dict[str, str]:
    """A patch that replaces a value; None is replaced by nothing."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return {"op": "replace", "path": path, "value": text}


def escaped(part: str) -> str:
    """A part of a patch's path."""
    return part.replace("~", "~0").replace("/", "~1")


async def retag(call: Call, path: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Makes the tags of the thing at a path what a template says now."""
    arn = f"arn:aws:apigateway:{call.region}::{path}"
    gone, added = changed_tags(before, after)
    if gone:
        await call.ask("apigateway", "UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if added:
        await call.ask("apigateway", "TagResource", {"resourceArn": arn, "tags": added})


def changed(before: Properties, after: Properties, paths: Mapping[str, str]) -> list[dict[str, str]]:
    """Replacing patches for the properties that are not as they were; `paths` says what they are called."""
    return [
        replacing(path, after.get(name))
        for name, path in paths.items()
        if before.get(name) != after.get(name)
    ]
