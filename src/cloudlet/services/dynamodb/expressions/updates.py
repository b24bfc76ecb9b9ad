"""Updates checked and compiled.

An update is compiled once for its text and its names; the request's values are checked and given each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions.changes import Change, apply_changes, change, in_order
from cloudlet.services.dynamodb.expressions.charges import Charge, charge_of
from cloudlet.services.dynamodb.expressions.condition_checks import OPERAND_COUNTS
from cloudlet.services.dynamodb.expressions.syntax import (
    Action,
    Add,
    Arithmetic,
    Delete,
    Function,
    Operand,
    Path,
    Set,
    Value,
)
from cloudlet.services.dynamodb.expressions.tokens import TokenReader
from cloudlet.services.dynamodb.expressions.update_checks import FUNCTIONS, checks_of
from cloudlet.services.dynamodb.expressions.update_grammar import UpdateParser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloudlet.services.dynamodb.expressions.names import Check, Names, ResolvedPath, Values
    from cloudlet.services.dynamodb.values import AttributeValue, Item

_FindType: TypeAlias = "Callable[[Values], tuple[str, ...]]"

KIND: Final = "UpdateExpression"


class CompiledUpdate(Struct, frozen=True):
    """An update that only waits for an item and the values."""

    changes: tuple[Change, ...]
    checks: tuple[Check, ...]
    names: frozenset[str]
    values: frozenset[str]
    targets: tuple[ResolvedPath, ...]
    """The paths that are written."""
    paths: tuple[ResolvedPath, ...]
    """Every path that stands in the expression."""
    types: tuple[tuple[str, _FindType], ...]
    """For attributes that are written whole: finds the type they get, or none if the item decides."""
    settings: tuple[tuple[str, str], ...]
    """The attributes that are set whole to a value of the request, with that value's name."""
    charge: Charge
    creates: bool
    """Whether it makes an item where there is none; not if all it does is to remove."""

    def known_types(self, values: Values) -> dict[str, str]:
        """The types that whole attributes will surely have, by name."""
        return {name: kind for name, find in self.types for kind in find(values)}

    def given(self, values: Values) -> Iterator[tuple[str, AttributeValue]]:
        """The attributes that are set whole to a value of the request, with that value."""
        for name, placeholder in self.settings:
            yield name, values[placeholder]

    def check(self, values: Values) -> None:
        """Raises ValidationException where the values do not fit."""
        for check in self.checks:
            check(values)

    def applied(self, item: Item, values: Values) -> Item:
        """The item as the update leaves it; the given one stays as it is. Raises ValidationException."""
        return apply_changes(self.changes, item, values)


def compile_update(text: str, names: Names) -> CompiledUpdate:
    """The update ready to run. Raises ValidationException for what no values can mend."""
    reader = TokenReader(KIND, text)
    parser = UpdateParser(reader)
    actions = parser.parse()
    operands = [operand for action in actions for operand in _operands_of(action)]
    paths = [operand for operand in operands if isinstance(operand, Path)]
    naming.check_reserved(KIND, paths)
    for operand in operands:
        if isinstance(operand, Function) and operand.name not in FUNCTIONS:
            known = operand.name in OPERAND_COUNTS
            what = "The function is not allowed in an update expression" if known else "Invalid function name"
            raise reader.invalid(f"{what}; function: {operand.name}")
    reader.check_operators(sum(isinstance(operand, (Function, Arithmetic)) for operand in operands))
    if parser.repeated_section:
        raise reader.invalid(
            f'The "{parser.repeated_section}" section can only be used once in an update expression;'
        )
    naming.check_defined(KIND, paths, names)
    return CompiledUpdate(
        in_order(change(action, names) for action in actions),
        checks_of(actions, operands, names),
        naming.used_names(paths),
        frozenset(operand.name for operand in operands if isinstance(operand, Value)),
        tuple(naming.resolve(action.path, names) for action in actions),
        tuple(naming.resolve(path, names) for path in paths),
        tuple(_type_of(action, names) for action in actions if len(action.path.elements) == 1),
        tuple(
            (str(naming.resolve(action.path, names)[0]), action.operand.name)
            for action in actions
            if isinstance(action, Set)
            and isinstance(action.operand, Value)
            and len(action.path.elements) == 1
        ),
        charge_of(actions, names),
        any(isinstance(action, (Set, Add)) for action in actions),
    )


def _type_of(action: Action, names: Names) -> tuple[str, _FindType]:
    name = str(naming.resolve(action.path, names)[0])
    operand: Operand = action.path
    if isinstance(action, Set):
        operand = action.operand
    elif isinstance(action, (Add, Delete)):
        operand = action.value
    if isinstance(operand, Value):
        placeholder = operand.name
        return name, lambda values: tuple(values[placeholder])
    if isinstance(operand, Arithmetic):
        return name, lambda _values: ("N",)
    if isinstance(operand, Function) and operand.name == "list_append":
        return name, lambda _values: ("L",)
    return name, lambda _values: ()


def _operands_of(action: Action) -> Iterator[Operand]:
    yield action.path
    if isinstance(action, Set):
        yield from _within(action.operand)
    elif isinstance(action, (Add, Delete)):
        yield action.value


def _within(operand: Operand) -> Iterator[Operand]:
    yield operand
    if isinstance(operand, Function):
        for argument in operand.arguments:
            yield from _within(argument)
    elif isinstance(operand, Arithmetic):
        yield from _within(operand.left)
        yield from _within(operand.right)
