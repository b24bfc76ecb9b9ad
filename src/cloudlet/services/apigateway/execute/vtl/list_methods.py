"""java.util.List for templates.

Must not know templates. A position outside the list fails as in Java.
"""

from __future__ import annotations

from typing import Any, Final

from .errors import TemplateError
from .signatures import Method, Methods
from .values import MAX_ITEMS, ArrayList, Iterator, same


def _checked(items: list[Any], index: int, length: int) -> int:
    if not 0 <= index < length:
        raise TemplateError(f"IndexOutOfBoundsException: Index {index} out of bounds for length {len(items)}")
    return index


def get(items: list[Any], index: int) -> Any:
    """The item at a position."""
    return items[_checked(items, index, len(items))]


def set_item(items: list[Any], index: int, value: Any) -> Any:
    """Replace the item at a position; what it was."""
    before = get(items, index)
    items[index] = value
    return before


def _room(items: list[Any], count: int) -> None:
    if len(items) + count > MAX_ITEMS:
        raise TemplateError("The list grew too large")


def _add(items: list[Any], value: Any) -> bool:
    _room(items, 1)
    items.append(value)
    return True


def _insert(items: list[Any], index: int, value: Any) -> None:
    _room(items, 1)
    items.insert(_checked(items, index, len(items) + 1), value)


def _add_all(items: list[Any], others: list[Any]) -> bool:
    _room(items, len(others))
    items.extend(others[:])
    return bool(others)


def _index_of(items: list[Any], value: Any) -> int:
    return next((index for index, item in enumerate(items) if same(item, value)), -1)


def _last_index_of(items: list[Any], value: Any) -> int:
    return next((index for index in reversed(range(len(items))) if same(items[index], value)), -1)


def _remove(items: list[Any], target: Any) -> Any:
    if type(target) is int:
        return items.pop(_checked(items, target, len(items)))
    index = _index_of(items, target)
    if index >= 0:
        del items[index]
    return index >= 0


def _keep(items: list[Any], others: list[Any], present: bool) -> bool:
    kept = [item for item in items if (_index_of(others, item) >= 0) == present]
    changed = len(kept) != len(items)
    items[:] = kept
    return changed


def _sub_list(items: list[Any], start: int, end: int) -> ArrayList:
    if not 0 <= start <= end <= len(items):
        raise TemplateError(
            f"IndexOutOfBoundsException: fromIndex: {start}, toIndex: {end}, size: {len(items)}"
        )
    return ArrayList(items[start:end])


METHODS: Final[Methods] = {
    ("size", 0): Method(len),
    ("isEmpty", 0): Method(lambda items: not items),
    ("get", 1): Method(get, "i"),
    ("set", 2): Method(set_item, "io"),
    ("add", 1): Method(_add, "o"),
    ("add", 2): Method(_insert, "io"),
    ("addAll", 1): Method(_add_all, "l"),
    ("remove", 1): Method(_remove, "o"),
    ("removeAll", 1): Method(lambda items, others: _keep(items, others, present=False), "l"),
    ("retainAll", 1): Method(lambda items, others: _keep(items, others, present=True), "l"),
    ("clear", 0): Method(lambda items: items.clear()),
    ("contains", 1): Method(lambda items, value: _index_of(items, value) >= 0, "o"),
    ("containsAll", 1): Method(
        lambda items, others: all(_index_of(items, value) >= 0 for value in others), "l"
    ),
    ("indexOf", 1): Method(_index_of, "o"),
    ("lastIndexOf", 1): Method(_last_index_of, "o"),
    ("subList", 2): Method(_sub_list, "ii"),
    ("toArray", 0): Method(lambda items: ArrayList(items)),
    ("iterator", 0): Method(lambda items: Iterator(list(items))),
}
