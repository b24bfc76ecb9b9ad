"""The operations of a document's paths as methods: parameters, models, responses, validators, guards.

Builds values only; ids are names here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudlet.services.apigateway.model import Integration, Method, MethodResponse

from .dialects import Dialect
from .document import Document, mapping, resolved, sequence, text
from .integrations import IntegrationReader
from .schemas import Models
from .security import Security

_VERBS: Final = {
    **{verb.lower(): verb for verb in ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD")},
    "x-amazon-apigateway-any-method": "ANY",
}
_PLACES: Final = {"query": "querystring", "header": "header", "path": "path"}
_PATH_PARAMETER: Final = re.compile(r"\{([^{}]+?)\+?\}")
_STATUS: Final = re.compile(r"[1-5]\d\d")
_VALIDATOR: Final = "x-amazon-apigateway-request-validator"
_INTEGRATION: Final = "x-amazon-apigateway-integration"


class MethodReader:
    """Reads the methods of one document."""

    def __init__(
        self, document: Document, dialect: Dialect, models: Models, security: Security, warnings: list[str]
    ) -> None:
        self._document = document
        self._dialect = dialect
        self._models = models
        self._security = security
        self._warnings = warnings

    def methods(self, path: str, item: Document) -> dict[str, Method]:
        """The methods of a path by verb."""
        return {
            verb: self._method(path, verb, item, resolved(self._document, item[name]))
            for name, verb in _VERBS.items()
            if name in item
        }

    def _method(self, path: str, verb: str, item: Document, operation: Document) -> Method:
        guard = self._security.guard(operation)
        scopes = [*guard.scopes]
        return Method(
            http_method=verb,
            authorization_type=guard.authorization_type,
            authorizer_id=guard.authorizer,
            authorization_scopes=scopes or None,
            api_key_required=guard.api_key_required,
            request_validator_id=text(operation.get(_VALIDATOR, self._document.get(_VALIDATOR))),
            operation_name=text(operation.get("operationId")),
            request_parameters=self._parameters(path, item, operation) or None,
            request_models=self._named(self._dialect.request_bodies(operation)) or None,
            method_responses=self._responses(path, verb, operation) or None,
            method_integration=self._integration(path, verb, operation),
        )

    def _parameters(self, path: str, item: Document, operation: Document) -> dict[str, bool]:
        found = {f"method.request.path.{name}": True for name in _PATH_PARAMETER.findall(path)}
        for source in (item, operation):
            for each in sequence(source.get("parameters")):
                parameter = resolved(self._document, each)
                place = _PLACES.get(str(parameter.get("in")))
                if place and parameter.get("name"):
                    name = f"method.request.{place}.{parameter['name']}"
                    found[name] = bool(parameter.get("required", False))
        return found

    def _responses(self, path: str, verb: str, operation: Document) -> dict[str, MethodResponse]:
        found = {}
        for status, each in mapping(operation.get("responses")).items():
            if not _STATUS.fullmatch(status):
                if not status.startswith("x-"):
                    self._warnings.append(
                        f"Invalid status code '{status}' of resource '{path}' and method '{verb}'"
                    )
                continue
            response = resolved(self._document, each)
            names = mapping(response.get("headers"))
            found[status] = MethodResponse(
                status_code=status,
                response_parameters={f"method.response.header.{name}": False for name in names} or None,
                response_models=self._named(self._dialect.response_bodies(operation, response)) or None,
            )
        return found

    def _named(self, bodies: Iterator[tuple[str, Any]]) -> dict[str, str]:
        return {content_type: self._models.name_of(schema) for content_type, schema in bodies}

    def _integration(self, path: str, verb: str, operation: Document) -> Integration | None:
        extension = operation.get(_INTEGRATION)
        if not isinstance(extension, Mapping):
            return None
        return IntegrationReader(path, verb, self._warnings).read(resolved(self._document, extension))
