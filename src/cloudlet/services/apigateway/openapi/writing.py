"""What a deployment froze as a document: what Swagger 2 and OpenAPI 3 have in common.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-export-api.html
Descriptions of documentation parts are merged in only where they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from msgspec import Struct, field

from cloudlet.services.apigateway.model import (
    DEFAULT_TIMEOUT_MILLIS,
    Authorizer,
    DocumentationPart,
    Integration,
    Method,
    MethodResponse,
    Snapshot,
)

_PREFIX: Final = "x-amazon-apigateway-"
_STATUS: Final = "{status} response"


class Wanted(Struct, frozen=True):
    """What the document is to have beside the API's outside."""

    integrations: bool = False
    authorizers: bool = False
    documentation: bool = False

    @classmethod
    def of(cls, parameter: str | None) -> Wanted:
        """What the parameter `extensions` asks for, its words parted by commas."""
        words = {word.strip() for word in (parameter or "").split(",")}
        everything = "apigateway" in words
        return cls(
            integrations=everything or "integrations" in words,
            authorizers=everything or "authorizers" in words,
            documentation="documentation" in words,
        )


class Source(Struct, frozen=True):
    """What a document is written of."""

    snapshot: Snapshot
    stage_name: str
    host: str
    wanted: Wanted
    documentation: list[DocumentationPart] = field(default_factory=list)
    documentation_version: str | None = None

    @property
    def info(self) -> dict[str, Any]:
        """The info object; an API without a version has its day of birth for one."""
        api = self.snapshot.api
        born = datetime.fromtimestamp(int(api.created_date), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {"description": api.description} if api.description else {}
        return {"title": api.name, **about, "version": api.version or born}

    @property
    def extensions(self) -> dict[str, Any]:
        """The extensions at the document's root."""
        found = _settings(self.snapshot) if self.wanted.integrations or self.wanted.authorizers else {}
        if self.documentation and self.wanted.documentation:
            parts = [_part(each) for each in self.documentation]
            version = {"version": self.documentation_version} if self.documentation_version else {}
            found[f"{_PREFIX}documentation"] = {**version, "documentationParts": parts}
        return found

    def security(self, method: Method) -> list[dict[str, list[str]]]:
        """What a method asks of its callers."""
        wanted: list[dict[str, list[str]]] = []
        authorizer = next(
            (each for each in self.snapshot.authorizers if each.id == method.authorizer_id), None
        )
        if authorizer is not None and self.wanted.authorizers:
            wanted.append({authorizer.name: [*(method.authorization_scopes or ())]})
        if method.authorization_type == "AWS_IAM" and self.wanted.authorizers:
            wanted.append({"sigv4": []})
        if method.api_key_required:
            wanted.append({"api_key": []})
        return wanted

    @property
    def schemes(self) -> dict[str, Any]:
        """The ways to be let in that methods ask for, in either version's form."""
        methods = [method for each in self.snapshot.resources for method in each.methods.values()]
        found: dict[str, Any] = {}
        if any(method.api_key_required for method in methods):
            found["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        if self.wanted.authorizers:
            if any(method.authorization_type == "AWS_IAM" for method in methods):
                found["sigv4"] = {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    f"{_PREFIX}authtype": "awsSigv4",
                }
            found |= {each.name: _scheme(each) for each in self.snapshot.authorizers}
        return found

    def validator(self, method: Method) -> dict[str, Any]:
        """The extension that names a method's validator."""
        rows = self.snapshot.validators if self.wanted.integrations else []
        name = next((each.name for each in rows if each.id == method.request_validator_id), None)
        return {f"{_PREFIX}request-validator": name} if name else {}

    def integration(self, method: Method) -> dict[str, Any]:
        """The extension with a method's integration."""
        if method.method_integration is None or not self.wanted.integrations:
            return {}
        return {f"{_PREFIX}integration": _integration(method.method_integration)}


class Writer(Protocol):
    """One version of OpenAPI."""

    def document(self, source: Source) -> dict[str, Any]:
        """The whole document."""


def headers_of(response: MethodResponse) -> list[str]:
    """The names of the headers that a response declares."""
    names = response.response_parameters or {}
    return [name.removeprefix("method.response.header.") for name in names]


def described_status(status: str) -> str:
    """What is said of a response, which every one must say."""
    return _STATUS.format(status=status)


def verb_name(verb: str) -> str:
    """A method's key below its path."""
    return f"{_PREFIX}any-method" if verb == "ANY" else verb.lower()


def parameters_of(method: Method) -> list[tuple[str, str, bool]]:
    """Name, place and whether it is required, of each parameter."""
    found = []
    for key, required in (method.request_parameters or {}).items():
        place, _, name = key.removeprefix("method.request.").partition(".")
        found.append((name, {"querystring": "query"}.get(place, place), required))
    return found


def _settings(snapshot: Snapshot) -> dict[str, Any]:
    api = snapshot.api
    found: dict[str, Any] = {}
    if api.binary_media_types:
        found[f"{_PREFIX}binary-media-types"] = api.binary_media_types
    if api.minimum_compression_size is not None:
        found[f"{_PREFIX}minimum-compression-size"] = api.minimum_compression_size
    if api.api_key_source != "HEADER":
        found[f"{_PREFIX}api-key-source"] = api.api_key_source
    if api.policy:
        found[f"{_PREFIX}policy"] = json.loads(api.policy)
    if snapshot.gateway_responses:
        found[f"{_PREFIX}gateway-responses"] = {
            each.response_type: _without_nothing(
                statusCode=each.status_code,
                responseParameters=each.response_parameters,
                responseTemplates=each.response_templates,
            )
            for each in snapshot.gateway_responses
        }
    if snapshot.validators:
        found[f"{_PREFIX}request-validators"] = {
            each.name: {
                "validateRequestParameters": each.validate_request_parameters,
                "validateRequestBody": each.validate_request_body,
            }
            for each in snapshot.validators
        }
    return found


def _scheme(row: Authorizer) -> dict[str, Any]:
    name = (row.identity_source or "").removeprefix("method.request.header.")
    extension = _without_nothing(
        type=row.type.lower(),
        providerARNs=row.provider_arns,
        authorizerUri=row.authorizer_uri,
        authorizerCredentials=row.authorizer_credentials,
        identitySource=row.identity_source if row.type == "REQUEST" else None,
        identityValidationExpression=row.identity_validation_expression,
    )
    if row.authorizer_result_ttl_in_seconds is not None:
        extension["authorizerResultTtlInSeconds"] = row.authorizer_result_ttl_in_seconds
    return {
        "type": "apiKey",
        "name": "Unused" if row.type == "REQUEST" else name or "Authorization",
        "in": "header",
        f"{_PREFIX}authtype": row.auth_type or "custom",
        f"{_PREFIX}authorizer": extension,
    }


def _integration(row: Integration) -> dict[str, Any]:
    tls = row.tls_config
    responses = {
        each.selection_pattern or "default": _without_nothing(
            statusCode=each.status_code,
            responseParameters=each.response_parameters,
            responseTemplates=each.response_templates,
            contentHandling=each.content_handling,
        )
        for each in (row.integration_responses or {}).values()
    }
    return _without_nothing(
        type=row.type.lower(),
        httpMethod=row.http_method,
        uri=row.uri,
        credentials=row.credentials,
        connectionType=row.connection_type if row.connection_type == "VPC_LINK" else None,
        connectionId=row.connection_id,
        responses=responses,
        requestParameters=row.request_parameters,
        requestTemplates=row.request_templates,
        passthroughBehavior=row.passthrough_behavior.lower(),
        contentHandling=row.content_handling,
        cacheKeyParameters=row.cache_key_parameters,
        responseTransferMode=row.response_transfer_mode,
        timeoutInMillis=row.timeout_in_millis if row.timeout_in_millis != DEFAULT_TIMEOUT_MILLIS else None,
        tlsConfig={"insecureSkipVerification": True} if tls and tls.insecure_skip_verification else None,
    )


def _part(row: DocumentationPart) -> dict[str, Any]:
    where = row.location
    location = _without_nothing(
        type=where.type,
        path=where.path,
        method=where.method,
        statusCode=where.status_code,
        name=where.name,
    )
    return {"location": location, "properties": json.loads(row.properties)}


def _without_nothing(**members: Any) -> dict[str, Any]:
    """The members that have something in them."""
    found: Mapping[str, Any] = members
    return {name: value for name, value in found.items() if value or (value == 0 and value is not False)}
