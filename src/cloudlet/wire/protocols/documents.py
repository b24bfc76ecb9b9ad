"""Shapes to and from plain documents: what a JSON or CBOR body holds once decoded.

Compiled to closures, one for each use of a shape. Touches no bytes: those are `json`'s and `cbor`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NoReturn, TypeAlias

import orjson

from cloudlet.wire.model import Shape
from cloudlet.wire.protocols.errors import SerializationException
from cloudlet.wire.protocols.scalars import (
    TIMESTAMP_WRITERS,
    read_blob,
    read_epoch,
    read_timestamp_text,
    write_blob,
    write_epoch,
    write_float,
)

Codec: TypeAlias = Callable[[Any], Any]

_PLAIN: Final = {"string": str, "character": str, "integer": int, "long": int, "boolean": bool}
_JAVA: Final = {
    "string": "String",
    "character": "String",
    "integer": "Integer",
    "long": "Long",
    "boolean": "Boolean",
    "float": "Float",
    "double": "Double",
    "timestamp": "Timestamp",
    "blob": "Blob",
}
_STRUCTURE_FOUND: Final = "Start of structure or map found where not expected."
_LIST_FOUND: Final = "Start of list found where not expected"


class Wording:
    """How a service says that a value has the wrong type: two generations of AWS's framework differ."""

    def __init__(self, *, dynamodb: bool = False, classes: bool = False) -> None:
        self._dynamodb = dynamodb
        self._classes = classes

    def refuse(self, value: Any, shape: Shape) -> NoReturn:
        """Raises SerializationException for a value that is not of the shape's type."""
        raise SerializationException(self._text(value, shape.type))

    def _text(self, value: Any, shape_type: str) -> str:
        if isinstance(value, dict):
            return _STRUCTURE_FOUND.rstrip(".") if self._dynamodb else _STRUCTURE_FOUND
        java = _JAVA.get(shape_type)
        if isinstance(value, (list, tuple)):
            return (
                f"Unrecognized collection type class java.lang.{java}"
                if self._dynamodb and java
                else _LIST_FOUND
            )
        if java is None:
            return "Unexpected field type"
        if self._dynamodb:
            return f"{_token(value)} cannot be converted to {java}"
        if self._classes:
            return f"{_class(value)} can not be converted to an {java}"
        article = "an" if java[0] in "AEIO" else "a"
        return f"{_token(value)} can not be converted to {article} {java}"


def _token(value: Any) -> str:
    if value is None:
        return "NULL_VALUE"
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, float):
        return "DECIMAL_VALUE"
    return "NUMBER_VALUE" if isinstance(value, int) else "STRING_VALUE"


def _class(value: Any) -> str:
    if isinstance(value, bool):
        return "class java.lang.Boolean"
    if isinstance(value, str):
        return "class java.lang.String"
    return "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"


def _plain(shape: Shape) -> type | None:
    """The type of what needs no conversion."""
    return None if shape.traits.get("jsonvalue") else _PLAIN.get(shape.type)


