"""What a target gets of an event: the event, a constant, a part of it, or a template's text.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.events import json_paths
from cloudlet.services.events.json_paths import MISSING
from cloudlet.services.events.model import compact, timestamp

if TYPE_CHECKING:
    from cloudlet.services.events.model import Delivery

RULE_ARN: Final = "aws.events.rule-arn"
RULE_NAME: Final = "aws.events.rule-name"
EVENT: Final = "aws.events.event"
EVENT_JSON: Final = "aws.events.event.json"
INGESTION_TIME: Final = "aws.events.event.ingestion-time"
PREDEFINED: Final = frozenset({RULE_ARN, RULE_NAME, EVENT, EVENT_JSON, INGESTION_TIME})
_TOKEN: Final = re.compile(r'\\.|"|<([A-Za-z0-9_.-]+)>', re.DOTALL)
_QUOTE: Final = re.compile(r'\\.|"', re.DOTALL)


def text(delivery: Delivery) -> str:
    """What the target of a delivery gets."""
    settings, document = delivery.target.settings, delivery.event.document()
    if (constant := settings.get("Input")) is not None:
        return str(constant)
    if (path := settings.get("InputPath")) is not None:
        found = json_paths.value(document, path)
        return compact(None if found is MISSING else found)
    if (transformer := settings.get("InputTransformer")) is None:
        return compact(document)
    variables = _variables(transformer.get("InputPathsMap") or {}, document, delivery)
    return fill(transformer["InputTemplate"], lambda name: variables.get(name, MISSING))


def placeholders(template: str) -> Iterator[str]:
    """The names of the variables in a template."""
    return (found[1] for found in _TOKEN.finditer(template) if found[1] is not None)


def fill(template: str, value_of: Callable[[str], Any]) -> str:
    """A template with the values of its variables: within quotes as texts, else as JSON."""
    quoted = False

    def replace(found: re.Match[str]) -> str:
        nonlocal quoted
        if found[0] == '"':
            quoted = not quoted
        if found[1] is None:
            return found[0]
        value = value_of(found[1])
        if value is MISSING:
            return "" if quoted else '""'
        return _within_quotes(value) if quoted else compact(value)

    return _TOKEN.sub(replace, template)


def _within_quotes(value: Any) -> str:
    """A value in the middle of a text, where objects and arrays lose their own quotes."""
    if isinstance(value, str):
        return compact(value)[1:-1]
    return _QUOTE.sub(lambda found: "" if found[0].endswith('"') else found[0], compact(value))


def _variables(paths: Mapping[str, str], document: Mapping[str, Any], delivery: Delivery) -> dict[str, Any]:
    return {
        **{name: json_paths.value(document, path) for name, path in paths.items()},
        RULE_ARN: delivery.rule.arn,
        RULE_NAME: delivery.rule.name,
        EVENT: _without_detail(document),
        EVENT_JSON: document,
        INGESTION_TIME: timestamp(delivery.ingested_at),
    }


def _without_detail(document: Mapping[str, Any]) -> dict[str, Any]:
    """The event as AWS has it in a template: without its detail, members in this order."""
    names = ("id", "account", "detail-type", "time", "source", "region", "resources", "version")
    return {"detailType" if name == "detail-type" else name: document[name] for name in names}


def is_json(template: str) -> bool:
    """Whether a template comes out as JSON, or as several values of it one after the other."""
    rest = fill(template, lambda _name: "x").strip()
    decoder = json.JSONDecoder()
    while rest:
        try:
            _, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            return False
        rest = rest[end:].strip()
    return True
