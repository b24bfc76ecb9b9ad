"""Where Swagger 2 and OpenAPI 3 keep the same things: one class each, with the same methods.

Builds nothing; values stay as the document has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from .document import Document, InvalidDocument, mapping, resolved, sequence

_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_JSON: Final = "application/json"


class Dialect(Protocol):
    """One version of OpenAPI."""

    def base_path(self) -> str:
        """The path below which the document says all others lie."""

    def schemas(self) -> Mapping[str, Any]:
        """The schemas that have names."""

    def security_schemes(self) -> Mapping[str, Any]:
        """The ways to be let in, by name."""

    def endpoint(self) -> Document:
        """The extension about the endpoint, wherever it stands."""

    def request_bodies(self, operation: Document) -> Iterator[tuple[str, Any]]:
        """Content types and schemas of an operation's request."""

    def response_bodies(self, operation: Document, response: Document) -> Iterator[tuple[str, Any]]:
        """Content types and schemas of a response."""


def dialect_of(document: Document) -> Dialect:
    """The version that a document is written in. Raises InvalidDocument."""
    if str(document.get("swagger", "")).startswith("2."):
        return Swagger(document)
    if str(document.get("openapi", "")).startswith("3."):
        return OpenApi(document)
    raise InvalidDocument


class Swagger:
    """Swagger 2.0."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def base_path(self) -> str:
        """See Dialect."""
        return str(self._document.get("basePath", ""))

    def schemas(self) -> Mapping[str, Any]:
        """See Dialect."""
        return mapping(self._document.get("definitions"))

    def security_schemes(self) -> Mapping[str, Any]:
        """See Dialect."""
        return mapping(self._document.get("securityDefinitions"))

    def endpoint(self) -> Document:
        """See Dialect."""
        return mapping(self._document.get("x-amazon-apigateway-endpoint-configuration"))

    def request_bodies(self, operation: Document) -> Iterator[tuple[str, Any]]:
        """See Dialect."""
        for each in sequence(operation.get("parameters")):
            parameter = resolved(self._document, each)
            if parameter.get("in") == "body" and "schema" in parameter:
                for content_type in self._types("consumes", operation):
                    yield content_type, parameter["schema"]

    def response_bodies(self, operation: Document, response: Document) -> Iterator[tuple[str, Any]]:
        """See Dialect."""
        if "schema" in response:
            for content_type in self._types("produces", operation):
                yield content_type, response["schema"]

    def _types(self, name: str, operation: Document) -> Sequence[str]:
        types = sequence(operation.get(name)) or sequence(self._document.get(name)) or [_JSON]
        return [each for each in types if isinstance(each, str)]


class OpenApi:
    """OpenAPI 3."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def base_path(self) -> str:
        """See Dialect."""
        server = self._server()
        variables = mapping(server.get("variables"))
        url = _VARIABLE.sub(
            lambda found: str(mapping(variables.get(found[1])).get("default", "")),
            str(server.get("url", "")),
        )
        try:
            return urlsplit(url).path
        except ValueError:
            return ""

    def schemas(self) -> Mapping[str, Any]:
        """See Dialect."""
        return mapping(self._components().get("schemas"))

    def security_schemes(self) -> Mapping[str, Any]:
        """See Dialect."""
        return mapping(self._components().get("securitySchemes"))

    def endpoint(self) -> Document:
        """See Dialect."""
        name = "x-amazon-apigateway-endpoint-configuration"
        return mapping(self._server().get(name)) or mapping(self._document.get(name))

    def request_bodies(self, operation: Document) -> Iterator[tuple[str, Any]]:
        """See Dialect."""
        yield from self._contents(resolved(self._document, operation.get("requestBody")))

    def response_bodies(self, operation: Document, response: Document) -> Iterator[tuple[str, Any]]:
        """See Dialect."""
        yield from self._contents(response)

    def _contents(self, value: Document) -> Iterator[tuple[str, Any]]:
        for content_type, content in mapping(value.get("content")).items():
            if isinstance(content, Mapping) and "schema" in content:
                yield content_type, content["schema"]

    def _components(self) -> Mapping[str, Any]:
        return mapping(self._document.get("components"))

    def _server(self) -> Mapping[str, Any]:
        servers = sequence(self._document.get("servers"))
        return mapping(servers[0]) if servers else {}