class DocumentCodecs:
    """Makes and keeps the codecs of a service's shapes. Subclasses say how JSON's or CBOR's leaves look."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self._readers: dict[tuple[str, str], Codec] = {}
        self._writers: dict[tuple[str, str], Codec] = {}

    def reader(self, shape: Shape) -> Codec:
        """What turns a decoded document into the value a boto3 user would pass."""
        return self._kept(self._readers, shape, self._make_reader)

    def writer(self, shape: Shape) -> Codec:
        """What turns the value that boto3 would return into a document."""
        return self._kept(self._writers, shape, self._make_writer)

    def _kept(
        self, made: dict[tuple[str, str], Codec], shape: Shape, make: Callable[[Shape], Codec]
    ) -> Codec:
        identity = shape.identity()
        if identity not in made:
            # A shape may contain itself: whoever asks meanwhile gets a codec that looks the finished one up.
            made[identity] = lambda value: made[identity](value)
            made[identity] = make(shape)
        return made[identity]

    def _make_reader(self, shape: Shape) -> Codec:
        if shape.traits.get("document"):
            return _unchanged
        match shape.type:
            case "structure":
                return self._structure_reader(shape)
            case "list":
                return self._list_reader(shape)
            case "map":
                return self._map_reader(shape)
            case _:
                return self.leaf_reader(shape)

    def _structure_reader(self, shape: Shape) -> Codec:
        fields = {
            member.location_name or name: (name, _plain(member), self.reader(member))
            for name, member in shape.members.items()
        }
        find, refuse, union = fields.get, self.wording.refuse, shape.has("union")

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                refuse(value, shape)
            result = {}
            for wire_name, item in value.items():
                field = find(wire_name)
                if field is not None and item is not None:
                    name, plain, reader = field
                    result[name] = item if type(item) is plain else reader(item)
            if union:
                _check_union(shape, value, result)
            return result

        return read

    def _list_reader(self, shape: Shape) -> Codec:
        plain, reader, refuse = _PLAIN.get(shape.member.type), self.reader(shape.member), self.wording.refuse

        def read(value: Any) -> list[Any]:
            if type(value) is not list:
                refuse(value, shape)
            return [item if type(item) is plain or item is None else reader(item) for item in value]

        return read

    def _map_reader(self, shape: Shape) -> Codec:
        plain, reader, refuse = _PLAIN.get(shape.value.type), self.reader(shape.value), self.wording.refuse

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                refuse(value, shape)
            return {
                key: item if type(item) is plain or item is None else reader(item)
                for key, item in value.items()
                if type(key) is str or refuse(key, shape.key)
            }

        return read

    def leaf_reader(self, shape: Shape) -> Codec:
        """The reader of a scalar."""
        plain, refuse = _plain(shape), self.wording.refuse
        if plain is None:
            return self.special_reader(shape)

        def read(value: Any) -> Any:
            if type(value) is plain:
                return value
            if plain is int and type(value) is float and math.isfinite(value):
                return int(value)
            return refuse(value, shape)

        return read

    def special_reader(self, shape: Shape) -> Codec:
        """The reader of a blob, timestamp, float or double."""
        raise NotImplementedError

    def special_writer(self, shape: Shape) -> Codec | None:
        """The writer of a blob, timestamp, float or double; None for what is written as it is."""
        raise NotImplementedError

    def _make_writer(self, shape: Shape) -> Codec:
        if shape.traits.get("document"):
            return _unchanged
        match shape.type:
            case "structure":
                return self._structure_writer(shape)
            case "list":
                member = self.writer(shape.member)
                return lambda value: [None if item is None else member(item) for item in value]
            case "map":
                held = self.writer(shape.value)
                return lambda value: {
                    key: None if item is None else held(item) for key, item in value.items()
                }
            case _:
                return self.special_writer(shape) or _unchanged

    def _structure_writer(self, shape: Shape) -> Codec:
        fields = {
            name: (member.location_name or name, None if _plain(member) else self.writer(member))
            for name, member in shape.members.items()
        }

        def write(value: Any) -> dict[str, Any]:
            result = {}
            for name, item in value.items():
                if item is not None:
                    wire_name, writer = fields[name]
                    result[wire_name] = item if writer is None else writer(item)
            return result

        return write


def _check_union(shape: Shape, document: dict[str, Any], members: dict[str, Any]) -> None:
    if len(members) > 1:
        raise SerializationException(
            f"Union {shape.name} must have exactly one member set, found {len(members)}"
        )
    given = [name for name, item in document.items() if item is not None and name != "__type"]
    if given and not members:
        raise SerializationException(f"Union {shape.name} has no member {given[0]}")


class JsonCodecs(DocumentCodecs):
    """JSON: blobs are base64, times seconds since 1970 unless modelled otherwise, odd floats strings."""

    def special_reader(self, shape: Shape) -> Codec:
        """The reader of a blob, timestamp, float or double."""
        refuse = self.wording.refuse
        read_it, accepted = _SPECIAL_JSON[shape.type]

        def read(value: Any) -> Any:
            if type(value) not in accepted:
                refuse(value, shape)
            try:
                return read_it(value)
            except ValueError:
                refuse(value, shape)

        return read

    def special_writer(self, shape: Shape) -> Codec | None:
        """The writer of a blob, timestamp, float or double; None for what is written as it is."""
        match shape.type:
            case "blob":
                return write_blob
            case "timestamp":
                chosen = shape.traits.get("timestampFormat", "unixTimestamp")
                return write_epoch if chosen == "unixTimestamp" else TIMESTAMP_WRITERS[chosen]
            case "float" | "double":
                return lambda value: value if math.isfinite(value) else write_float(value)
            case "string" if shape.has("jsonvalue"):
                return lambda value: orjson.dumps(value).decode()
            case _:
                return None


def _read_json_time(value: Any) -> datetime:
    return read_timestamp_text(value) if isinstance(value, str) else read_epoch(value)


def _read_json_float(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in ("NaN", "Infinity", "-Infinity"):
        raise ValueError(value)
    return float(value)


_SPECIAL_JSON: Final[dict[str, tuple[Codec, tuple[type, ...]]]] = {
    "string": (orjson.loads, (str,)),
    "blob": (read_blob, (str,)),
    "timestamp": (_read_json_time, (int, float, str)),
    "float": (_read_json_float, (int, float, str)),
    "double": (_read_json_float, (int, float, str)),
}
"""What is no plain value in JSON: how it is read, and from what."""


def _unchanged(value: Any) -> Any:
    return value
