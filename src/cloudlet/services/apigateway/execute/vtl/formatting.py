"""Java's String.format, as far as templates use it: %s %d %f %e %x %X %o %c %b %n %%.

Must not build text of any size: width and precision are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from .errors import TemplateError
from .values import checked_integer, checked_text, is_number, text_of

MAX_WIDTH: Final = 1000
SPECIFIER: Final = re.compile(r"%(?:([0-9]+)\$)?([-+ 0,#(]*)([0-9]+)?(?:\.([0-9]+))?([a-zA-Z%])?")


def java_format(text: str, arguments: Sequence[Any]) -> str:
    """The text with its specifiers filled in; raises TemplateError where Java throws."""
    position = 0

    def filled(found: re.Match[str]) -> str:
        nonlocal position
        index, flags, width, precision, conversion = found.groups()
        if conversion in ("n", "%"):
            return "\n" if conversion == "n" else "%"
        if conversion is None or conversion not in "sSdfexXocb":
            raise TemplateError(f"UnknownFormatConversionException: Conversion = '{conversion or '%'}'")
        if index is None:
            position += 1
        chosen = int(index[:6]) if index else position
        if not 1 <= chosen <= len(arguments):
            raise TemplateError(f"MissingFormatArgumentException: Format specifier '{found.group()}'")
        return _formatted(arguments[chosen - 1], flags, _bounded(width), _bounded(precision), conversion)

    return checked_text(SPECIFIER.sub(filled, text))


def _bounded(number: str | None) -> int | None:
    if number is None:
        return None
    if len(number) > 4 or int(number) > MAX_WIDTH:
        raise TemplateError("The width of a format specifier is too large")
    return int(number)


def _formatted(value: Any, flags: str, width: int | None, precision: int | None, conversion: str) -> str:
    if conversion in "dxXo":
        return _padded(_integer(value, flags, conversion), flags, width)
    if conversion in "fe":
        return _padded(_decimal(value, flags, precision, conversion), flags, width)
    text = text_of(value is not None and value is not False) if conversion == "b" else text_of(value)
    text = text if precision is None else text[:precision]
    return _padded(text.upper() if conversion == "S" else text, flags.replace("0", ""), width)


def _integer(value: Any, flags: str, conversion: str) -> str:
    if type(value) is not int:
        raise TemplateError(f"IllegalFormatConversionException: {conversion} != {type(value).__name__}")
    number = checked_integer(value)
    if conversion != "d":
        return format(number if number >= 0 else number + 2**32, conversion)
    return format(number, _sign(flags) + ("," if "," in flags else "") + "d")


def _decimal(value: Any, flags: str, precision: int | None, conversion: str) -> str:
    if not is_number(value) or isinstance(value, int):
        raise TemplateError(f"IllegalFormatConversionException: {conversion} != {type(value).__name__}")
    digits = 6 if precision is None else precision
    return format(value, f"{_sign(flags)}{',' if ',' in flags else ''}.{digits}{conversion}")


def _sign(flags: str) -> str:
    return "+" if "+" in flags else " " if " " in flags else ""


def _padded(text: str, flags: str, width: int | None) -> str:
    if width is None:
        return text
    if "-" in flags:
        return text.ljust(width)
    return text.zfill(width) if "0" in flags else text.rjust(width)
