"""What API Gateway hands to a mapping template: $input, $util, $context and $stageVariables.

Must not know requests or integrations; they give the body, the parameters and the context.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..jsonpath.errors import PathError
from ..jsonpath.path import Path
from ..lenient_json import LenientJsonError, parse
from .errors import TemplateError
from .methods import HostObject
from .util import UTIL
from .values import json_text

PARAMETER_PLACES: Final = ("path", "querystring", "header")


def context_variables(
    *,
    body: str = "",
    context: dict[str, Any] | None = None,
    path: Mapping[str, str] | None = None,
    querystring: Mapping[str, str] | None = None,
    header: Mapping[str, str] | None = None,
    stage_variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The variables of one rendering. The template may assign to `context`: read its overrides afterwards."""
    given = {} if context is None else context
    prepare_overrides(given)
    parameters = {
        "path": dict(path or {}),
        "querystring": dict(querystring or {}),
        "header": dict(header or {}),
    }
    return {
        "input": input_object(body, parameters),
        "util": UTIL,
        "context": given,
        "stageVariables": dict(stage_variables or {}),
    }


def prepare_overrides(context: dict[str, Any]) -> None:
    """Make the maps that templates assign to, keeping what an earlier template of the same call put there."""
    request = context.setdefault("requestOverride", {})
    for place in PARAMETER_PLACES:
        request.setdefault(place, {})
    context.setdefault("responseOverride", {}).setdefault("header", {})


def input_object(body: str, parameters: dict[str, dict[str, str]]) -> HostObject:
    """$input. The body is parsed when a path first asks for it."""
    document = _Document(body)

    def parameter(name: Any) -> Any:
        places = (parameters[place] for place in PARAMETER_PLACES)
        return next((place[name] for place in places if isinstance(name, str) and name in place), None)

    methods: dict[str, Callable[..., Any]] = {
        "json/1": document.json,
        "path/1": document.path,
        "params/0": lambda: parameters,
        "params/1": parameter,
    }
    # AWS shows an empty body as {}.
    return HostObject({"body": body or "{}"}, methods, len(body))


class _Document:
    """The body as JSON."""

    __slots__ = ("_body", "_parsed", "_value")

    def __init__(self, body: str) -> None:
        self._body = body
        self._parsed = False
        self._value: Any = None

    def path(self, path: Any) -> Any:
        """What a path selects; null for what is not there."""
        if not isinstance(path, str):
            return None
        try:
            return Path.compile(path).read(self._root())
        except PathError as error:
            raise TemplateError(str(error)) from error

    def json(self, path: Any) -> str:
        """What a path selects, as JSON text; nothing is "" in its quotes, a body that is not there is {}."""
        if path == "$" and not self._body.strip():
            return "{}"
        value = self.path(path)
        return '""' if value is None else json_text(value)

    def _root(self) -> Any:
        if not self._parsed:
            self._value = _parsed(self._body)
            self._parsed = True
        return self._value


def _parsed(body: str) -> Any:
    """The body as JSON. One that is no JSON is text: templates for forms split it at its ampersands."""
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _leniently_parsed(body)


def _leniently_parsed(body: str) -> Any:
    try:
        return parse(body)
    except LenientJsonError as error:
        raise TemplateError(f"Unable to parse JSON: {error}") from error
