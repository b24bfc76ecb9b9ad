"""Placeholders resolved: what #names stand for, which words are reserved, how paths are shown and walked.

Nothing here knows the grammar around a path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.reserved import RESERVED_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cloudlet.services.dynamodb.expressions.syntax import Path
    from cloudlet.services.dynamodb.values import AttributeValue, Item

ResolvedPath: TypeAlias = "tuple[str | int, ...]"
Names: TypeAlias = "Mapping[str, str]"
Values: TypeAlias = "Mapping[str, AttributeValue]"
Check: TypeAlias = "Callable[[Values], None]"
"""Raises ValidationException where the request's values do not fit the expression."""


def check_reserved(kind: str, paths: Iterable[Path]) -> None:
    """Raises ValidationException for the first name that is a reserved word."""
    for path in paths:
        for element in path.elements:
            if isinstance(element, str) and element.upper() in RESERVED_WORDS:
                raise ValidationException(
                    f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {element}"
                )


def check_defined(kind: str, paths: Iterable[Path], names: Names) -> None:
    """Raises ValidationException for the first #name that the request does not define."""
    for path in paths:
        for element in path.elements:
            if isinstance(element, str) and element[0] == "#" and element not in names:
                raise ValidationException(
                    f"Invalid {kind}: An expression attribute name used in the document path is not defined; "
                    f"attribute name: {element}"
                )


def used_names(paths: Iterable[Path]) -> frozenset[str]:
    """The #names that stand in the paths."""
    return frozenset(
        element
        for path in paths
        for element in path.elements
        if isinstance(element, str) and element[0] == "#"
    )


def resolve(path: Path, names: Names) -> ResolvedPath:
    """The path with its #names replaced; one that is not defined stays."""
    return tuple(
        names.get(element, element) if isinstance(element, str) and element[0] == "#" else element
        for element in path.elements
    )


def show(path: ResolvedPath) -> str:
    """The path as error texts show it: [a, [1], b]."""
    return f"[{', '.join(f'[{element}]' if isinstance(element, int) else element for element in path)}]"


def getter(path: ResolvedPath) -> Callable[[Item], AttributeValue | None]:
    """A function that finds the value at a path."""
    first, rest = path[0], path[1:]
    assert isinstance(first, str)
    if not rest:
        return lambda item: item.get(first)

    def find(item: Item) -> AttributeValue | None:
        value = item.get(first)
        for element in rest:
            if value is None:
                return None
            value = child(value, element)
        return value

    return find


def child(value: AttributeValue, element: str | int) -> AttributeValue | None:
    """The value under a name of a map or an index of a list, or None."""
    if isinstance(element, str):
        members: dict[str, AttributeValue] | None = value.get("M")
        return None if members is None else members.get(element)
    elements: list[AttributeValue] | None = value.get("L")
    return elements[element] if elements is not None and element < len(elements) else None


def check_paths_apart(kind: str, paths: Iterable[ResolvedPath]) -> None:
    """Raises ValidationException for two paths of which one holds the other, or that cannot both exist.

    An overlap anywhere is reported before a conflict.
    """
    seen: list[ResolvedPath] = []
    conflict: str | None = None
    for path in paths:
        for earlier in seen:
            relation = _relation(earlier, path)
            if relation is None or (relation == "conflict" and conflict):
                continue
            message = (
                f"Invalid {kind}: Two document paths {relation} with each other; must remove or rewrite one "
                f"of these paths; path one: {show(earlier)}, path two: {show(path)}"
            )
            if relation == "overlap":
                raise ValidationException(message)
            conflict = message
        seen.append(path)
    if conflict:
        raise ValidationException(conflict)


def _relation(one: ResolvedPath, two: ResolvedPath) -> str | None:
    for left, right in zip(one, two, strict=False):
        if type(left) is not type(right):
            return "conflict"
        if left != right:
            return None
    return "overlap"
