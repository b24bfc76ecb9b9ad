"""What UpdateItem charges for an update by itself, beside what the finished item weighs.

DynamoDB holds UpdateItem to its limit of 400 KB by this too: by the clauses, the paths and the values of the
request, whatever the item is. Nothing here knows items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions.syntax import Action, Add, Arithmetic, Function, Path, Set, Value
from cloudlet.services.dynamodb.values import value_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.services.dynamodb.expressions.names import Names, Values
    from cloudlet.services.dynamodb.expressions.syntax import Operand

_UPDATE: Final = 3
_WRITTEN: Final = 19
_REMOVED: Final = 1
_FURTHER_ELEMENT: Final = 4
_OPERAND_PATH: Final = 1
_OPERAND_ELEMENT: Final = 14
_OPERATIONS: Final = {"+": 34, "-": 37, "list_append": 37, "if_not_exists": 39}


class Charge(Struct, frozen=True):
    """A charge that only waits for the values."""

    fixed: int
    values: tuple[str, ...]
    """The values that are charged, one as often as it stands there."""

    def size(self, values: Values) -> int:
        """The bytes that are charged."""
        return self.fixed + sum(value_size(values[name]) for name in self.values)


def charge_of(actions: Iterable[Action], names: Names) -> Charge:
    """The charge for all clauses of an update."""
    fixed = _UPDATE
    values: list[str] = []
    for action in actions:
        fixed += _target(action.path, names)
        if isinstance(action, Set):
            fixed += _WRITTEN + _operand(action.operand, names, values)
        elif isinstance(action, Add):
            fixed += _WRITTEN
            values.append(action.value.name)
        else:
            fixed += _REMOVED
    return Charge(fixed, tuple(values))


def _target(path: Path, names: Names) -> int:
    elements = naming.resolve(path, names)
    return sum(map(_weight, elements)) + _FURTHER_ELEMENT * (len(elements) - 1)


def _operand(operand: Operand, names: Names, values: list[str]) -> int:
    """What an operand adds beside its values, which are noted."""
    if isinstance(operand, Value):
        values.append(operand.name)
        return 0
    if isinstance(operand, Path):
        elements = naming.resolve(operand, names)
        return _OPERAND_PATH + sum(_OPERAND_ELEMENT + _weight(element) for element in elements)
    if isinstance(operand, Arithmetic):
        return _OPERATIONS[operand.operator] + sum(
            _operand(each, names, values) for each in (operand.left, operand.right)
        )
    return _call(operand, names, values)


def _call(function: Function, names: Names, values: list[str]) -> int:
    arguments = sum(_operand(each, names, values) for each in function.arguments)
    return _OPERATIONS[function.name] + arguments


def _weight(element: str | int) -> int:
    return len(element.encode()) if isinstance(element, str) else len(str(element))
