"""Parameter mappings: where a value comes from, compiled once for each expression.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
Writes nothing; a mapping's target is its user's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from .errors import bad_body, internal_server_error
from .invocation import Invocation
from .jsonpath.errors import PathError
from .jsonpath.path import Path
from .vtl.values import json_text

Value: TypeAlias = "str | list[str] | None"
Source: TypeAlias = Callable[[Invocation], Value]

_JSON_BEGINNINGS: Final = (b"{", b"[", b'"', b"'")


def request_source(expression: str) -> Source:
    """Where a value of an integration's request comes from."""
    return _compiled(expression, "method.request.", _request_part)


def response_source(expression: str) -> Source:
    """Where a value of a method's response comes from."""
    return _compiled(expression, "integration.response.", _response_part)


def gateway_response_source(expression: str) -> Source:
    """Where a value of a gateway response comes from."""
    return request_source(expression)


def context_value(context: Mapping[str, Any], path: str) -> str | None:
    """A value of $context as text."""
    value: Any = context
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return None if value is None else value if isinstance(value, str) else json_text(value)


def _compiled(expression: str, prefix: str, part: Callable[[str, str], Source]) -> Source:
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        text = expression[1:-1]
        return lambda _: text
    if expression.startswith("context."):
        path = expression.removeprefix("context.")
        return lambda invocation: context_value(invocation.context(), path)
    if expression.startswith("stageVariables."):
        name = expression.removeprefix("stageVariables.")
        return lambda invocation: invocation.stage.variables.get(name)
    if expression.startswith(prefix):
        place, _, name = expression.removeprefix(prefix).partition(".")
        return part(place, name)
    return lambda _: None


def _request_part(place: str, name: str) -> Source:
    if place == "path":
        return lambda invocation: _decoded(invocation.path_parameters.get(name))
    if place == "querystring":
        return lambda invocation: _last(invocation.querystring.get(name))
    if place == "multivaluequerystring":
        return lambda invocation: invocation.querystring.get(name)
    if place == "header":
        return lambda invocation: _last(invocation.headers.get(name))
    if place == "multivalueheader":
        return lambda invocation: invocation.headers.get(name)
    if place == "body":
        return _of_body(name, lambda invocation: invocation.body, strict=True)
    return lambda _: None


def _response_part(place: str, name: str) -> Source:
    lower = name.lower()

    def header_lines(invocation: Invocation) -> list[str]:
        return [value for key, value in invocation.answered.headers if key.lower() == lower]

    if place == "header":
        return lambda invocation: _last(header_lines(invocation))
    if place == "multivalueheader":
        return lambda invocation: header_lines(invocation) or None
    if place == "body":
        return _of_body(name, lambda invocation: invocation.answered.body, strict=False)
    return lambda _: None


def _of_body(name: str, body: Callable[[Invocation], bytes], *, strict: bool) -> Source:
    if not name:
        return lambda invocation: body(invocation).decode("utf-8", "replace")

    def read(invocation: Invocation) -> Value:
        try:
            found = Path.compile(f"$.{name}").read(_document(body(invocation), strict))
        except PathError as error:
            raise internal_server_error() from error
        return None if found is None else found if isinstance(found, str) else json_text(found)

    return read


def _document(body: bytes, strict: bool) -> Any:
    text = body.lstrip()
    if not text.startswith(_JSON_BEGINNINGS):
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise (bad_body("Invalid JSON in request body") if strict else internal_server_error()) from error


def _decoded(value: str | None) -> str | None:
    return None if value is None else unquote(value)


def _last(values: list[str] | None) -> str | None:
    return values[-1] if values else None
