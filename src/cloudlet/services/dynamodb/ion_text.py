"""Items as lines of Amazon Ion text, as files of exports have them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
Ion's text is JSON with more types, so that writing it needs no library.
"""

from __future__ import annotations

import base64
import json
import re
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.dynamodb.values import AttributeValue, Item

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_SYSTEM_SYMBOL: Final = re.compile(r"\$[0-9]+|\$ion_.*")
_KEYWORDS: Final = frozenset(("null", "true", "false", "nan"))
_ENOUGH_DIGITS: Final = Context(prec=64)


def ion_line(item: Item) -> bytes:
    """An item as a data file has it, on a line."""
    return f"$ion_1_0 {{Item:{_struct(item)}}}\n".encode()


def _struct(item: Mapping[str, AttributeValue]) -> str:
    return f"{{{','.join(f'{_symbol(name)}:{_value(value)}' for name, value in item.items())}}}"


def _value(value: AttributeValue) -> str:
    kind, content = next(iter(value.items()))
    if kind == "NULL":
        return "null"
    if kind == "BOOL":
        return "true" if content else "false"
    if kind == "M":
        return _struct(content)
    if kind == "L":
        return f"[{','.join(map(_value, content))}]"
    if kind in ("SS", "NS", "BS"):
        return f"$dynamodb_{kind}::[{','.join(_scalar(kind[0], each) for each in content)}]"
    return _scalar(kind, content)


def _scalar(kind: str, content: Any) -> str:
    if kind == "N":
        return _decimal(content)
    if kind == "B":
        return f"{{{{{base64.b64encode(content).decode()}}}}}"
    return _quoted(content)


def _decimal(number: str) -> str:
    """A number as Ion's decimals are spelled: 103. or 6d2, never an integer."""
    text = str(Decimal(number).normalize(_ENOUGH_DIGITS)).lower()
    if "e" in text:
        return text.replace("e+", "d").replace("e", "d")
    return text if "." in text else f"{text}."


def _symbol(name: str) -> str:
    plain = _IDENTIFIER.fullmatch(name) and not _SYSTEM_SYMBOL.fullmatch(name) and name not in _KEYWORDS
    return name if plain else "'" + _quoted(name)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
