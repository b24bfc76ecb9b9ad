"""Scalars as text: timestamps in AWS's three formats, floats with their odd values, base64, booleans.

Reading raises ValueError for what is none; the caller knows which error that is in its protocol.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,40}")
_FLOAT: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_ODD_FLOATS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def read_epoch(value: float | str) -> datetime:
    """Seconds since 1970 as a time."""
    try:
        return _EPOCH + timedelta(seconds=float(value))
    except OverflowError as error:
        raise ValueError(f"not a time: {value}") from error


def read_timestamp_text(text: str) -> datetime:
    """A time in any of the three formats: AWS's servers take each of them in a text."""
    text = text.strip()
    if _FLOAT.fullmatch(text):
        return read_epoch(text)
    try:
        moment = parsedate_to_datetime(text) if text[:1].isalpha() else datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (OverflowError, TypeError, IndexError) as error:
        raise ValueError(f"not a time: {text}") from error


def epoch_of(moment: datetime | float) -> float:
    """Seconds since 1970; a time without a zone is meant as UTC."""
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH).total_seconds()


def write_epoch(moment: datetime | float) -> float | int:
    """Seconds since 1970 to the millisecond; whole seconds without a fraction."""
    seconds = round(epoch_of(moment), 3)
    return int(seconds) if seconds == int(seconds) else seconds


def _aware(moment: datetime | float) -> datetime:
    return _EPOCH + timedelta(seconds=epoch_of(moment))


def write_iso8601(moment: datetime | float) -> str:
    """2006-01-02T15:04:05Z, with milliseconds where there are any."""
    aware = _aware(moment)
    text = aware.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    milliseconds = aware.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def write_iso8601_milliseconds(moment: datetime | float) -> str:
    """2006-01-02T15:04:05.000Z: S3 writes milliseconds always."""
    aware = _aware(moment)
    return f"{aware:%Y-%m-%dT%H:%M:%S}.{aware.microsecond // 1000:03d}Z"


def write_http_date(moment: datetime | float) -> str:
    """Mon, 02 Jan 2006 15:04:05 GMT"""
    return format_datetime(_aware(moment).replace(microsecond=0), usegmt=True)


def write_epoch_text(moment: datetime | float) -> str:
    """Seconds since 1970 as text."""
    return str(write_epoch(moment))


TIMESTAMP_WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "iso8601": write_iso8601,
    "rfc822": write_http_date,
    "unixTimestamp": write_epoch_text,
}


def read_integer(text: str) -> int:
    """A whole number."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"not a whole number: {text}")
    return int(text)


def read_float(text: str) -> float:
    """A number, or one of NaN, Infinity, -Infinity."""
    odd = _ODD_FLOATS.get(text)
    if odd is not None:
        return odd
    if not _FLOAT.fullmatch(text):
        raise ValueError(f"not a number: {text}")
    return float(text)


def read_boolean(text: str) -> bool:
    """true or false, in any case."""
    lower = text.lower()
    if lower not in ("true", "false"):
        raise ValueError(f"not a boolean: {text}")
    return lower == "true"


def read_blob(text: str) -> bytes:
    """Bytes from base64."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def write_blob(blob: bytes | str) -> str:
    """Bytes as base64; a text means its UTF-8 bytes."""
    return base64.b64encode(blob.encode() if isinstance(blob, str) else blob).decode("ascii")


def write_float(number: float) -> str:
    """A number as text, NaN and the infinities by AWS's names."""
    if isinstance(number, float) and not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    return str(number)


def write_boolean(value: bool) -> str:
    """true or false."""
    return "true" if value else "false"


READERS: Final[dict[str, Callable[[str], Any]]] = {
    "string": str,
    "character": str,
    "integer": read_integer,
    "long": read_integer,
    "float": read_float,
    "double": read_float,
    "boolean": read_boolean,
    "blob": read_blob,
    "timestamp": read_timestamp_text,
}
"""How each scalar type is read from text."""

WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "string": str,
    "character": str,
    "integer": str,
    "long": str,
    "float": write_float,
    "double": write_float,
    "boolean": write_boolean,
    "blob": write_blob,
}
"""How each scalar type but timestamp is written as text."""


def text_writer(shape_type: str, timestamp_format: str) -> Callable[[Any], str]:
    """How a scalar type is written as text."""
    return TIMESTAMP_WRITERS[timestamp_format] if shape_type == "timestamp" else WRITERS[shape_type]
