"""$util of mapping templates.

Must not hold state: one object serves all renderings.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus

from .errors import TemplateError
from .methods import HostObject
from .values import checked_text, text_of

# Commons Lang escapes both quotes and the slash, and everything outside printable ASCII.
ESCAPES: Final = {
    "\b": "\\b",
    "\n": "\\n",
    "\t": "\\t",
    "\f": "\\f",
    "\r": "\\r",
    "'": "\\'",
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
}


def escape_javascript(value: Any) -> str:
    """Text made safe within a JavaScript string; AWS documents that \\' has to be undone for JSON."""
    return checked_text("".join([_escaped(character) for character in text_of(value)]))


def _escaped(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    if " " <= character <= "~" or character == "\x7f":
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02X}{units[i + 1]:02X}" for i in range(0, len(units), 2))


def parse_json(value: Any) -> Any:
    """JSON text as something a template can walk."""
    if not isinstance(value, str):
        return None
    if not value.strip():
        return None
    try:
        return json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TemplateError(f"Unable to parse JSON: {error}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def url_encode(value: Any) -> str:
    """application/x-www-form-urlencoded, as java.net.URLEncoder does it."""
    encoded = quote_plus(text_of(value).encode("utf-8", "replace"), safe="*")
    return checked_text(encoded.replace("~", "%7E"))


def url_decode(value: Any) -> str:
    """The reverse of url_encode."""
    return unquote_plus(text_of(value))


def base64_encode(value: Any) -> str:
    """Base64 of the UTF-8 form of a text."""
    return checked_text(base64.b64encode(text_of(value).encode("utf-8", "replace")).decode("ascii"))


def base64_decode(value: Any) -> str:
    """The UTF-8 text that Base64 stands for."""
    try:
        return base64.b64decode(text_of(value), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise TemplateError(f"Illegal base64: {error}") from error


UTIL: Final = HostObject(
    {},
    {
        "escapeJavaScript/1": escape_javascript,
        "parseJson/1": parse_json,
        "urlEncode/1": url_encode,
        "urlDecode/1": url_decode,
        "base64Encode/1": base64_encode,
        "base64Decode/1": base64_decode,
    },
)
