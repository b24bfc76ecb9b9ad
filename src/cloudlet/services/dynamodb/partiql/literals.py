"""What stands for a value in a statement: literals and parameters, as attribute values.

Numbers are held to DynamoDB's rules where they are read; the texts name the path inside the value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.numbers import NOT_NUMERIC, Wording, canonical_number
from cloudlet.services.dynamodb.partiql.tokens import malformed
from cloudlet.services.dynamodb.values import INVALID, MAX_DEPTH, TOO_DEEP, checked_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.services.dynamodb.partiql.reader import Reader

_ROOT: Final = "root"
_LARGEST_INT: Final = 2**31 - 1
_EXPONENT: Final = re.compile(r"[+-]?[0-9]*(?:\.([0-9]*))?[eE]([+-]?[0-9]+)")
_KINDS: Final = {"N": "NS", "S": "SS"}


def at_literal(reader: Reader) -> bool:
    """Whether a literal or a parameter begins here."""
    token = reader.token
    return (
        token.kind in ("string", "number", "parameter")
        or token.is_word("TRUE", "FALSE", "NULL")
        or token.is_symbol("{", "[", "<<", "-", "+")
    )


def literal(reader: Reader, path: str = _ROOT) -> dict[str, Any]:
    """The value of a literal or a parameter. Raises ValidationException."""
    token = reader.token
    if token.kind == "parameter":
        return _parameter(reader)
    if token.kind == "string":
        return {"S": reader.take().text}
    if token.kind == "number" or token.is_symbol("-", "+"):
        return _number(reader, path)
    if token.is_word("TRUE", "FALSE"):
        return {"BOOL": reader.take().text.upper() == "TRUE"}
    if token.is_word("NULL"):
        reader.take()
        return {"NULL": True}
    if reader.accept("["):
        return {"L": list(_elements(reader, path))}
    if reader.accept("<<"):
        return _set(reader, path)
    if reader.accept("{"):
        return {"M": members(reader, path)}
    if token.kind == "word" and reader.following().is_symbol("("):
        raise ValidationException(
            f"Unsupported data type: {token.text.lower()} under key {path} at {token.place}"
        )
    raise malformed("Unexpected term")


def members(reader: Reader, path: str | None = None) -> dict[str, Any]:
    """The members of a tuple whose brace has been read; of a whole item where there is no path."""
    found: dict[str, Any] = {}
    while not reader.accept("}"):
        if found:
            reader.expect(",", "Expected comma in tuple")
        if reader.token.kind not in ("string", "quoted"):
            raise malformed("Expected tuple key")
        name = reader.take().text
        if name in found:
            raise ValidationException(f"Duplicate keys in tuple. Key: {name} under {path or _ROOT}")
        reader.expect(":", "Expected colon in tuple")
        found[name] = literal(reader, _ROOT if path is None else f"{path}.{name}")
    return found


def _elements(reader: Reader, path: str) -> Iterator[dict[str, Any]]:
    position = 0
    while not reader.accept("]"):
        if position:
            reader.expect(",", "Expected comma in list")
        yield literal(reader, f"{path}[{position}]")
        position += 1


def _set(reader: Reader, path: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    while not reader.accept(">>"):
        if found:
            reader.expect(",", "Expected comma in bag")
        found.append(literal(reader, path))
    if not found:
        raise ValidationException("Empty bags are not supported")
    kinds = {kind for each in found for kind in each}
    if len(kinds) != 1 or not kinds <= {"N", "S", "B"}:
        raise ValidationException(
            "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"
        )
    kind = kinds.pop()
    content = [each[kind] for each in found]
    if len(set(content)) != len(content):
        listed = ", ".join(map(str, content))
        raise ValidationException(f"{INVALID}Input collection [{listed}] contains duplicates.")
    return checked_value({_KINDS.get(kind, "BS"): content})


def _number(reader: Reader, path: str) -> dict[str, Any]:
    sign = "-" if reader.token.is_symbol("-") else ""
    if reader.token.is_symbol("-", "+"):
        reader.take()
    if reader.token.kind != "number":
        raise malformed("Unexpected term")
    text = sign + reader.take().text
    if not _fits(text):
        raise malformed()
    try:
        return {"N": canonical_number(text)}
    except ValidationException as refused:
        raise ValidationException(f"{refused.message} under {path}") from refused


def _fits(text: str) -> bool:
    """Whether Java can make a BigDecimal of it: its scale is an int."""
    match = _EXPONENT.fullmatch(text)
    if match is None:
        return True
    exponent = int(match.group(2)) - len(match.group(1) or "")
    return -_LARGEST_INT <= exponent <= _LARGEST_INT


def _parameter(reader: Reader) -> dict[str, Any]:
    reader.take()
    value = reader.next_parameter()
    _check_parameter(value, 0)
    return checked_value(value)


def _check_parameter(value: dict[str, Any], depth: int) -> None:
    """The first fault in document order: what is nested too deep, or no number of Java's."""
    for kind, content in value.items():
        if kind == "N":
            _check_convertible(content)
        elif kind == "NS":
            for each in content:
                _check_convertible(each)
        elif kind in ("M", "L"):
            if depth >= MAX_DEPTH - 1:
                raise ValidationException(TOO_DEEP)
            for inner in content.values() if kind == "M" else content:
                _check_parameter(inner, depth + 1)


def _check_convertible(text: str) -> None:
    match = _EXPONENT.fullmatch(text)
    if match is not None and abs(int(match.group(2))) > _LARGEST_INT:
        raise ValidationException(f"{NOT_NUMERIC}: {text}")
    canonical_number(text, Wording.OLDER)
