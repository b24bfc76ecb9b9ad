"""DynamoDB's numbers: 38 significant digits, exactly, with magnitudes from 1e-130 to 9.99...e125.

Numbers travel and are stored as text; nothing here may round.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, localcontext
from enum import Enum
from typing import Final

from cloudlet.services.dynamodb.errors import ValidationException

PRECISION: Final = 38
MAX_EXPONENT: Final = 125
MIN_EXPONENT: Final = -130
OVERFLOW: Final = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW: Final = (
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)
NOT_NUMERIC: Final = "The parameter cannot be converted to a numeric value"
TOO_PRECISE: Final = "Attempting to store more than 38 significant digits in a Number"

_PLAIN_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,37}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_EXACT: Final = Context(prec=1000)

_ZERO_BYTE: Final = b"\x80"
_POSITIVE_BYTE: Final = b"\x81"
_NEGATIVE_BYTE: Final = b"\x7f"
_COMPLEMENT: Final = bytes(range(255, -1, -1))


class Wording(Enum):
    """DynamoDB words the same refusal of a value in two ways; the operation decides which."""

    CURRENT = "current"
    OLDER = "older"


def canonical_number(text: str, wording: Wording = Wording.CURRENT) -> str:
    """The text that DynamoDB gives back for a number: 1.0 is 1, 1e2 is 100. Raises ValidationException."""
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise _not_numeric(text, wording)
    exponent = int(match.group(1) or 0) if len(match.group(1) or "") < 25 else 2**64
    if not -(2**63) <= exponent < 2**63:
        raise _not_numeric(text, wording)
    if abs(exponent) >= 2**31 - 1:
        overflows = exponent > 0 and wording is Wording.CURRENT
        raise ValidationException(OVERFLOW if overflows else UNDERFLOW)
    return number_text(Decimal(text))


def _not_numeric(text: str, wording: Wording) -> ValidationException:
    if not text and wording is Wording.OLDER:
        return ValidationException(NOT_NUMERIC)
    return ValidationException(f"{NOT_NUMERIC}: {text}")


def _check_magnitude(exponent: int) -> None:
    if exponent > MAX_EXPONENT:
        raise ValidationException(OVERFLOW)
    if exponent < MIN_EXPONENT:
        raise ValidationException(UNDERFLOW)


def number_text(value: Decimal) -> str:
    """The canonical text of a number that was computed. Raises ValidationException beyond the limits."""
    _, digits, _ = value.as_tuple()
    if not any(digits):
        return "0"
    _check_magnitude(value.adjusted())
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text.lstrip("-").replace(".", "").strip("0")) > PRECISION:
        raise ValidationException(TOO_PRECISE)
    return text


def add(left: str, right: str, sign: int = 1) -> str:
    """left + sign * right, exactly. Raises ValidationException beyond the limits.

    DynamoDB calls it an overflow, too, when a result has too many digits.
    """
    with localcontext(_EXACT):
        result = Decimal(left) + sign * Decimal(right)
        if len(result.normalize().as_tuple().digits) > PRECISION:
            raise ValidationException(OVERFLOW)
        return number_text(result)


def number_order(text: str) -> bytes:
    """Bytes that sort as the number does, for keys. The text must be canonical.

    A sign byte, the exponent, then two decimal digits a byte; a negative number is the complement of its
    magnitude with a closing 0xff, so that -1.5 comes before -1.
    """
    negative = text[0] == "-"
    integer, _, fraction = text.lstrip("-").partition(".")
    digits = (integer + fraction).lstrip("0")
    if not digits:
        return _ZERO_BYTE
    exponent = len(integer) - 1 if integer != "0" else len(digits) - len(fraction) - 1
    digits = digits.rstrip("0")
    if len(digits) % 2:
        digits += "0"
    pairs = bytes(int(digits[index : index + 2]) + 1 for index in range(0, len(digits), 2))
    magnitude = bytes((exponent - MIN_EXPONENT,)) + pairs
    if negative:
        return _NEGATIVE_BYTE + magnitude.translate(_COMPLEMENT) + b"\xff"
    return _POSITIVE_BYTE + magnitude


def number_size(text: str) -> int:
    """The bytes DynamoDB counts for a canonical number.

    One, one for each begun pair of digits before the point, the same after it, one for a minus sign. Zeros at
    either end count nothing.
    """
    negative = text[0] == "-"
    integer, _, fraction = text.lstrip("-").partition(".")
    if not fraction:
        integer = integer.rstrip("0")
    elif integer == "0":
        integer, fraction = "", fraction.lstrip("0")
    return 1 + (len(integer) + 1) // 2 + (len(fraction) + 1) // 2 + negative
