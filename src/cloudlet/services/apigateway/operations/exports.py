"""Operations that give an API, or a part of one, away in another form: documents and sample payloads.

Clients are written by others, from the documents: GetSdk is not here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException, NotFoundException
from cloudlet.services.apigateway.model import Snapshot, Stage
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.permissions import API, rest_operation
from cloudlet.services.apigateway.sample_payloads import sample_template
from cloudlet.services.apigateway.sdk_types import SDK_TYPES

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_STAGE: Final = f"{API}/stages/{{stageName}}"
_YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml")


@rest_operation("GetExport", f"{_STAGE}/exports/{{exportType}}")
def get_export(call: Call, request: api.GetExportRequestTypeDef) -> dict[str, Any]:
    """Writes what a stage shows as a document."""
    from cloudlet.services.apigateway.openapi.exporting import (  # noqa: PLC0415  start time: documents take 10 ms
        exported_document,
    )

    row = state.api(call, request["restApiId"])
    stage = state.stage(call, row.id, request["stageName"])
    kind = request["exportType"]
    document = exported_document(
        kind,
        _snapshot(call, row.id, stage),
        stage.stage_name,
        call.region,
        request.get("parameters", {}).get("extensions"),
        state.find_documentation_version(call, row.id, stage.documentation_version or ""),
    )
    if document is None:
        raise BadRequestException(f"No API exporter for type '{kind}'")
    is_yaml = request.get("accepts") in _YAML
    name = f"{kind}_{document['info']['version']}.{'yaml' if is_yaml else 'json'}"
    return {
        "contentType": "application/octet-stream",
        "contentDisposition": f'attachment; filename="{name}"',
        "body": _written(document, is_yaml),
    }


@rest_operation("GetSdkType", "/sdktypes/{id}")
def get_sdk_type(call: Call, request: api.GetSdkTypeRequestTypeDef) -> dict[str, Any]:
    """Shows a kind of client that AWS can write."""
    found = next((each for each in SDK_TYPES if each["id"] == request["id"]), None)
    if found is None:
        raise NotFoundException("Invalid SDK type identifier specified")
    return {**found}


@rest_operation("GetSdkTypes", "/sdktypes")
def get_sdk_types(call: Call, request: api.GetSdkTypesRequestTypeDef) -> dict[str, Any]:
    """Lists the kinds of clients that AWS can write."""
    return page_of(SDK_TYPES, request)


@rest_operation("GetModelTemplate", f"{API}/models/{{modelName}}/default_template")
def get_model_template(call: Call, request: api.GetModelTemplateRequestTypeDef) -> dict[str, Any]:
    """Shows a mapping template that makes payloads of a model's shape."""
    model = state.model(call, request["restApiId"], request["modelName"])
    schemas = {each.name: each.schema for each in state.list_models(call, request["restApiId"])}
    return {"value": sample_template(model.name, schemas)}


def _snapshot(call: Call, api_id: str, stage: Stage) -> Snapshot:
    found = state.find_snapshot(call, api_id, stage.deployment_id)
    if found is None:
        raise NotFoundException("Invalid Deployment identifier specified")
    return found


def _written(document: dict[str, Any], is_yaml: bool) -> bytes:
    if is_yaml:
        from cloudlet.services.apigateway.openapi.yaml_text import dump  # noqa: PLC0415  start time: 10 ms

        return dump(document).encode()
    return json.dumps(document, indent=2, ensure_ascii=False).encode()
