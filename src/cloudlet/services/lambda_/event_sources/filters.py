"""Filter criteria: which records of a source a function gets to see.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html. Matching is core/patterns.py's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from cloudlet.core import patterns
from cloudlet.core.pattern_operators import FILTER, InvalidPattern
from cloudlet.core.patterns import Pattern
from cloudlet.services.lambda_.errors import InvalidParameterValueException
from cloudlet.services.lambda_.event_sources.mapping import Kind

_MOST: Final = 5
_BODY: Final = {Kind.SQS: "body", Kind.KINESIS: "data"}


class _Filter(Struct, frozen=True):
    pattern: Pattern
    wants_json: bool | None
    """Whether it looks into the body as JSON or at its text; None where it does not look at it."""


class Filters(Struct, frozen=True):
    """The compiled filters of a mapping; without any, every record passes."""

    filters: tuple[_Filter, ...]
    body_member: str | None
    """The member that holds what the sender wrote, as text."""

    def pass_(self, record: Mapping[str, Any]) -> bool:
        """Whether a record, as patterns see it, satisfies one of the filters."""
        if not self.filters:
            return True
        parsed = _json(record[self.body_member]) if self.body_member else None
        return any(self._passes(each, record, parsed) for each in self.filters)

    def _passes(self, each: _Filter, record: Mapping[str, Any], parsed: Any) -> bool:
        if each.wants_json is None or self.body_member is None:
            return each.pattern.matches(record)
        if each.wants_json is not (parsed is not None):
            return False
        return each.pattern.matches({**record, self.body_member: parsed} if each.wants_json else record)


def compile_filters(texts: Sequence[str], kind: Kind) -> Filters:
    """The filters of a mapping. Raises InvalidParameterValueException."""
    if len(texts) > _MOST:
        raise InvalidParameterValueException(f"Filter patterns cannot exceed the limit of {_MOST}.")
    body = _BODY.get(kind)
    return Filters(tuple(_compile(text, body) for text in texts), body)


def _compile(text: str, body: str | None) -> _Filter:
    try:
        pattern = patterns.parse(text, FILTER)
    except InvalidPattern as error:
        raise InvalidParameterValueException("Invalid filter pattern definition.") from error
    document = json.loads(text)
    looks = body is not None and body in document
    return _Filter(pattern, isinstance(document[body], dict) if looks else None)


def _json(text: Any) -> Any:
    """An object or array that a text holds; None for any other text."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None
