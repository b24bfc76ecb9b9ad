"""Which resource a path means: literal parts before {parameters}, these before {proxy+}, with backtracking.

Knows nothing of what resources do. A resource without the method wanted is as good as none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

ANY = "ANY"


class Node(Generic[T]):
    """One part of the paths."""

    __slots__ = ("greedy", "greedy_name", "literals", "methods", "parameter", "parameter_name")

    def __init__(self) -> None:
        self.literals: dict[str, Node[T]] = {}
        self.parameter: Node[T] | None = None
        self.parameter_name = ""
        self.greedy: Node[T] | None = None
        self.greedy_name = ""
        self.methods: dict[str, T] = {}

    def find(self, http_method: str) -> T | None:
        """What serves an HTTP method here."""
        return self.methods.get(http_method) or (self.methods.get(ANY) if http_method in _IN_ANY else None)


_IN_ANY = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Routes(Generic[T]):
    """The paths of an API with what serves them."""

    def __init__(self) -> None:
        self._root: Node[T] = Node()

    def add(self, path: str, methods: Mapping[str, T]) -> None:
        """Puts a resource in its place."""
        node = self._root
        for part in path.split("/")[1:]:
            if part:
                node = _child(node, part)
        node.methods.update(methods)

    def all_methods(self) -> Iterator[T]:
        """Everything that serves something."""
        return _below(self._root)

    def find(self, http_method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """What serves a request, and the values of its path's parameters as they were sent."""
        parts = path.strip("/").split("/") if path.strip("/") else []
        values: dict[str, str] = {}
        found = _search(self._root, parts, 0, http_method, values)
        return None if found is None else (found, values)


def _below(node: Node[T]) -> Iterator[T]:
    yield from node.methods.values()
    for child in (*node.literals.values(), node.parameter, node.greedy):
        if child is not None:
            yield from _below(child)


def _child(node: Node[T], part: str) -> Node[T]:
    if part.startswith("{") and part.endswith("+}"):
        node.greedy = node.greedy or Node()
        node.greedy_name = part[1:-2]
        return node.greedy
    if part.startswith("{") and part.endswith("}"):
        node.parameter = node.parameter or Node()
        node.parameter_name = part[1:-1]
        return node.parameter
    return node.literals.setdefault(part, Node())


def _search(
    node: Node[T], parts: list[str], place: int, http_method: str, values: dict[str, str]
) -> T | None:
    if place == len(parts):
        return node.find(http_method)
    part = parts[place]
    literal = node.literals.get(part)
    if literal is not None:
        found = _search(literal, parts, place + 1, http_method, values)
        if found is not None:
            return found
    if node.parameter is not None and part:
        found = _search(node.parameter, parts, place + 1, http_method, values)
        if found is not None:
            values[node.parameter_name] = part
            return found
    if node.greedy is not None:
        found = node.greedy.find(http_method)
        if found is not None:
            values[node.greedy_name] = "/".join(parts[place:])
        return found
    return None
