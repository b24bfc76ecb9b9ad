"""Conditions checked and compiled into functions.

A condition is compiled once for its text and its names; the request's values are checked and given each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions import operands
from cloudlet.services.dynamodb.expressions.condition_checks import (
    OPERAND_COUNTS,
    checks_of,
    conditions_within,
)
from cloudlet.services.dynamodb.expressions.condition_grammar import (
    COMPARATORS,
    KEYWORDS,
    ConditionParser,
    TooDeepError,
)
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
from cloudlet.services.dynamodb.expressions.tokens import TokenReader, tokenize
from cloudlet.services.dynamodb.expressions.update_checks import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloudlet.services.dynamodb.expressions.names import Check, Names, ResolvedPath, Values
    from cloudlet.services.dynamodb.expressions.syntax import Condition, Operand
    from cloudlet.services.dynamodb.values import Item

_REDUNDANT: Final = "The expression has redundant parentheses;"
Test: TypeAlias = "Callable[[Item, Values], bool]"


class CompiledCondition(Struct, frozen=True):
    """A condition that only waits for an item and the values."""

    tree: Condition
    holds: Test
    checks: tuple[Check, ...]
    names: frozenset[str]
    values: frozenset[str]
    paths: tuple[ResolvedPath, ...]

    def check(self, values: Values) -> None:
        """Raises ValidationException where the values do not fit."""
        for check in self.checks:
            check(values)


def parse_condition(kind: str, text: str) -> Condition:
    """The tree of a condition, each part of which may stand where it stands. Raises ValidationException."""
    reader = TokenReader(kind, text)
    parser = ConditionParser(reader)
    try:
        tree = parser.parse()
    except TooDeepError as error:
        raise _too_deep(kind, text) from error
    if parser.redundant_parentheses:
        raise reader.invalid(_REDUNDANT)
    functions = [operand for operand in operands_within(tree) if isinstance(operand, Function)]
    for function in functions:
        if function.name not in OPERAND_COUNTS:
            raise _not_a_function(reader, function.name)
    _check_use(reader, tree)
    comparisons = sum(not isinstance(part, Function) for part in conditions_within(tree))
    reader.check_operators(comparisons + len(functions))
    naming.check_reserved(kind, (operand for operand in operands_within(tree) if isinstance(operand, Path)))
    return tree


def _too_deep(kind: str, text: str) -> ValidationException:
    """The refusal of what DynamoDB reads to its end and refuses for another reason, as far as tokens tell."""
    reader = TokenReader(kind, text)
    texts = [token.text for token in tokenize(text)]
    opened: list[int] = []
    closed_by: dict[int, int] = {}
    for place, each in enumerate(texts):
        if each == "(":
            opened.append(place)
        elif each == ")" and opened:
            closed_by[opened.pop()] = place
    if any(closed_by.get(place + 1) == end - 1 for place, end in closed_by.items()):
        return reader.invalid(_REDUNDANT)
    for place in closed_by:
        name = texts[place - 1]
        if name.isidentifier() and name.upper() not in KEYWORDS and name not in OPERAND_COUNTS:
            return _not_a_function(reader, name)
    reader.check_operators(sum(each in COMPARATORS for each in texts))
    return reader.invalid("The expression has too many nested levels;")


def _not_a_function(reader: TokenReader, name: str) -> ValidationException:
    known = name in FUNCTIONS
    what = "The function is not allowed in a condition expression" if known else "Invalid function name"
    return reader.invalid(f"{what}; function: {name}")


def compile_condition(kind: str, text: str, names: Names) -> CompiledCondition:
    """The condition ready to run. Raises ValidationException for what no values can mend."""
    tree = parse_condition(kind, text)
    paths = [operand for operand in operands_within(tree) if isinstance(operand, Path)]
    return CompiledCondition(
        tree,
        _test(tree, names),
        tuple(check for part in conditions_within(tree) for check in checks_of(kind, part, names)),
        naming.used_names(paths),
        frozenset(operand.name for operand in operands_within(tree) if isinstance(operand, Value)),
        tuple(naming.resolve(path, names) for path in paths),
    )


def operands_within(tree: Condition) -> Iterator[Operand]:
    """Every operand and function call in the order of the text, a function before its arguments."""
    for part in conditions_within(tree):
        if isinstance(part, Function):
            yield from _with_arguments(part)
        else:
            for operand in operands_of(part):
                yield from _with_arguments(operand)


def operands_of(part: Comparison | Between | In | Function) -> tuple[Operand, ...]:
    """The operands that stand directly in a condition."""
    if isinstance(part, Comparison):
        return part.left, part.right
    if isinstance(part, Between):
        return part.operand, part.lower, part.upper
    if isinstance(part, In):
        return part.operand, *part.choices
    return part.arguments


def _with_arguments(operand: Operand) -> Iterator[Operand]:
    yield operand
    if isinstance(operand, Function):
        for argument in operand.arguments:
            yield from _with_arguments(argument)


def _check_use(reader: TokenReader, tree: Condition) -> None:
    """Only size gives an operand, and it gives no condition."""
    for part in conditions_within(tree):
        misused = [operand for operand in operands_of(part) if isinstance(operand, Function)]
        if isinstance(part, Function) and part.name == "size":
            raise _misuse(reader, part)
        while misused:
            function = misused.pop(0)
            if function.name != "size":
                raise _misuse(reader, function)
            misused.extend(argument for argument in function.arguments if isinstance(argument, Function))


def _misuse(reader: TokenReader, function: Function) -> ValidationException:
    return reader.invalid(
        f"The function is not allowed to be used this way in an expression; function: {function.name}"
    )


def _test(tree: Condition, names: Names) -> Test:
    if isinstance(tree, And):
        return _all([_test(each, names) for each in tree.conditions])
    if isinstance(tree, Or):
        return _any([_test(each, names) for each in tree.conditions])
    if isinstance(tree, Not):
        inner = _test(tree.condition, names)
        return lambda item, values: not inner(item, values)
    if isinstance(tree, Comparison):
        return _comparison(tree, names)
    if isinstance(tree, Between):
        return _between(tree, names)
    if isinstance(tree, In):
        return _in(tree, names)
    return _function(tree, names)


def _all(tests: list[Test]) -> Test:
    def test(item: Item, values: Values) -> bool:
        for each in tests:  # noqa: SIM110  a frame less for each level, and faster
            if not each(item, values):
                return False
        return True

    return test


def _any(tests: list[Test]) -> Test:
    def test(item: Item, values: Values) -> bool:
        for each in tests:  # noqa: SIM110  a frame less for each level, and faster
            if each(item, values):
                return True
        return False

    return test


def _comparison(tree: Comparison, names: Names) -> Test:
    compare = operands.COMPARATORS[tree.operator]
    left, right = operands.term(tree.left, names), operands.term(tree.right, names)
    return lambda item, values: compare(left(item, values), right(item, values))


def _between(tree: Between, names: Names) -> Test:
    find, lower, upper = (operands.term(each, names) for each in operands_of(tree))

    def test(item: Item, values: Values) -> bool:
        value = find(item, values)
        return operands.is_less_or_equal(lower(item, values), value) and operands.is_less_or_equal(
            value, upper(item, values)
        )

    return test


def _in(tree: In, names: Names) -> Test:
    find, *choices = (operands.term(each, names) for each in operands_of(tree))

    def test(item: Item, values: Values) -> bool:
        value = find(item, values)
        return any(operands.is_equal(value, choice(item, values)) for choice in choices)

    return test


def _function(tree: Function, names: Names) -> Test:
    # A call with too few operands is refused by its checks before anything runs.
    terms = [operands.term(argument, names) for argument in (*tree.arguments, *tree.arguments)]
    first, second = terms[0], terms[1]
    if tree.name == "attribute_exists":
        return lambda item, values: first(item, values) is not None
    if tree.name == "attribute_not_exists":
        return lambda item, values: first(item, values) is None
    if tree.name == "attribute_type":
        return lambda item, values: (second(item, values) or {}).get("S") in (first(item, values) or {})
    if tree.name == "begins_with":
        return lambda item, values: operands.begins_with(first(item, values), second(item, values))
    return lambda item, values: operands.contains(first(item, values), second(item, values))
