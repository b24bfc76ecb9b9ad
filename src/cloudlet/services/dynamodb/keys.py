"""The rules of key attributes: that they are there, of the right type, not empty and not too long.

Pure rules on items and keys; where the rows stand is in state.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.values import INVALID, value_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.services.dynamodb.expressions.names import ResolvedPath
    from cloudlet.services.dynamodb.model import Index, Table
    from cloudlet.services.dynamodb.values import AttributeValue, Item

MAX_PARTITION_KEY_BYTES: Final = 2048
MAX_SORT_KEY_BYTES: Final = 1024
SCHEMA_MISMATCH: Final = "The provided key element does not match the schema"
_NOT_VALID: Final = "One or more parameter values are not valid. "
_EMPTY_NAMES: Final = {"S": "string", "B": "binary"}


class EmptyKeyValue(ValidationException):
    """Raised for an empty value in a key; a transaction refuses it before it begins."""

    code = "ValidationException"


def check_key(table: Table, key: Item) -> None:
    """Raises ValidationException for a key that is not exactly the table's."""
    attributes = table.keys.attributes
    if len(key) != len(attributes):
        raise ValidationException(SCHEMA_MISMATCH)
    types = table.attribute_types
    for name in attributes:
        value = key.get(name)
        if value is None or types[name] not in value:
            raise ValidationException(SCHEMA_MISMATCH)
        _check_length(name, value, partition=name == table.keys.partition)


def check_item(table: Table, item: Item) -> None:
    """Raises ValidationException for an item whose key attributes the table or an index cannot keep."""
    types = table.attribute_types
    for name in table.keys.attributes:
        value = item.get(name)
        if value is None:
            raise ValidationException(f"{INVALID}Missing the key {name} in the item")
        kind = types[name]
        if kind not in value:
            actual = next(iter(value))
            raise ValidationException(
                f"{INVALID}Type mismatch for key {name} expected: {kind} actual: {actual}"
            )
        _check_length(name, value, partition=name == table.keys.partition)
    if table.indexes:
        check_index_keys(table, item)


def check_item_key(table: Table, item: Item) -> None:
    """As check_item() for a batch, which words every fault of the table's key as a schema mismatch."""
    for name in table.keys.attributes:
        value = item.get(name)
        if value is None or table.attribute_types[name] not in value:
            raise ValidationException(SCHEMA_MISMATCH)
    check_item(table, item)


def check_index_keys(table: Table, item: Item) -> None:
    """Raises ValidationException for a value that an index cannot have in its key."""
    for index in table.indexes:
        _check_keys_of(table, index, item)


def can_keep(table: Table, index: Index, item: Item) -> bool:
    """Whether an index can have an item that was there before it."""
    if not index.holds(item):
        return False
    try:
        _check_keys_of(table, index, item)
    except ValidationException:
        return False
    return True


def index_key_mismatch(table: Table, name: str, actual: str) -> ValidationException:
    """The refusal of a value of a wrong type for the key of an index."""
    return ValidationException(
        f"{INVALID}Type mismatch for Index Key {name} Expected: {table.attribute_types[name]} "
        f"Actual: {actual} IndexName: {_index_told(table, name)}"
    )


def check_not_emptied(table: Table, name: str, value: AttributeValue) -> None:
    """Raises EmptyKeyValue for an update that leaves the key of an index without content."""
    kind, content = next(iter(value.items()))
    if not content and any(name in index.keys.attributes for index in table.indexes):
        raise EmptyKeyValue(
            f"{_NOT_VALID}The update expression attempted to update a secondary index key to a value that is "
            f"not supported. The AttributeValue for a key attribute cannot contain an empty "
            f"{_EMPTY_NAMES[kind]} value."
        )


def _check_keys_of(table: Table, index: Index, item: Item) -> None:
    for name in index.keys.attributes:
        if name in item and name not in table.keys.attributes:
            _check_index_key(table, name, item[name], partition=name in index.keys.partitions)
    if index.keys.has_several:
        _check_together(index, item)


def _index_told(table: Table, name: str) -> str:
    """The index that a refusal names: of those with the attribute in their key the first by name."""
    return min(index.name for index in table.indexes if name in index.keys.attributes)


def _check_index_key(table: Table, name: str, value: AttributeValue, *, partition: bool) -> None:
    kind, content = next(iter(value.items()))
    if kind != table.attribute_types[name]:
        raise index_key_mismatch(table, name, kind)
    if not content:
        raise EmptyKeyValue(
            f"{_NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue "
            f"for a key attribute cannot contain an empty {_EMPTY_NAMES[kind]} value. "
            f"IndexName: {_index_told(table, name)}, IndexKey: {name}"
        )
    _check_size(kind, content, partition=partition)


def _check_together(index: Index, item: Item) -> None:
    """Raises ValidationException for attributes that are together too long for a key."""
    for names, is_partition in ((index.keys.partitions, True), (index.keys.sorts, False)):
        size = sum(value_size(item[name]) for name in names if name in item)
        _check_bound(size, partition=is_partition)


def check_not_empty(name: str, value: AttributeValue) -> None:
    """Raises ValidationException for a key attribute without content."""
    kind, content = next(iter(value.items()))
    if not content:
        raise EmptyKeyValue(
            f"{_NOT_VALID}The AttributeValue for a key attribute cannot contain an empty "
            f"{_EMPTY_NAMES[kind]} value. Key: {name}"
        )


def _check_length(name: str, value: AttributeValue, *, partition: bool) -> None:
    check_not_empty(name, value)
    kind, content = next(iter(value.items()))
    if len(content) > MAX_SORT_KEY_BYTES // 4:
        _check_size(kind, content, partition=partition)


def _check_size(kind: str, content: str | bytes, *, partition: bool) -> None:
    size = 0 if kind == "N" else len(content if isinstance(content, bytes) else content.encode())
    _check_bound(size, partition=partition)


def _check_bound(size: int, *, partition: bool) -> None:
    if partition and size > MAX_PARTITION_KEY_BYTES:
        raise ValidationException(
            f"{INVALID}Size of hashkey has exceeded the maximum size limit of{MAX_PARTITION_KEY_BYTES} bytes"
        )
    if not partition and size > MAX_SORT_KEY_BYTES:
        raise ValidationException(
            f"{INVALID}Aggregated size of all range keys has exceeded the size limit of "
            f"{MAX_SORT_KEY_BYTES} bytes"
        )


def check_paths(table: Table, paths: Iterable[ResolvedPath]) -> None:
    """Raises ValidationException for a path into a key attribute, which is never a document."""
    for path in paths:
        if len(path) == 1:
            continue
        name = str(path[0])
        if name in table.keys.attributes:
            raise _no_scalar("Key", name)
        if any(name in index.keys.attributes for index in table.indexes):
            raise _no_scalar("IndexKey", name)


def _no_scalar(what: str, name: str) -> ValidationException:
    return ValidationException(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
        f"{what}: {name}"
    )
