"""A template's YAML text, with the short forms of functions, as plain dictionaries and lists.

Loaded when the first YAML template comes. What a section may hold is not judged here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, Final

import yaml

from cloudlet.services.cloudformation.deploy.document import DEEPEST, LARGEST_INTEGER, Document
from cloudlet.services.cloudformation.errors import ValidationError

_SHORT_FORMS: Final = frozenset(
    [
        "Base64",
        "Cidr",
        "FindInMap",
        "GetAZs",
        "ImportValue",
        "Join",
        "Select",
        "Split",
        "Sub",
        "Transform",
        "And",
        "Equals",
        "If",
        "Not",
        "Or",
        "Contains",
        "EachMemberEquals",
        "EachMemberIn",
        "RefAll",
        "ValueOf",
        "ValueOfAll",
        "Length",
        "ToJsonString",
    ]
)
_TAG: Final = "tag:yaml.org,2002:"
_NOT_PLAIN: Final = frozenset({f"{_TAG}timestamp", f"{_TAG}merge", f"{_TAG}value"})


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """YAML 1.1 without dates, which stay text, and without merging by `<<`, which CloudFormation lacks."""

    yaml_implicit_resolvers = {  # noqa: RUF012  replaces PyYAML's table of the same name
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_PLAIN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def parse_yaml(text: str) -> Any:
    """What stands in a YAML text. Raises ValidationError."""
    return _Yaml(text).parse()


class _Yaml:
    """One YAML text on its way to a document, by events: the composer in C overflows on deep nesting."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._loader: Any = None
        self._scalars: dict[str, Callable[[Any], Any]] = {}

    def parse(self) -> Any:
        """The text's only document. Raises ValidationError."""
        try:
            loader = self._loader = _Loader(self._text)
            try:
                return self._document()
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise _not_well_formed(mark) from error
        except yaml.YAMLError as error:
            raise _not_well_formed(None) from error

    def _document(self) -> Any:
        loader = self._loader
        self._scalars = {
            f"{_TAG}int": loader.construct_yaml_int,
            f"{_TAG}float": loader.construct_yaml_float,
            f"{_TAG}bool": loader.construct_yaml_bool,
            f"{_TAG}null": lambda _: None,
        }
        loader.get_event()
        if loader.check_event(yaml.StreamEndEvent):
            return None
        loader.get_event()
        found = self._value(loader.get_event(), 0)
        loader.get_event()
        if not loader.check_event(yaml.StreamEndEvent):
            raise _not_well_formed(loader.peek_event().start_mark)
        return found

    def _value(self, event: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValidationError("Template format error: unsupported structure.")
        if isinstance(event, yaml.AliasEvent):
            raise ValidationError("Template error: YAML aliases are not allowed in CloudFormation templates")
        if event.tag and event.tag.startswith("!") and event.tag != "!":
            return self._short_form(event, depth)
        return self._plain(event, depth)

    def _plain(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return self._scalar(event)

    def _sequence(self, depth: int) -> list[Any]:
        found = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            found.append(self._value(self._loader.get_event(), depth + 1))
        self._loader.get_event()
        return found

    def _mapping(self, depth: int) -> Document:
        found: Document = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            event = self._loader.get_event()
            key = _key(event)
            if key in found:
                raise _not_well_formed(event.start_mark)
            found[key] = self._value(self._loader.get_event(), depth + 1)
        self._loader.get_event()
        return found

    def _scalar(self, event: Any) -> Any:
        tag = event.tag or self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        construct = self._scalars.get(tag)
        if construct is None:
            if tag != f"{_TAG}str" and tag != "!":
                raise _not_well_formed(event.start_mark)
            return event.value
        try:
            found = construct(yaml.ScalarNode(tag, event.value, event.start_mark))
        except (ValueError, OverflowError) as error:
            raise _not_well_formed(event.start_mark) from error
        if isinstance(found, int) and not -LARGEST_INTEGER <= found < LARGEST_INTEGER:
            return event.value
        return event.value if isinstance(found, float) and not isfinite(found) else found

    def _short_form(self, event: Any, depth: int) -> Document:
        name = event.tag[1:]
        value = event.value if isinstance(event, yaml.ScalarEvent) else self._plain(event, depth)
        if name in ("Ref", "Condition"):
            return {name: value}
        if name == "GetAtt":
            return {"Fn::GetAtt": value.split(".", 1) if isinstance(value, str) else value}
        if name in _SHORT_FORMS:
            return {f"Fn::{name}": value}
        raise _not_well_formed(event.start_mark)


def _key(event: Any) -> str:
    if not isinstance(event, yaml.ScalarEvent) or (event.tag or "").startswith("!"):
        raise _not_well_formed(event.start_mark)
    return str(event.value)


def _not_well_formed(mark: Any) -> ValidationError:
    line, column = (mark.line, mark.column) if mark else (0, 0)
    return ValidationError(
        f"Template format error: YAML not well-formed. (line {line + 1}, column {column + 1})"
    )
