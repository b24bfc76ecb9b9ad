"""Computes an expression from its tree. What queries and metrics there are, a scope tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.cloudwatch.math.functions import AGGREGATES, FUNCTIONS, filled
from cloudlet.services.cloudwatch.math.syntax import (
    Binary,
    ExpressionError,
    Function,
    Items,
    Minus,
    Name,
    Node,
    Number,
    Text,
    walk,
)
from cloudlet.services.cloudwatch.math.values import (
    TimeSeries,
    Value,
    Window,
    array,
    binary,
    mapped,
    scalar,
)

_NOT_HERE: Final = frozenset(
    {
        "ANOMALY_DETECTION_BAND",
        "DB_PERF_INSIGHTS",
        "INSIGHT_RULE_METRIC",
        "LAMBDA",
        "SERVICE_QUOTA",
    }
)
_SORTED_BY: Final = frozenset({"AVG", "MIN", "MAX", "SUM"})
_DESCENDING: Final[Mapping[str, bool]] = {"ASC": False, "DESC": True}
_FILLERS: Final = frozenset({"REPEAT", "LINEAR"})
WORDS: Final = _SORTED_BY | _FILLERS | _DESCENDING.keys()
"""Names that are no ids."""


class Scope(Protocol):
    """What an expression may refer to."""

    @property
    def window(self) -> Window:
        """The time that is asked about."""

    @property
    def period(self) -> int:
        """The period of what has none of its own, in seconds."""

    def query(self, query_id: str) -> Value:
        """The result of a query. Raises ExpressionError for one that is not there."""

    def metrics(self) -> Iterable[tuple[str, TimeSeries]]:
        """The metrics of the request with the ids of their queries."""

    def search(self, text: str, statistic: str, period: int) -> list[TimeSeries]:
        """The metrics that a search finds. Raises ExpressionError."""


def evaluate(node: Node, scope: Scope) -> Value:
    """The value of an expression. Raises ExpressionError, or NotImplementedHere for a function."""
    match node:
        case Number(value):
            return value
        case Name(query_id):
            return scope.query(query_id)
        case Minus(operand):
            return binary("*", -1.0, evaluate(operand, scope))
        case Binary(sign, left, right):
            return binary(sign, evaluate(left, scope), evaluate(right, scope))
        case Items(items):
            return list(_members(items, scope))
        case Function(name, arguments):
            return _call(name, arguments, scope)
        case Text(text):
            raise ExpressionError(f"Unexpected string '{text}'")


def names_in(tree: Node) -> Iterator[str]:
    """Every name that a tree has, ids and words alike."""
    return (node.value for node in walk(tree) if isinstance(node, Name))


def functions_in(tree: Node) -> Iterator[str]:
    """The name of every function that a tree calls."""
    return (node.name for node in walk(tree) if isinstance(node, Function))


def check_functions(node: Node) -> None:
    """Raises ExpressionError or NotImplementedHere for a function that is unknown or not done."""
    for name in functions_in(node):
        if name in _NOT_HERE:
            raise NotImplementedHere(f"cloudlet does not compute {name} (yet).")
        if name not in FUNCTIONS and name not in ("METRICS", "SEARCH", "FILL", "SORT"):
            raise ExpressionError(f"Unrecognized function {name}")


def _members(items: Sequence[Node], scope: Scope) -> Iterator[TimeSeries]:
    for item in items:
        value = evaluate(item, scope)
        if isinstance(value, list):
            yield from value
        elif isinstance(value, TimeSeries):
            yield value
        else:
            raise ExpressionError("An array takes time series only")


def _call(name: str, arguments: Sequence[Node], scope: Scope) -> Value:
    match name:
        case "METRICS":
            return _metrics(arguments, scope)
        case "SEARCH":
            return _search(arguments, scope)
        case "FILL":
            return _fill(arguments, scope)
        case "SORT":
            return _sort(arguments, scope)
        case "TIME_SERIES" if len(arguments) == 1:
            arguments = (*arguments, Number(float(scope.period)))
    if name in _NOT_HERE:
        raise NotImplementedHere(f"cloudlet does not compute {name} (yet).")
    if name not in FUNCTIONS:
        raise ExpressionError(f"Unrecognized function {name}")
    fewest, most, compute = FUNCTIONS[name]
    _check_count(name, arguments, fewest, most)
    return compute([evaluate(each, scope) for each in arguments], scope.window)


def _check_count(name: str, arguments: Sequence[Node], fewest: int, most: int) -> None:
    if not fewest <= len(arguments) <= most:
        raise ExpressionError(f"Wrong number of arguments for {name}: {len(arguments)}")


def _metrics(arguments: Sequence[Node], scope: Scope) -> Value:
    _check_count("METRICS", arguments, 0, 1)
    part = _text(arguments[0]) if arguments else ""
    return [series for query_id, series in scope.metrics() if part in query_id]


def _search(arguments: Sequence[Node], scope: Scope) -> Value:
    _check_count("SEARCH", arguments, 2, 3)
    period = int(scalar(evaluate(arguments[2], scope))) if len(arguments) == 3 else scope.period
    if period < 1:
        raise ExpressionError("The period of a search must be positive")
    return scope.search(_text(arguments[0]), _text(arguments[1]), period)


def _fill(arguments: Sequence[Node], scope: Scope) -> Value:
    _check_count("FILL", arguments, 2, 2)
    word = arguments[1].value if isinstance(arguments[1], Name) else ""
    filler: Value | str = word if word in _FILLERS else evaluate(arguments[1], scope)
    return mapped(evaluate(arguments[0], scope), lambda each: filled(each, filler, scope.window))


def _sort(arguments: Sequence[Node], scope: Scope) -> Value:
    _check_count("SORT", arguments, 3, 4)
    by, order = _word(arguments[1]), _word(arguments[2])
    if by not in _SORTED_BY or order not in _DESCENDING:
        raise ExpressionError("SORT takes AVG, MIN, MAX or SUM, and ASC or DESC")
    compute = AGGREGATES[by]
    members = array(evaluate(arguments[0], scope))
    with_data = [each for each in members if each.points]
    found = sorted(
        with_data, key=lambda each: compute(list(each.points.values())), reverse=_DESCENDING[order]
    ) + [each for each in members if not each.points]
    return found[: int(scalar(evaluate(arguments[3], scope)))] if len(arguments) == 4 else found


def _text(node: Node) -> str:
    if not isinstance(node, Text):
        raise ExpressionError("Expected a string")
    return node.value


def _word(node: Node) -> str:
    return node.value if isinstance(node, Name) else ""
