"""Lines of files to import as items: DynamoDB JSON, CSV, Amazon Ion.

No rules of tables. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.dynamodb.attribute_json import Malformed, item_of, value_of
from cloudlet.services.dynamodb.imports import CSV, DYNAMODB_JSON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudlet.services.dynamodb.imports import Import
    from cloudlet.services.dynamodb.values import AttributeValue, Item

Reader: TypeAlias = "Callable[[str], Iterable[Item]]"
"""The items in a line, without its end, of one object. Raises Malformed."""

_DECODER: Final = json.JSONDecoder()


def reader_of(import_: Import) -> Reader:
    """What reads one object's lines. Raises NotImplementedHere where Ion's library is not installed."""
    if import_.input_format == DYNAMODB_JSON:
        return _json_items
    if import_.input_format == CSV:
        types = {
            each["AttributeName"]: each["AttributeType"]
            for each in import_.parameters["AttributeDefinitions"]
        }
        return _CsvReader(import_.delimiter, import_.header, types).items
    return _ion_reader()


def _json_items(line: str) -> Iterator[Item]:
    """DynamoDB takes items that stand one after the other on a line, too."""
    rest = line.strip()
    while rest:
        try:
            document, end = _DECODER.raw_decode(rest)
        except (ValueError, RecursionError) as error:
            raise Malformed(f"The line is not valid JSON: {error}") from error
        if not isinstance(document, dict) or "Item" not in document:
            raise Malformed("The JSON object has no Item")
        yield item_of(document["Item"])
        rest = rest[end:].lstrip()


def _ion_reader() -> Reader:
    try:
        from cloudlet.services.dynamodb import attribute_ion  # noqa: PLC0415  its library is an extra
    except ModuleNotFoundError as error:
        raise NotImplementedHere(
            "cloudlet imports Amazon Ion only where its extra `ion` is installed."
        ) from error

    def items(line: str) -> Iterator[Item]:
        yield attribute_ion.item_in(line)

    return items


class _CsvReader:
    """The lines of one CSV file. Columns that are in no key become strings."""

    def __init__(self, delimiter: str, names: tuple[str, ...] | None, types: Mapping[str, str]) -> None:
        mark = re.escape(delimiter)
        self._field = re.compile(rf'(?:"((?:[^"]|"")*)"|([^"{mark}]*))({mark}|\Z)')
        self._names = names
        self._types = types

    def items(self, line: str) -> Iterator[Item]:
        """The item in a line; none in the one that names the columns."""
        fields = self._fields(line)
        if self._names is None:
            self._names = tuple(fields)
        elif len(fields) != len(self._names):
            raise Malformed(
                f"The line has {len(fields)} columns, while there are names for {len(self._names)}"
            )
        else:
            yield {name: self._value(name, text) for name, text in zip(self._names, fields, strict=True)}

    def _value(self, name: str, text: str) -> AttributeValue:
        kind = self._types.get(name, "S")
        return value_of({kind: text})

    def _fields(self, line: str) -> list[str]:
        fields: list[str] = []
        at = 0
        while True:
            match = self._field.match(line, at)
            if match is None:
                raise Malformed("A double quote in a CSV file must be escaped by another one")
            quoted, plain, more = match.groups()
            fields.append(plain if quoted is None else quoted.replace('""', '"'))
            if not more:
                return fields
            at = match.end()
