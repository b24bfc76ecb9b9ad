"""java.util.Map for templates.

Must not know templates.
"""

from __future__ import annotations

from typing import Any, Final

from .errors import TemplateError
from .signatures import Method, Methods
from .values import MAX_ITEMS, ArrayList, Entry, same


def checked_key(key: Any) -> Any:
    """A key that a map can hold."""
    if isinstance(key, list | dict):
        raise TemplateError("A list or a map cannot be the key of a map")
    return key


def _put(entries: dict[Any, Any], key: Any, value: Any) -> Any:
    if len(entries) >= MAX_ITEMS:
        raise TemplateError("The map grew too large")
    before = entries.get(checked_key(key))
    entries[key] = value
    return before


def _put_if_absent(entries: dict[Any, Any], key: Any, value: Any) -> Any:
    return entries[key] if checked_key(key) in entries else _put(entries, key, value)


def _put_all(entries: dict[Any, Any], others: dict[Any, Any]) -> None:
    if len(entries) + len(others) > MAX_ITEMS:
        raise TemplateError("The map grew too large")
    entries.update(others)


def _entry_set(entries: dict[Any, Any]) -> ArrayList:
    return ArrayList([Entry(key, value) for key, value in entries.items()])


METHODS: Final[Methods] = {
    ("size", 0): Method(len),
    ("isEmpty", 0): Method(lambda entries: not entries),
    ("get", 1): Method(lambda entries, key: entries.get(checked_key(key)), "o"),
    ("getOrDefault", 2): Method(lambda entries, key, other: entries.get(checked_key(key), other), "oo"),
    ("put", 2): Method(_put, "oo"),
    ("putIfAbsent", 2): Method(_put_if_absent, "oo"),
    ("putAll", 1): Method(_put_all, "m"),
    ("remove", 1): Method(lambda entries, key: entries.pop(checked_key(key), None), "o"),
    ("clear", 0): Method(lambda entries: entries.clear()),
    ("containsKey", 1): Method(lambda entries, key: checked_key(key) in entries, "o"),
    ("containsValue", 1): Method(
        lambda entries, value: any(same(item, value) for item in entries.values()), "o"
    ),
    ("keySet", 0): Method(lambda entries: ArrayList(entries)),
    ("values", 0): Method(lambda entries: ArrayList(entries.values())),
    ("entrySet", 0): Method(_entry_set),
}
