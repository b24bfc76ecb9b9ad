"""Operands of conditions and the comparisons between them, as functions of an item and the request's values.

Everything here assumes a checked expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions.syntax import Function, Path, Value
from cloudlet.services.dynamodb.values import equal, less

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.services.dynamodb.expressions.names import Names, Values
    from cloudlet.services.dynamodb.expressions.syntax import Operand
    from cloudlet.services.dynamodb.values import AttributeValue, Item

Term: TypeAlias = "Callable[[Item, Values], AttributeValue | None]"
Comparator: TypeAlias = "Callable[[AttributeValue | None, AttributeValue | None], bool]"


def term(operand: Operand, names: Names) -> Term:
    """The operand as a function that finds its value, None where there is none."""
    if isinstance(operand, Value):
        name = operand.name
        return lambda _item, values: values[name]
    if isinstance(operand, Path):
        find = naming.getter(naming.resolve(operand, names))
        return lambda item, _values: find(item)
    assert isinstance(operand, Function)
    inner = term(operand.arguments[0], names)
    return lambda item, values: size(inner(item, values))


def size(value: AttributeValue | None) -> AttributeValue | None:
    """The number that the function size gives, of strings in UTF-16; None for a type that has no size."""
    if value is None:
        return None
    kind, content = next(iter(value.items()))
    if kind == "S" and not content.isascii():
        return {"N": str(len(content.encode("utf-16-le", "surrogatepass")) // 2)}
    return None if kind in ("N", "BOOL", "NULL") else {"N": str(len(content))}


def is_equal(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """left = right."""
    return left is not None and right is not None and equal(left, right)


def is_not_equal(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """left <> right; what is not there differs from everything."""
    return not is_equal(left, right)


def is_less(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """left < right."""
    return left is not None and right is not None and less(left, right) is True


def is_less_or_equal(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """left <= right."""
    return left is not None and right is not None and less(right, left) is False


def is_greater(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """left > right."""
    return is_less(right, left)


def is_greater_or_equal(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """left >= right."""
    return is_less_or_equal(right, left)


COMPARATORS: Final[dict[str, Comparator]] = {
    "=": is_equal,
    "<>": is_not_equal,
    "<": is_less,
    "<=": is_less_or_equal,
    ">": is_greater,
    ">=": is_greater_or_equal,
}


def begins_with(value: AttributeValue | None, start: AttributeValue | None) -> bool:
    """Whether a string or a binary begins with another one."""
    if value is None or start is None:
        return False
    kind, content = next(iter(value.items()))
    other = start.get(kind)
    return kind in ("S", "B") and other is not None and bool(content.startswith(other))


def contains(value: AttributeValue | None, part: AttributeValue | None) -> bool:
    """Whether a string has a substring, a set a member, or a list an element."""
    if value is None or part is None:
        return False
    kind, content = next(iter(value.items()))
    if kind == "L":
        return any(equal(element, part) for element in content)
    if kind in ("S", "B"):
        other: Any = part.get(kind)
        return other is not None and other in content
    if kind in ("SS", "NS", "BS"):
        member: Any = part.get(kind[0])
        return member is not None and member in content
    return False


def lacks(value: AttributeValue | None, part: AttributeValue | None) -> bool:
    """The contrary of contains()."""
    return not contains(value, part)
