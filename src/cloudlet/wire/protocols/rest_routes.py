"""Which operation of a REST service a method, path, query string and headers mean.

A trie over the path's segments; what the path leaves open is decided by literal queries and required members.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct, field

from cloudlet.wire.protocols.query import read_form

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.model import Operation, ServiceModel


class Route(Struct, frozen=True):
    """What a request must show, beyond its method and path, to mean one operation."""

    operation: str
    labels: tuple[str, ...]
    literals: tuple[tuple[str, str | None], ...]
    """Parameters of the query string that stand in the model's URI; None: with any value."""
    queries: tuple[str, ...]
    """Required members in the query string."""
    headers: tuple[str, ...]
    """Required members in headers, their names in lower case."""
    deprecated: bool

    def lacks(self, query: dict[str, str], request: HttpRequest) -> int | None:
        """How many required members are absent; None where the literal parameters do not fit at all."""
        for name, value in self.literals:
            if name not in query or (value is not None and query[name] != value):
                return None
        absent = sum(name not in query for name in self.queries)
        return absent + sum(request.header(name) is None for name in self.headers)

    @property
    def weight(self) -> tuple[int, int, bool]:
        """How particular the route is; of two alike, the one that is not deprecated comes first."""
        return len(self.literals), len(self.queries) + len(self.headers), not self.deprecated


class _Node(Struct):
    literal: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: dict[str, list[Route]] = field(default_factory=dict)
    here: dict[str, list[Route]] = field(default_factory=dict)


class Match(Struct, frozen=True):
    """An operation and the texts of its path's labels, percent-decoded."""

    operation: str
    labels: dict[str, str]


class Routes:
    """The table of one service."""

    def __init__(self, service: ServiceModel) -> None:
        self._root = _Node()
        for name in service.operation_names:
            self._add(service.operation(name))

    def _add(self, operation: Operation) -> None:
        path, _, query = operation.uri.partition("?")
        node, labels = self._root, []
        segments = path.strip("/").split("/") if path.strip("/") else []
        for segment in segments:
            if not segment.startswith("{"):
                node = node.literal.setdefault(segment, _Node())
                continue
            labels.append(segment.strip("{+}"))
            if segment.endswith("+}"):
                break
            node.label = node.label or _Node()
            node = node.label
        table = node.greedy if path.endswith("+}") else node.here
        routes = table.setdefault(operation.method, [])
        routes.append(_route(operation, tuple(labels), query))
        routes.sort(key=lambda route: route.weight, reverse=True)

    def find(self, request: HttpRequest) -> Match | None:
        """The operation a request means; None where the service has none such."""
        segments = request.path.removeprefix("/").split("/")
        query = dict(read_form(request.query)) if request.query else {}
        for routes, texts in _walk(self._root, segments, 0, (), request.method):
            route = _best(routes, query, request)
            if route is not None:
                return Match(route.operation, dict(zip(route.labels, map(_decoded, texts), strict=True)))
        return None


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogateescape") if "%" in text else text


def _route(operation: Operation, labels: tuple[str, ...], query: str) -> Route:
    literals = tuple(
        (name, value if equals else None)
        for name, equals, value in (part.partition("=") for part in query.split("&") if part)
    )
    members = operation.input.members if operation.input else {}
    required = operation.input.required if operation.input else []
    queries = [
        members[name].location_name or name for name in required if members[name].location == "querystring"
    ]
    headers = [members[name].location_name or name for name in required if members[name].location == "header"]
    return Route(
        operation.name,
        labels,
        literals,
        tuple(queries),
        tuple(name.lower() for name in headers),
        bool(operation.traits.get("deprecated")),
    )


def _walk(
    node: _Node, segments: list[str], at: int, texts: tuple[str, ...], method: str
) -> Iterable[tuple[list[Route], tuple[str, ...]]]:
    """Every end of the trie that the path reaches, the most literal first."""
    rest = segments[at:]
    if (not rest or rest == [""]) and method in node.here:
        yield node.here[method], texts
    if rest:
        child = node.literal.get(rest[0])
        if child:
            yield from _walk(child, segments, at + 1, texts, method)
        if node.label and rest[0]:
            yield from _walk(node.label, segments, at + 1, (*texts, rest[0]), method)
        if method in node.greedy and rest != [""]:
            yield node.greedy[method], (*texts, "/".join(rest))


def _best(routes: list[Route], query: dict[str, str], request: HttpRequest) -> Route | None:
    """The most particular route that lacks nothing; else what lacks least, for validation to refuse."""
    fitting = [(lacks, route) for route in routes if (lacks := route.lacks(query, request)) is not None]
    if not fitting:
        return None
    particular = max(len(route.literals) for _, route in fitting)
    return min(
        ((lacks, route) for lacks, route in fitting if len(route.literals) == particular),
        key=lambda pair: pair[0],
    )[1]
