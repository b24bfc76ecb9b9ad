"""A whole document as the definition of an API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
Changes nothing; applying.py stores what is found here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.apigateway.model import GatewayResponse, RequestValidator

from . import documentation
from .definition import Definition
from .dialects import Dialect, dialect_of
from .document import Document, InvalidDocument, mapping, number, parse, resolved, text
from .methods import MethodReader
from .schemas import Models
from .security import Security

_PREFIX: Final = "x-amazon-apigateway-"


def read_definition(body: bytes, api_id: str, base_path_mode: str, ignored: str = "") -> Definition:
    """What a document says of the API with an id. Raises InvalidDocument."""
    document = parse(body)
    dialect = dialect_of(document)
    info = document.get("info")
    if not isinstance(info, Mapping) or not info.get("title"):
        raise InvalidDocument
    definition = Definition(
        name=str(info["title"]),
        version=text(info.get("version")),
        description=text(info.get("description")) or None,
    )
    _read_settings(definition, document, dialect)
    _read_paths(definition, document, dialect, api_id, base_path_mode)
    if ignored != "documentation":
        definition.documentation = documentation.parts_in(document)
    return definition


def _read_settings(definition: Definition, document: Document, dialect: Dialect) -> None:
    key_source = document.get(f"{_PREFIX}api-key-source")
    definition.api_key_source = str(key_source).upper() if key_source else None
    types = document.get(f"{_PREFIX}binary-media-types")
    definition.binary_media_types = [str(each) for each in types] if isinstance(types, list) else None
    definition.minimum_compression_size = number(document.get(f"{_PREFIX}minimum-compression-size"))
    policy = document.get(f"{_PREFIX}policy")
    definition.policy = policy if isinstance(policy, str) or policy is None else json.dumps(policy)
    endpoint = dialect.endpoint()
    if "disableExecuteApiEndpoint" in endpoint:
        definition.disable_execute_api_endpoint = str(endpoint["disableExecuteApiEndpoint"]).lower() == "true"
    if isinstance(endpoint.get("vpcEndpointIds"), list):
        definition.vpc_endpoint_ids = [str(each) for each in endpoint["vpcEndpointIds"]]
    definition.validators = [
        RequestValidator(
            "", name, bool(each.get("validateRequestBody")), bool(each.get("validateRequestParameters"))
        )
        for name, each in _objects(document.get(f"{_PREFIX}request-validators"))
    ]
    definition.gateway_responses = [
        GatewayResponse(
            kind,
            text(each.get("statusCode")),
            _texts(each.get("responseParameters")),
            _texts(each.get("responseTemplates")),
        )
        for kind, each in _objects(document.get(f"{_PREFIX}gateway-responses"))
    ]


def _read_paths(
    definition: Definition, document: Document, dialect: Dialect, api_id: str, base_path_mode: str
) -> None:
    models = Models(api_id)
    for name, schema in dialect.schemas().items():
        models.add(name, schema)
    security = Security(dialect.security_schemes(), document.get("security"))
    definition.authorizers = security.authorizers()
    reader = MethodReader(document, dialect, models, security, definition.warnings)
    prefix = _prefix(dialect.base_path(), base_path_mode)
    for path, item in mapping(document.get("paths")).items():
        if not path.startswith("/"):
            if not path.startswith("x-"):
                definition.warnings.append(f"Ignoring invalid path '{path}'. Paths must begin with '/'")
            continue
        whole = f"{prefix}{path}".rstrip("/") or "/"
        definition.paths[whole] = reader.methods(whole, resolved(document, item))
    definition.models = models.found


def _prefix(base_path: str, mode: str) -> str:
    parts = [part for part in base_path.split("/") if part]
    if mode == "prepend":
        return "".join(f"/{part}" for part in parts)
    if mode == "split":
        return "".join(f"/{part}" for part in parts[1:])
    return ""


def _objects(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, each) for name, each in mapping(value).items() if isinstance(each, Mapping)]


def _texts(value: Any) -> dict[str, str]:
    return {name: str(each) for name, each in mapping(value).items()}
