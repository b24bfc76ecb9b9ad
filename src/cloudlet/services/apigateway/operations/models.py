"""Operations on models: the shapes of payloads, as JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import Model
from cloudlet.services.apigateway.openapi.schemas import flattened
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_MODEL: Final = f"{API}/models/{{modelName}}"


@rest_operation("CreateModel", f"{API}/models")
def create_model(call: Call, request: api.CreateModelRequestTypeDef) -> dict[str, Any]:
    """Makes a model."""
    row = state.api(call, request["restApiId"])
    if not request["name"]:
        raise BadRequestException("Model name must be non-empty")
    if state.find_model(call, row.id, request["name"]) is not None:
        raise ConflictException("Model name already exists for this REST API")
    check_schema(request.get("schema"))
    model = Model(
        call.ids.lower(6),
        request["name"],
        request["contentType"],
        request["schema"],
        request.get("description") or None,
    )
    state.save_model(call, row.id, model)
    return described(model)


@rest_operation("GetModel", _MODEL)
def get_model(call: Call, request: api.GetModelRequestTypeDef) -> dict[str, Any]:
    """Shows a model."""
    model = state.model(call, request["restApiId"], request["modelName"])
    if request.get("flatten"):
        schemas = {each.name: each.schema for each in state.list_models(call, request["restApiId"])}
        model = replace(model, schema=flattened(model.name, schemas))
    return described(model)


@rest_operation("GetModels", f"{API}/models")
def get_models(call: Call, request: api.GetModelsRequestTypeDef) -> dict[str, Any]:
    """Lists an API's models."""
    rows = state.list_models(call, state.api(call, request["restApiId"]).id)
    return page_of([described(row) for row in rows], request)


@rest_operation("DeleteModel", _MODEL)
def delete_model(call: Call, request: api.DeleteModelRequestTypeDef) -> None:
    """Removes a model that no method needs."""
    api_id = request["restApiId"]
    row = state.model(call, api_id, request["modelName"])
    for resource in resource_state.list_resources(call, api_id):
        for method in resource.methods.values():
            if row.name in (method.request_models or {}).values():
                raise ConflictException(
                    f"Cannot delete model '{row.name}', is referenced in method request: "
                    f"{resource.path}/{method.http_method}"
                )
    state.delete_model(call, api_id, row.name)


@rest_operation("UpdateModel", _MODEL)
def update_model(call: Call, request: api.UpdateModelRequestTypeDef) -> dict[str, Any]:
    """Changes a model."""
    row = state.model(call, request["restApiId"], request["modelName"])
    for patch in patches_in(request):
        check_listed(patch, ("/description", "/schema"))
        if patch.path == "/schema":
            check_schema(patch.value)
            row = replace(row, schema=patch.text)
        else:
            row = replace(row, description=patch.value or None)
    state.save_model(call, request["restApiId"], row)
    return described(row)


def check_schema(schema: str | None) -> None:
    """Raises BadRequestException for what is no schema."""
    if not schema:
        raise BadRequestException("Model schema must have at least 1 property or array items defined")
    try:
        json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise BadRequestException(
            f"Invalid model schema specified. Validation Result: warnings : [], errors : [{error}]"
        ) from None
