"""Projections: the parts of an item that some paths name.

A projection is compiled once for its text and its names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions import reading
from cloudlet.services.dynamodb.expressions.tokens import TokenReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.services.dynamodb.expressions.names import Names, ResolvedPath
    from cloudlet.services.dynamodb.expressions.syntax import Path
    from cloudlet.services.dynamodb.values import AttributeValue, Item

_Tree: TypeAlias = "dict[str | int, Any]"
"""What to take of each name or index: a tree of its own, or None for all of it."""


class CompiledProjection(Struct, frozen=True):
    """A projection that only waits for an item."""

    tree: _Tree
    names: frozenset[str]
    paths: tuple[ResolvedPath, ...]

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes of which it takes something."""
        return frozenset(str(path[0]) for path in self.paths)

    def of(self, item: Item) -> Item:
        """The parts of an item."""
        return _members(item, self.tree)


def compile_projection(text: str, names: Names) -> CompiledProjection:
    """The projection ready to run. Raises ValidationException."""
    kind = "ProjectionExpression"
    reader = TokenReader(kind, text)
    paths = _parse(reader)
    naming.check_reserved(kind, paths)
    naming.check_defined(kind, paths, names)
    resolved = tuple(naming.resolve(path, names) for path in paths)
    naming.check_paths_apart(kind, resolved)
    return CompiledProjection(projection_tree(resolved), naming.used_names(paths), resolved)


def projection_of(paths: Iterable[ResolvedPath]) -> CompiledProjection:
    """The projection on paths that are known to stand apart."""
    known = tuple(paths)
    return CompiledProjection(projection_tree(known), frozenset(), known)


def projection_tree(paths: Iterable[ResolvedPath]) -> _Tree:
    """The paths merged by what they have in common."""
    tree: _Tree = {}
    for path in paths:
        node = tree
        for element in path[:-1]:
            node = node.setdefault(element, {})
        node[path[-1]] = None
    return tree


def _parse(reader: TokenReader) -> list[Path]:
    paths = [reading.path(reader)]
    while reader.accept(","):
        paths.append(reading.path(reader))
    reader.expect_end()
    return paths


def _members(members: dict[str, AttributeValue], tree: _Tree) -> dict[str, AttributeValue]:
    found = {}
    for name, wanted in tree.items():
        value = members.get(name) if isinstance(name, str) else None
        part = None if value is None else _part(value, wanted)
        if part is not None:
            found[str(name)] = part
    return found


def _part(value: AttributeValue, tree: _Tree | None) -> AttributeValue | None:
    if tree is None:
        return value
    if "M" in value:
        members = _members(value["M"], tree)
        return {"M": members} if members else None
    if "L" in value:
        elements = _elements(value["L"], tree)
        return {"L": elements} if elements else None
    return None


def _elements(elements: list[AttributeValue], tree: _Tree) -> list[AttributeValue]:
    indexes = sorted(index for index in tree if isinstance(index, int) and index < len(elements))
    parts = (_part(elements[index], tree[index]) for index in indexes)
    return [part for part in parts if part is not None]
