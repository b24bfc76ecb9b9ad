"""What an OpenAPI document says of an API, in the service's own words but without ids.

Knows nothing of documents nor of the store.
"""

from __future__ import annotations

from msgspec import Struct, field

from cloudlet.services.apigateway.model import (
    Authorizer,
    DocumentationLocation,
    GatewayResponse,
    Method,
    Model,
    RequestValidator,
)


class Definition(Struct):
    """An API as a document has it. Ids are names here: of models, validators and authorizers."""

    name: str
    version: str | None = None
    description: str | None = None
    api_key_source: str | None = None
    binary_media_types: list[str] | None = None
    minimum_compression_size: int | None = None
    policy: str | None = None
    disable_execute_api_endpoint: bool | None = None
    vpc_endpoint_ids: list[str] | None = None
    models: dict[str, Model] = field(default_factory=dict)
    validators: list[RequestValidator] = field(default_factory=list)
    authorizers: list[Authorizer] = field(default_factory=list)
    gateway_responses: list[GatewayResponse] = field(default_factory=list)
    paths: dict[str, dict[str, Method]] = field(default_factory=dict)
    documentation: list[tuple[DocumentationLocation, str]] = field(default_factory=list)
    documentation_version: str | None = None
    warnings: list[str] = field(default_factory=list)
