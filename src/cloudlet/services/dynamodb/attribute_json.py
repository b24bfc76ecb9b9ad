"""Attribute values in DynamoDB JSON, as files have them: binary is Base64, and nothing has checked the shape.

Only the shape is judged here; whether a number is one, or a set is empty, is the affair of values.py.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.values import AttributeValue, Item

_SCALARS: Final = {"S": str, "N": str, "BOOL": bool, "NULL": bool}
_SETS: Final = frozenset(("SS", "NS"))


class Malformed(Exception):
    """Raised for what is no attribute value in DynamoDB JSON."""


def item_of(document: Any) -> Item:
    """The item in a JSON object. Raises Malformed."""
    if not isinstance(document, dict):
        raise Malformed("An item must be a JSON object of attribute values")
    return {name: value_of(value) for name, value in document.items()}


def value_of(document: Any) -> AttributeValue:
    """The value in a JSON object such as {"S": "a"}. Raises Malformed."""
    if not isinstance(document, dict) or len(document) != 1:
        raise Malformed(
            "An attribute value must be a JSON object with exactly one of the supported datatypes"
        )
    kind, content = next(iter(document.items()))
    if kind in _SCALARS and isinstance(content, _SCALARS[kind]):
        return {kind: content}
    if kind == "B":
        return {"B": _binary(content)}
    if kind == "M":
        return {"M": item_of(content)}
    if not isinstance(content, list):
        raise Malformed(f"Unexpected content of the datatype {kind}")
    if kind == "L":
        return {"L": [value_of(each) for each in content]}
    if kind == "BS":
        return {"BS": [_binary(each) for each in content]}
    if kind in _SETS and all(isinstance(each, str) for each in content):
        return {kind: content}
    raise Malformed(f"Unexpected content of the datatype {kind}")


def _binary(content: Any) -> bytes:
    if not isinstance(content, str):
        raise Malformed("Unexpected content of the datatype B")
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as error:
        raise Malformed("The content of the datatype B is not Base64") from error
