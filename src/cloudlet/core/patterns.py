"""Event patterns: compiled once, asked of many events. EventBridge's language, which filters speak too.

Holds no state and knows no service; what a field of an event means is its sender's affair.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeAlias

from msgspec import Struct

Test: TypeAlias = Callable[[Any], bool]
"""Whether one value of an event, which is neither object nor array, is wanted."""
_Membership: TypeAlias = tuple[tuple[int, int], ...]
"""In which places of which arrays a value stands."""
_Found: TypeAlias = dict[str, list[tuple[Any, _Membership]]]

_LONGEST_OR: Final = 1000
# AWS publishes no figure; five of the same are known to be too many.
_WILDCARDS_BEFORE_ONE_CHARACTER: Final = 4
_TOO_COMPLEX: Final = (
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


class _Field(Struct, frozen=True):
    """What a pattern wants of the values under one path."""

    path: str
    tests: tuple[Test, ...]
    may_be_absent: bool

    def candidates(self, found: _Found) -> list[_Membership] | None:
        """Where the wanted values stand; None if nothing need stand there."""
        values = found.get(self.path)
        if values is None:
            return None if self.may_be_absent else []
        return [place for value, place in values if any(test(value) for test in self.tests)]


class Pattern(Struct, frozen=True):
    """A compiled pattern."""

    alternatives: tuple[tuple[_Field, ...], ...]
    """A pattern with $or is as many patterns without, of which one must match."""
    steps: frozenset[str]
    """Every path that leads to a field of the pattern, and the fields' own."""

    def matches(self, event: Any) -> bool:
        """Whether an event is what the pattern describes."""
        found: _Found = {}
        self._collect(event, "", (), found)
        return any(_consistent(fields, found) for fields in self.alternatives)

    def _collect(self, value: Any, path: str, place: _Membership, found: _Found) -> None:
        if isinstance(value, dict):
            for key, child in value.items():
                below = f"{path}.{key}" if path else key
                if below in self.steps:
                    self._collect(child, below, place, found)
        elif isinstance(value, list):
            for index, child in enumerate(value):
                inside = (*place, (id(value), index)) if isinstance(child, dict | list) else place
                self._collect(child, path, inside, found)
        else:
            found.setdefault(path, []).append((value, place))


def parse(text: str, dialect: Dialect = EVENT_BUS) -> Pattern:
    """A pattern from its JSON. Raises InvalidPattern."""
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidPattern("Filter is not an object") from error
    return compile_pattern(document, dialect)


def compile_pattern(document: Any, dialect: Dialect = EVENT_BUS) -> Pattern:
    """A pattern from its document. Raises InvalidPattern."""
    if not isinstance(document, dict):
        raise InvalidPattern("Filter is not an object")
    alternatives = _alternatives(document, "", dialect, [{}])
    fields = tuple(tuple(each.values()) for each in alternatives)
    steps = {step for each in alternatives for path in each for step in _prefixes(path)}
    return Pattern(fields, frozenset(steps))


def _consistent(fields: Sequence[_Field], found: _Found) -> bool:
    """Whether every field has a wanted value, and all of them in the same elements of the event's arrays."""
    needed = []
    for field in fields:
        candidates = field.candidates(found)
        if candidates is None or () in candidates:
            continue
        if not candidates:
            return False
        needed.append(candidates)
    return _agree(needed, {})


def _agree(needed: Sequence[list[_Membership]], chosen: Mapping[int, int]) -> bool:
    if not needed:
        return True
    return any(
        all(chosen.get(array, index) == index for array, index in place)
        and _agree(needed[1:], {**chosen, **dict(place)})
        for place in needed[0]
    )


def _prefixes(path: str) -> Iterable[str]:
    steps = path.split(".")
    return (".".join(steps[:count]) for count in range(1, len(steps) + 1))


# --- from the document to fields


def _alternatives(
    document: Mapping[str, Any], path: str, dialect: Dialect, so_far: list[dict[str, _Field]]
) -> list[dict[str, _Field]]:
    """What was gathered so far, with what an object of the pattern adds to each of it."""
    if not document:
        raise InvalidPattern("Empty objects are not allowed")
    for key, value in document.items():
        below = f"{path}.{key}" if path else key
        if key == "$or":
            so_far = _either(value, path, dialect, so_far)
        elif isinstance(value, dict):
            so_far = _alternatives(value, below, dialect, so_far)
        elif isinstance(value, list):
            field = _field(below, value, dialect)
            so_far = [{**each, below: field} for each in so_far]
        else:
            raise InvalidPattern(f'"{key}" must be an object or an array')
    return so_far


def _either(
    choices: Any, path: str, dialect: Dialect, so_far: list[dict[str, _Field]]
) -> list[dict[str, _Field]]:
    if not isinstance(choices, list):
        raise InvalidPattern("It must be an Array followed with $or.")
    if any(not isinstance(choice, dict) for choice in choices):
        raise InvalidPattern("Only JSON object is allowed in array of $or relationship.")
    if len(choices) < 2:
        raise InvalidPattern("There must have at least 2 Objects in $or relationship.")
    for choice in choices:
        for reserved in EVENT_BUS.operators & choice.keys():
            raise InvalidPattern(f"{reserved} is Ruler reserved fieldName which cannot be used inside $or.")
    every = [one for choice in choices for one in _alternatives(choice, path, dialect, so_far)]
    if len(every) > _LONGEST_OR:
        raise InvalidPattern(_TOO_COMPLEX)
    return every


def _field(path: str, values: list[Any], dialect: Dialect) -> _Field:
    if not values:
        raise InvalidPattern("Empty arrays are not allowed")
    if any(isinstance(value, list) for value in values):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    expressions = [_operator(value, dialect) for value in values if isinstance(value, dict)]
    plain = [value for value in values if not isinstance(value, dict)]
    tests = [_is_one_of(plain)] if plain else []
    absent = [argument for name, argument in expressions if name == "exists" and argument is False]
    tests += [_test(name, argument, dialect) for name, argument in expressions if argument is not False]
    return _Field(path, tuple(tests), bool(absent))


def _operator(expression: dict[str, Any], dialect: Dialect) -> tuple[str, Any]:
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


# --- operators


def _test(name: str, argument: Any, dialect: Dialect) -> Test:
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


def _is_one_of(values: Sequence[Any]) -> Test:
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
    equal = _is_one_of(values)
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
        raise InvalidPattern(_TOO_COMPLEX)
    return parts


def _text(name: str, argument: Any) -> str:
    if not isinstance(argument, str):
        raise InvalidPattern(f"{name} match pattern must be a string")
    return argument


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
