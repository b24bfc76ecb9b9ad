"""What each part of a path selects from the nodes before it.

Must not parse. A selector takes nodes and gives nodes; what does not fit a node gives nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .evaluation import Evaluation, Predicate, Selector


def key(name: str) -> Selector:
    """.name"""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        evaluation.spend(len(nodes))
        return [node[name] for node in nodes if isinstance(node, dict) and name in node]

    return select


def merged_keys(names: tuple[str, ...]) -> Selector:
    """['a','b'] at the end of a path: one map of what is there."""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        evaluation.spend(len(nodes) * len(names))
        return [
            {name: node[name] for name in names if name in node} for node in nodes if isinstance(node, dict)
        ]

    return select


def each_key(names: tuple[str, ...]) -> Selector:
    """['a','b'] with more of the path to come: each value by itself."""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        evaluation.spend(len(nodes) * len(names))
        return [node[name] for node in nodes if isinstance(node, dict) for name in names if name in node]

    return select


def having(names: tuple[str, ...], inner: Selector) -> Selector:
    """..['a','b']: Jayway's deep scan takes only the objects that have them all."""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        return inner(
            evaluation, [node for node in nodes if isinstance(node, dict) and node.keys() >= set(names)]
        )

    return select


def indexes(positions: tuple[int, ...]) -> Selector:
    """[0] and [0,1,-1]"""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        evaluation.spend(len(nodes) * len(positions))
        lists = (node for node in nodes if isinstance(node, list))
        return [
            node[position] for node in lists for position in positions if -len(node) <= position < len(node)
        ]

    return select


def part(start: int | None, end: int | None) -> Selector:
    """[start:end]"""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        selected = [item for node in nodes if isinstance(node, list) for item in node[start:end]]
        evaluation.spend(len(nodes) + len(selected))
        return selected

    return select


def children(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
    """[*]"""
    selected = [child for node in nodes for child in _children_of(node)]
    evaluation.spend(len(nodes) + len(selected))
    return selected


def _children_of(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def filtered(predicate: Predicate) -> Selector:
    """[?(...)]: items of a list that pass; a map passes or not by itself."""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        selected = []
        for node in nodes:
            candidates = node if isinstance(node, list) else [node] if isinstance(node, dict) else []
            evaluation.spend(1 + len(candidates))
            selected += [candidate for candidate in candidates if predicate(evaluation, candidate)]
        return selected

    return select


def everywhere(inner: Selector) -> Selector:
    """.. before a key, an index or a wildcard: at every object and list, outermost first."""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        selected: list[Any] = []
        for node in nodes:
            for container in _containers(evaluation, node):
                selected += inner(evaluation, [container])
        return selected

    return select


def everywhere_filtered(predicate: Predicate) -> Selector:
    """.. before a filter: every object that passes."""

    def select(evaluation: Evaluation, nodes: list[Any]) -> list[Any]:
        containers = (container for node in nodes for container in _containers(evaluation, node))
        return [found for found in containers if isinstance(found, dict) and predicate(evaluation, found)]

    return select


def _containers(evaluation: Evaluation, node: Any) -> Iterator[Any]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, dict | list):
            below = _children_of(current)
            evaluation.spend(1 + len(below))
            yield current
            pending.extend(reversed(below))
