"""The operators of event patterns: what each asks of one value, and which of them a service takes.

Knows nothing of fields and documents, which are patterns.py's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from msgspec import Struct

Test: TypeAlias = Callable[[Any], bool]
"""Whether one value of an event, which is neither object nor array, is wanted."""
# AWS publishes no figure; five of the same are known to be too many.
_WILDCARDS_BEFORE_ONE_CHARACTER: Final = 4
TOO_COMPLEX: Final = (
    "Rule is too complex - try using fewer wildcard characters "
    "or fewer repeating character sequences after a wildcard character"
)


class InvalidPattern(Exception):
    """Raised for what is no pattern. The message is the reason as AWS words it, without its place."""


class Dialect(Struct, frozen=True):
    """Which operators a service takes."""

    operators: frozenset[str]
    anything_but: frozenset[str]
    """What may stand inside anything-but, beside plain values."""


_OPERATORS: Final = frozenset(
    {"exactly", "prefix", "suffix", "equals-ignore-case", "anything-but", "numeric"}
)
EVENT_BUS: Final = Dialect(
    _OPERATORS | {"exists", "cidr", "wildcard"},
    frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"}),
)
"""Rules of EventBridge."""
FILTER: Final = Dialect((_OPERATORS - {"exactly"}) | {"exists", "cidr"}, frozenset())
"""Filters of event source mappings and of pipes."""


def read_operator(expression: dict[str, Any], dialect: Dialect) -> tuple[str, Any]:
    """The name and the argument of an operator. Raises InvalidPattern."""
    if not expression:
        raise InvalidPattern("Match expression name not found")
    if len(expression) > 1:
        raise InvalidPattern("Only one key allowed in match expression")
    [(name, argument)] = expression.items()
    if name not in dialect.operators:
        raise InvalidPattern(f"Unrecognized match type {name}")
    if name == "exists" and not isinstance(argument, bool):
        raise InvalidPattern("exists match pattern must be either true or false.")
    if argument is False and name != "exists":
        raise InvalidPattern(f"{name} match pattern must be a string")
    return name, argument


def test_of(name: str, argument: Any, dialect: Dialect) -> Test:
    """What an operator asks of a value. Raises InvalidPattern."""
    match name:
        case "exists":
            return lambda _value: True
        case "numeric":
            return _numeric(argument)
        case "cidr":
            return _within_network(_text("prefix", argument))
        case "anything-but":
            return _anything_but(argument, dialect)
        case _:
            return _text_test(name, argument)


def _text_test(name: str, argument: Any) -> Test:
    """An operator on text: exactly, prefix, suffix, equals-ignore-case, wildcard."""
    if isinstance(argument, dict) and name in ("prefix", "suffix"):
        return _folded(name, argument)
    wanted = _text("exact" if name == "exactly" else name, argument)
    match name:
        case "prefix":
            return lambda value: isinstance(value, str) and value.startswith(wanted)
        case "suffix":
            return lambda value: isinstance(value, str) and value.endswith(wanted)
        case "equals-ignore-case":
            folded = wanted.casefold()
            return lambda value: isinstance(value, str) and value.casefold() == folded
        case "wildcard":
            return _wildcard(wanted)
        case _:
            return lambda value: isinstance(value, str) and value == wanted


def _folded(name: str, argument: dict[str, Any]) -> Test:
    """A prefix or suffix in any case."""
    if len(argument) != 1:
        raise InvalidPattern("Only one key allowed in match expression")
    [(inner, text)] = argument.items()
    if inner != "equals-ignore-case":
        raise InvalidPattern(f"Unsupported {name} pattern: {inner}")
    wanted = _text(inner, text).casefold()
    if name == "prefix":
        return lambda value: isinstance(value, str) and value.casefold().startswith(wanted)
    return lambda value: isinstance(value, str) and value.casefold().endswith(wanted)


def is_one_of(values: Sequence[Any]) -> Test:
    """Equality as JSON has it: 300 is 300.0, but neither "300" nor true."""
    texts = frozenset(value for value in values if isinstance(value, str))
    numbers = frozenset(value for value in values if _is_number(value))
    constants = tuple(value for value in values if value is None or isinstance(value, bool))

    def equal(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts
        if value is None or isinstance(value, bool):
            return any(value is constant for constant in constants)
        return value in numbers

    return equal


def _anything_but(argument: Any, dialect: Dialect) -> Test:
    if isinstance(argument, dict):
        return _anything_but_operator(argument, dialect)
    values = argument if isinstance(argument, list) else [argument]
    if not isinstance(argument, list) and not (isinstance(argument, str) or _is_number(argument)):
        raise InvalidPattern("Value of anything-but must be an array or single string/number value.")
    if any(not (isinstance(value, str) or _is_number(value)) for value in values):
        raise InvalidPattern("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(value, str) for value in values}) != 1:
        raise InvalidPattern(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    equal = is_one_of(values)
    return lambda value: not equal(value)


def _anything_but_operator(argument: dict[str, Any], dialect: Dialect) -> Test:
    if len(argument) != 1:
        raise InvalidPattern("Too many elements in numeric expression")
    [(name, wanted)] = argument.items()
    if name not in dialect.anything_but:
        raise InvalidPattern(f"Unsupported anything-but pattern: {name}")
    values = wanted if isinstance(wanted, list) else [_text(name, wanted)]
    if any(not isinstance(value, str) for value in values):
        raise InvalidPattern(_NOT_TEXT[name])
    if name in ("prefix", "suffix") and "" in values:
        raise InvalidPattern("Null prefix/suffix not allowed")
    tests = [_text_test(name, value) for value in values]
    return lambda value: not any(test(value) for test in tests)


_NOT_TEXT: Final = MappingProxyType(
    {
        "equals-ignore-case": (
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        ),
        "wildcard": "wildcard match pattern must be a string",
        "prefix": "prefix/suffix match pattern must be a string",
        "suffix": "prefix/suffix match pattern must be a string",
    }
)


def _numeric(argument: Any) -> Test:
    """One comparison, or a lower bound and then an upper one."""
    if not isinstance(argument, list):
        raise InvalidPattern("Value of numeric must be an array.")
    if not argument or not isinstance(argument[0], str):
        raise InvalidPattern(f"Invalid member in numeric match: {argument[0] if argument else ']'}")
    first = _comparison(argument[:2])
    if len(argument) <= 2:
        return first
    if argument[0] not in (">", ">="):
        raise InvalidPattern("Too many elements in numeric expression")
    upper = argument[2]
    if not isinstance(upper, str):
        raise InvalidPattern(f"Bad value in numeric range: {upper}")
    if upper not in ("<", "<="):
        raise InvalidPattern(f"Bad numeric range operator: {upper}")
    second = _comparison(argument[2:4])
    if argument[1] >= argument[3]:
        raise InvalidPattern("Bottom must be less than top")
    if len(argument) > 4:
        raise InvalidPattern("Too many terms in numeric range expression")
    return lambda value: first(value) and second(value)


def _comparison(pair: Sequence[Any]) -> Test:
    operator, bound = pair[0], pair[1] if len(pair) == 2 else None
    if operator not in ("=", ">", ">=", "<", "<="):
        raise InvalidPattern(f"Unrecognized numeric range operator: {operator}")
    if bound is None or not _is_number(bound):
        raise InvalidPattern(f"Value of {'equals' if operator == '=' else operator} must be numeric")
    return _compares(operator, bound)


def _compares(operator: str, bound: float) -> Test:
    match operator:
        case ">":
            return lambda value: _is_number(value) and value > bound
        case ">=":
            return lambda value: _is_number(value) and value >= bound
        case "<":
            return lambda value: _is_number(value) and value < bound
        case "<=":
            return lambda value: _is_number(value) and value <= bound
        case _:
            return lambda value: _is_number(value) and value == bound


def _within_network(text: str) -> Test:
    address, slash, mask = text.partition("/")
    if not slash or "/" in mask:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    if not mask.isdecimal():
        raise InvalidPattern("Malformed CIDR, mask bits must be an integer")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidPattern(f"Nonstandard IP address: {address}") from error

    def within(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return within


def _wildcard(text: str) -> Test:
    """Text with * for any characters; a backslash before * or itself takes away their meaning."""
    parts = _wildcard_parts(text)
    first, last, between = parts[0], parts[-1], parts[1:-1]
    if len(parts) == 1:
        return lambda value: isinstance(value, str) and value == first

    def like(value: Any) -> bool:
        if not isinstance(value, str) or len(value) < len(first) + len(last):
            return False
        if not (value.startswith(first) and value.endswith(last)):
            return False
        at, end = len(first), len(value) - len(last)
        for part in between:
            found = value.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return like


def _wildcard_parts(text: str) -> list[str]:
    parts, escaped, wild = [""], False, False
    for position, character in enumerate(text, start=1):
        if escaped and character not in "*\\":
            raise InvalidPattern(f"Invalid escape character at pos {position - 1}")
        if character == "*" and not escaped:
            if wild:
                raise InvalidPattern(f"Consecutive wildcard characters at pos {position - 1}")
            parts.append("")
        elif character != "\\" or escaped:
            parts[-1] += character
        wild = character == "*" and not escaped
        escaped = character == "\\" and not escaped
    if escaped:
        raise InvalidPattern(f"Invalid escape character at pos {len(text)}")
    followers = [part[0] for part in parts[1:] if part]
    if any(followers.count(each) > _WILDCARDS_BEFORE_ONE_CHARACTER for each in followers):
        raise InvalidPattern(TOO_COMPLEX)
    return parts


def _text(name: str, argument: Any) -> str:
    if not isinstance(argument, str):
        raise InvalidPattern(f"{name} match pattern must be a string")
    return argument


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
