"""What DynamoDB checks of each part of a condition before it runs, in DynamoDB's order and words.

Nothing here evaluates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Function,
    In,
    Not,
    Or,
    Path,
    Value,
)
from cloudlet.services.dynamodb.values import less

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloudlet.services.dynamodb.expressions.names import Check, Names, Values
    from cloudlet.services.dynamodb.expressions.syntax import Condition, Operand
    from cloudlet.services.dynamodb.values import AttributeValue

OPERAND_COUNTS: Final = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_ORDERED_TYPES: Final = ("S", "N", "B")
_TYPE_NAMES: Final = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
_ANY_TYPE: Final = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
MAX_IN_OPERANDS: Final = 100


def conditions_within(tree: Condition) -> Iterator[Comparison | Between | In | Function]:
    """The conditions that are no combination of others, in the order of the text."""
    if isinstance(tree, (And, Or)):
        for condition in tree.conditions:
            yield from conditions_within(condition)
    elif isinstance(tree, Not):
        yield from conditions_within(tree.condition)
    else:
        yield tree


def checks_of(kind: str, part: Comparison | Between | In | Function, names: Names) -> Iterator[Check]:
    """The checks of one condition: all is defined, operands count, differ, and have types that fit."""
    checks = _PartChecks(kind, names)
    if isinstance(part, Comparison):
        direct: tuple[Operand, ...] = (part.left, part.right)
        checks.distinct(part.operator, direct)
        checks.types_of_arguments(direct)
        if part.operator not in ("=", "<>"):
            checks.ordered(part.operator, direct)
    elif isinstance(part, Between):
        direct = (part.operand, part.lower, part.upper)
        checks.types_of_arguments(direct)
        checks.ordered("BETWEEN", direct)
        checks.bounds(part.lower, part.upper)
    elif isinstance(part, In):
        direct = (part.operand, *part.choices)
        checks.few_enough(part.choices)
        checks.types_of_arguments(direct)
    else:
        direct = (part,)
        checks.types_of_arguments(direct)
    for operand in direct:
        checks.defined(operand)
        checks.counted(operand)
    yield from (*checks.definitions, *checks.counts, *checks.distinctions, *checks.types)


class _PartChecks:
    """Collects the checks of one condition by the order in which DynamoDB makes them."""

    def __init__(self, kind: str, names: Names) -> None:
        self._kind = kind
        self._names = names
        self.definitions: list[Check] = []
        self.counts: list[Check] = []
        self.distinctions: list[Check] = []
        self.types: list[Check] = []

    def defined(self, operand: Operand) -> None:
        if isinstance(operand, Path):
            paths = (operand,)
            self.definitions.append(lambda _values: naming.check_defined(self._kind, paths, self._names))
        elif isinstance(operand, Value):
            name = operand.name
            self.definitions.append(lambda values: self._check_value_defined(name, values))
        elif isinstance(operand, Function):
            for argument in operand.arguments:
                self.defined(argument)

    def _check_value_defined(self, name: str, values: Values) -> None:
        if name not in values:
            raise self._invalid(
                f"An expression attribute value used in expression is not defined; attribute value: {name}"
            )

    def counted(self, operand: Operand) -> None:
        if not isinstance(operand, Function):
            return
        for argument in operand.arguments:
            self.counted(argument)
        count = len(operand.arguments)
        if count != OPERAND_COUNTS[operand.name]:
            self._refuse(
                self.counts,
                "Incorrect number of operands for operator or function; "
                f"operator or function: {operand.name}, number of operands: {count}",
            )

    def few_enough(self, choices: tuple[Operand, ...]) -> None:
        if len(choices) > MAX_IN_OPERANDS:
            self._refuse(
                self.counts,
                f"The IN operator is provided with too many operands; number of operands: {len(choices)}",
            )

    def distinct(self, operator: str, operands: tuple[Operand, ...]) -> None:
        if len(operands) != 2 or not all(isinstance(operand, Path) for operand in operands):
            return
        first, second = (
            naming.resolve(operand, self._names) for operand in operands if isinstance(operand, Path)
        )
        if first == second:
            self._refuse(
                self.distinctions,
                "The first operand must be distinct from the remaining operands for this operator or "
                f"function; operator: {operator}, first operand: {naming.show(first)}",
            )

    def types_of_arguments(self, operands: tuple[Operand, ...]) -> None:
        for operand in operands:
            if isinstance(operand, Function):
                self.types_of_arguments(operand.arguments)
                self.distinct(operand.name, operand.arguments)
                self._types_of_function(operand)

    def _types_of_function(self, function: Function) -> None:
        name, arguments = function.name, function.arguments
        if name in ("attribute_exists", "attribute_not_exists"):
            if not isinstance(arguments[0], Path):
                self._refuse(
                    self.types, f"Operator or function requires a document path; operator or function: {name}"
                )
        elif name == "attribute_type":
            self.types.append(lambda values: self._check_type_name(arguments[-1], values))
        elif name == "begins_with":
            self.typed(name, arguments, lambda kind: kind in ("S", "B"))
        elif name == "size":
            self.typed(name, arguments, lambda kind: kind not in ("N", "BOOL", "NULL"))

    def ordered(self, operator: str, operands: tuple[Operand, ...]) -> None:
        self.typed(operator, operands, lambda kind: kind in _ORDERED_TYPES)

    def typed(self, operator: str, operands: tuple[Operand, ...], fits: Callable[[str], bool]) -> None:
        if all(isinstance(operand, Path) for operand in operands):
            return

        def check(values: Values) -> None:
            for operand in operands:
                kind = _static_type(operand, values)
                if kind is not None and not fits(kind):
                    raise self._wrong_type(operator, kind)

        self.types.append(check)

    def bounds(self, lower: Operand, upper: Operand) -> None:
        if not isinstance(lower, Value) or not isinstance(upper, Value):
            return
        lower_name, upper_name = lower.name, upper.name

        def check(values: Values) -> None:
            low, high = values[lower_name], values[upper_name]
            if next(iter(low)) != next(iter(high)):
                raise self._bad_bounds("same data type for lower and upper bounds", low, high)
            if less(high, low):
                raise self._bad_bounds("upper bound to be greater than or equal to lower bound", low, high)

        self.types.append(check)

    def _check_type_name(self, operand: Operand, values: Values) -> None:
        kind = _static_type(operand, values)
        if kind != "S" or not isinstance(operand, Value):
            raise self._wrong_type("attribute_type", kind or _ANY_TYPE)
        wanted = values[operand.name]["S"]
        if wanted not in _TYPE_NAMES:
            raise self._invalid(
                f"Invalid attribute type name found; type: {wanted}, valid types: {{{','.join(_TYPE_NAMES)}}}"
            )

    def _refuse(self, checks: list[Check], reason: str) -> None:
        def refuse(_values: Values) -> None:
            raise self._invalid(reason)

        checks.append(refuse)

    def _wrong_type(self, operator: str, kind: str) -> ValidationException:
        return self._invalid(
            "Incorrect operand type for operator or function; "
            f"operator or function: {operator}, operand type: {kind}"
        )

    def _bad_bounds(self, demand: str, low: AttributeValue, high: AttributeValue) -> ValidationException:
        return self._invalid(
            f"The BETWEEN operator requires {demand}; lower bound operand: AttributeValue: {_show(low)}, "
            f"upper bound operand: AttributeValue: {_show(high)}"
        )

    def _invalid(self, reason: str) -> ValidationException:
        return ValidationException(f"Invalid {self._kind}: {reason}")


def _static_type(operand: Operand, values: Values) -> str | None:
    """The type that an operand has whatever the item holds, or None."""
    if isinstance(operand, Value):
        return next(iter(values[operand.name]))
    if isinstance(operand, Function):
        return "N" if operand.name == "size" else "BOOL"
    return None


def _show(value: AttributeValue) -> str:
    kind, content = next(iter(value.items()))
    return f"{{{kind}:{content}}}"
