"""Attribute values in Amazon Ion, as files of imports have them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
The library is loaded with this module, so that only those load this module who meet Ion.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from amazon.ion import simpleion
from amazon.ion.core import IonType
from amazon.ion.exceptions import IonException

from cloudlet.services.dynamodb.attribute_json import Malformed

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.values import AttributeValue, Item

_SETS: Final = {"$dynamodb_SS": "SS", "$dynamodb_NS": "NS", "$dynamodb_BS": "BS"}


def item_in(line: str) -> Item:
    """The item in a line of Ion: $ion_1_0 {Item:{...}}. Raises Malformed."""
    try:
        document = simpleion.loads(line)
    except IonException as error:
        raise Malformed(f"The line is not one Ion value: {error}") from error
    item = document.get("Item") if isinstance(document, Mapping) else None
    if not isinstance(item, Mapping):
        raise Malformed("The Ion value has no Item")
    return _attributes(item)


def _attributes(struct: Any) -> Item:
    return {str(name): _value(value) for name, value in struct.items()}


def _value(value: Any) -> AttributeValue:
    kind = IonType(value.ion_type)
    if kind is IonType.NULL:
        return {"NULL": True}
    if kind is IonType.BOOL:
        return {"BOOL": bool(value)}
    if kind in (IonType.DECIMAL, IonType.INT):
        return {"N": str(Decimal(value))}
    if kind is IonType.STRING:
        return {"S": str(value)}
    if kind is IonType.BLOB:
        return {"B": bytes(value)}
    if kind is IonType.STRUCT:
        return {"M": _attributes(value)}
    if kind is IonType.LIST:
        return _list(value)
    raise Malformed(f"DynamoDB has no datatype for Ion's {kind.name.lower()}")


def _list(values: Any) -> AttributeValue:
    members = [_value(each) for each in values]
    kind = next((_SETS[each.text] for each in values.ion_annotations if each.text in _SETS), None)
    if kind is None:
        return {"L": members}
    if not all(kind[0] in each for each in members):
        raise Malformed(f"A member of a set is not of the datatype {kind[0]}")
    return {kind: [each[kind[0]] for each in members]}
