"""x-amazon-apigateway-integration as an integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
What is wrong in it is a warning and left out; whether the rest can work is checked where it is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.apigateway.errors import refused
from cloudlet.services.apigateway.model import (
    DEFAULT_TIMEOUT_MILLIS,
    Integration,
    IntegrationResponse,
    TlsConfig,
)

from .document import number, sequence, text

_HTTP: Final = ("HTTP", "HTTP_PROXY")


class IntegrationReader:
    """Reads the integration of one method; tells what it had to leave out."""

    def __init__(self, path: str, verb: str, warnings: list[str]) -> None:
        self._place = f"of resource '{path}' and method '{verb}'"
        self._warnings = warnings

    def read(self, extension: Mapping[str, Any]) -> Integration:
        """The integration. Raises NotImplementedHere for one with a target."""
        kind = str(extension.get("type", "")).upper()
        if extension.get("integrationTarget"):
            raise refused("integration targets")
        http_method = extension.get("httpMethod")
        tls = extension.get("tlsConfig")
        responses = extension.get("responses")
        return Integration(
            type=kind,
            http_method=str(http_method).upper() if http_method else None,
            uri=text(extension.get("uri")),
            connection_type=text(extension.get("connectionType")) or ("INTERNET" if kind in _HTTP else None),
            connection_id=text(extension.get("connectionId")),
            credentials=text(extension.get("credentials")),
            request_parameters=self._texts(extension, "requestParameters"),
            request_templates=self._texts(extension, "requestTemplates"),
            passthrough_behavior=str(extension.get("passthroughBehavior", "WHEN_NO_MATCH")).upper(),
            content_handling=_upper(extension.get("contentHandling")),
            timeout_in_millis=number(extension.get("timeoutInMillis")) or DEFAULT_TIMEOUT_MILLIS,
            cache_namespace=str(extension.get("cacheNamespace") or ""),
            cache_key_parameters=[str(each) for each in sequence(extension.get("cacheKeyParameters"))],
            integration_responses=self._responses(responses) if isinstance(responses, Mapping) else None,
            response_transfer_mode=_upper(extension.get("responseTransferMode")),
            tls_config=TlsConfig(bool(tls.get("insecureSkipVerification")))
            if isinstance(tls, Mapping)
            else None,
        )

    def _responses(self, responses: Mapping[str, Any]) -> dict[str, IntegrationResponse] | None:
        found = {}
        for pattern, each in responses.items():
            if not isinstance(each, Mapping) or "statusCode" not in each:
                self._warnings.append(
                    f"Status code is required for integration response '{pattern}' {self._place}"
                )
                continue
            templates = self._texts(each, "responseTemplates")
            found[str(each["statusCode"])] = IntegrationResponse(
                status_code=str(each["statusCode"]),
                selection_pattern=None if pattern == "default" else pattern,
                response_parameters=self._texts(each, "responseParameters"),
                response_templates={**templates} if templates else None,
                content_handling=_upper(each.get("contentHandling")),
            )
        return found or None

    def _texts(self, extension: Mapping[str, Any], name: str) -> dict[str, str] | None:
        values = extension.get(name)
        found = {}
        for key, value in values.items() if isinstance(values, Mapping) else ():
            if isinstance(value, str):
                found[key] = value
            elif value is not None:
                self._warnings.append(
                    f"Invalid format for '{name}'. Expected type string for property '{key}' {self._place} "
                    f"but got '{json.dumps(value)}'"
                )
        return found or None


def _upper(value: Any) -> str | None:
    return str(value).upper() if value else None
