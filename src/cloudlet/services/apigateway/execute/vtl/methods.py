"""The methods and properties that templates may use on values and on what the gateway hands in.

Must not reach Python's own attributes: a method is in the tables or it is not there, which is null, as is a
call with arguments of the wrong kind. A method that Java would let fail raises TemplateError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from . import list_methods, map_methods, number_methods, string_methods
from .errors import TemplateError
from .signatures import Method, Methods
from .values import MAX_ITEMS, ArrayList, Entry, Iterator, hash_code, same, text_of


class HostObject:
    """An object of the gateway's own: named properties and methods, and nothing else."""

    __slots__ = ("methods", "properties", "size")

    def __init__(
        self, properties: Mapping[str, Any], methods: Mapping[str, Callable[..., Any]], size: int = 0
    ) -> None:
        self.properties = properties
        self.methods = methods
        self.size = size
        """How much its methods have to look through, in characters."""


ENTRY_METHODS: Final[Methods] = {
    ("getKey", 0): Method(lambda entry: entry.key),
    ("getValue", 0): Method(lambda entry: entry.value),
}
ITERATOR_METHODS: Final[Methods] = {
    ("hasNext", 0): Method(lambda iterator: iterator.has_next()),
    ("next", 0): Method(lambda iterator: iterator.next()),
}
BOOLEAN_METHODS: Final[Methods] = {("booleanValue", 0): Method(lambda value: value)}
OBJECT_METHODS: Final[Methods] = {
    ("toString", 0): Method(text_of),
    ("equals", 1): Method(same, "o"),
    ("hashCode", 0): Method(hash_code),
}
METHODS: Final[dict[type, Methods]] = {
    str: string_methods.METHODS,
    list: list_methods.METHODS,
    ArrayList: list_methods.METHODS,
    dict: map_methods.METHODS,
    int: number_methods.METHODS,
    float: number_methods.METHODS,
    bool: BOOLEAN_METHODS,
    Entry: ENTRY_METHODS,
    Iterator: ITERATOR_METHODS,
}


def call_method(owner: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    """What a method answers; None where there is no such method."""
    if type(owner) is HostObject:
        return _call_host(owner, name, arguments)
    key = (name, len(arguments))
    table = METHODS.get(type(owner))
    if table is None:
        return None
    method = table.get(key) or OBJECT_METHODS.get(key)
    if method is None or not method.accepts(arguments):
        return None
    return method.function(owner, *arguments)


def _call_host(owner: HostObject, name: str, arguments: tuple[Any, ...]) -> Any:
    method = owner.methods.get(f"{name}/{len(arguments)}")
    return None if method is None else method(*arguments)


def property_of(owner: Any, name: str) -> Any:
    """What .name is on a value that is neither a plain map nor a loop: Java's getters."""
    if isinstance(owner, HostObject):
        return owner.properties.get(name)
    if isinstance(owner, Entry):
        return {"key": owner.key, "value": owner.value}.get(name)
    if name == "empty" and isinstance(owner, str | list):
        return not owner
    return None


def item_of(owner: Any, key: Any) -> Any:
    """What [key] is: an item of a list, counted from its end when negative, or a key of a map."""
    if isinstance(owner, dict):
        return owner.get(checked_key(key))
    if isinstance(owner, list) and type(key) is int:
        return list_methods.get(owner, key + len(owner) if key < 0 else key)
    if isinstance(owner, HostObject) and isinstance(key, str):
        return owner.properties.get(key)
    return None


def put_property(owner: Any, name: str, value: Any) -> None:
    """Assign to .name; only a map can take it, anything else ignores it."""
    if isinstance(owner, dict):
        put_item(owner, name, value)


def put_item(owner: Any, key: Any, value: Any) -> None:
    """Assign to [key] of a map or a list; anything else ignores it."""
    if isinstance(owner, dict):
        if len(owner) >= MAX_ITEMS:
            raise TemplateError("The map grew too large")
        owner[checked_key(key)] = value
    elif isinstance(owner, list) and type(key) is int:
        list_methods.set_item(owner, key + len(owner) if key < 0 else key, value)


def checked_key(key: Any) -> Any:
    """A key that a map can hold."""
    return map_methods.checked_key(key)
