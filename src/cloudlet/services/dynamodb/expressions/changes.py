"""What an update does to an item, action by action.

Every value is computed from the item as it was; then SET, ADD and DELETE are done, and REMOVE last, from the
end of lists, so that the indexes mean what they meant before. The given item is never changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.services.dynamodb import numbers
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions.syntax import (
    Action,
    Add,
    Arithmetic,
    Delete,
    Function,
    Path,
    Remove,
    Set,
    Value,
)
from cloudlet.services.dynamodb.values import sorted_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cloudlet.services.dynamodb.expressions.names import Names, ResolvedPath, Values
    from cloudlet.services.dynamodb.expressions.syntax import Operand
    from cloudlet.services.dynamodb.values import AttributeValue, Item

BAD_PATH: Final = "The document path provided in the update expression is invalid for update"
BAD_TYPE: Final = "An operand in the update expression has an incorrect data type"
NO_ATTRIBUTE: Final = "The provided expression refers to an attribute that does not exist in the item"

_Compute: TypeAlias = "Callable[[Item, Values], AttributeValue | None]"
"""The new value of the path, from the item as it was; None removes it."""


class Change(Struct, frozen=True):
    """One path and how its new value is computed."""

    path: ResolvedPath
    compute: _Compute
    removes: bool


def change(action: Action, names: Names) -> Change:
    """What an action does."""
    path = naming.resolve(action.path, names)
    if isinstance(action, Set):
        return Change(path, _computed(action.operand, names), removes=False)
    if isinstance(action, Remove):
        return Change(path, lambda _item, _values: None, removes=True)
    find, name = naming.getter(path), action.value.name
    if isinstance(action, Add):
        return Change(path, lambda item, values: added(find(item), values[name]), removes=False)
    assert isinstance(action, Delete)
    return Change(path, lambda item, values: subtracted(find(item), values[name]), removes=False)


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes as they are made: elements of lists by index, as those beyond the end are appended so."""
    return tuple(sorted(changes, key=lambda each: each.path[-1] if isinstance(each.path[-1], int) else -1))


def apply_changes(changes: Sequence[Change], item: Item, values: Values) -> Item:
    """The item with all changes made. Raises ValidationException."""
    computed = [(each, each.compute(item, values)) for each in changes]
    changed = dict(item)
    for each, value in computed:
        if not each.removes:
            _check_parent(item, each.path)
            if value is not None:
                _put(changed, each.path, value)
    gone = [each.path for each, value in computed if each.removes or value is None]
    for path in sorted(gone, key=_by_index, reverse=True):
        _check_parent(item, path)
        _remove(changed, path)
    return changed


def added(current: AttributeValue | None, operand: AttributeValue) -> AttributeValue:
    """What ADD makes of a value: a sum or a union."""
    if current is None:
        return operand
    kind = next(iter(operand))
    if kind not in current:
        raise ValidationException(BAD_TYPE)
    if kind == "N":
        return {"N": numbers.add(current["N"], operand["N"])}
    news = [member for member in operand[kind] if member not in current[kind]]
    return {kind: sorted_set(kind, [*current[kind], *news]) if news else current[kind]}


def subtracted(current: AttributeValue | None, operand: AttributeValue) -> AttributeValue | None:
    """What DELETE leaves of a set; None when that is nothing."""
    if current is None:
        return None
    kind = next(iter(operand))
    if kind not in current:
        raise ValidationException(BAD_TYPE)
    left = [member for member in current[kind] if member not in operand[kind]]
    return {kind: left} if left else None


def _computed(operand: Operand, names: Names) -> _Compute:
    if isinstance(operand, Value):
        name = operand.name
        return lambda _item, values: values[name]
    if isinstance(operand, Path):
        return _required(naming.getter(naming.resolve(operand, names)))
    if isinstance(operand, Arithmetic):
        return _arithmetic(operand, names)
    if operand.name == "list_append":
        return _list_append(operand, names)
    return _if_not_exists(operand, names)


def _required(find: Callable[[Item], AttributeValue | None]) -> _Compute:
    def compute(item: Item, _values: Values) -> AttributeValue:
        value = find(item)
        if value is None:
            raise ValidationException(NO_ATTRIBUTE)
        return value

    return compute


def _arithmetic(operand: Arithmetic, names: Names) -> _Compute:
    left, right = _computed(operand.left, names), _computed(operand.right, names)
    sign = 1 if operand.operator == "+" else -1

    def compute(item: Item, values: Values) -> AttributeValue:
        first, second = left(item, values) or {}, right(item, values) or {}
        if "N" not in first or "N" not in second:
            raise ValidationException(BAD_TYPE)
        return {"N": numbers.add(first["N"], second["N"], sign)}

    return compute


def _list_append(operand: Function, names: Names) -> _Compute:
    # A call with too few operands is refused by its checks before anything runs.
    left, right = _computed(operand.arguments[0], names), _computed(operand.arguments[-1], names)

    def compute(item: Item, values: Values) -> AttributeValue:
        first, second = left(item, values) or {}, right(item, values) or {}
        if "L" not in first or "L" not in second:
            raise ValidationException(BAD_TYPE)
        return {"L": [*first["L"], *second["L"]]}

    return compute


def _if_not_exists(operand: Function, names: Names) -> _Compute:
    first = operand.arguments[0]
    find = naming.getter(naming.resolve(first, names)) if isinstance(first, Path) else lambda _item: None
    otherwise = _computed(operand.arguments[-1], names)

    def compute(item: Item, values: Values) -> AttributeValue | None:
        value = find(item)
        return otherwise(item, values) if value is None else value

    return compute


def _check_parent(item: Item, path: ResolvedPath) -> None:
    """What holds the last element of a path must have been there, and be a map or a list as the path says."""
    if len(path) == 1:
        return
    parent = naming.getter(path[:-1])(item)
    if parent is None or ("M" if isinstance(path[-1], str) else "L") not in parent:
        raise ValidationException(BAD_PATH)


def _put(item: Item, path: ResolvedPath, value: AttributeValue) -> None:
    first = str(path[0])
    item[first] = value if len(path) == 1 else _with(item[first], path[1:], value)


def _with(holder: AttributeValue, path: ResolvedPath, value: AttributeValue) -> AttributeValue:
    """A copy of a map or a list in which the path has the value; an index beyond the end appends."""
    element, rest = path[0], path[1:]
    if isinstance(element, str):
        members = holder["M"]
        return {"M": {**members, element: _with(members[element], rest, value) if rest else value}}
    elements = list(holder["L"])
    if element >= len(elements):
        elements.append(value)
    else:
        elements[element] = _with(elements[element], rest, value) if rest else value
    return {"L": elements}


def _remove(item: Item, path: ResolvedPath) -> None:
    first = str(path[0])
    if len(path) == 1:
        item.pop(first, None)
    else:
        item[first] = _without(item[first], path[1:])


def _without(holder: AttributeValue, path: ResolvedPath) -> AttributeValue:
    element, rest = path[0], path[1:]
    if isinstance(element, str):
        members = dict(holder["M"])
        if rest:
            members[element] = _without(members[element], rest)
        else:
            members.pop(element, None)
        return {"M": members}
    elements = list(holder["L"])
    if element < len(elements):
        elements[element : element + 1] = [_without(elements[element], rest)] if rest else []
    return {"L": elements}


def _by_index(path: ResolvedPath) -> tuple[tuple[int, str], ...]:
    return tuple((element, "") if isinstance(element, int) else (-1, element) for element in path)
