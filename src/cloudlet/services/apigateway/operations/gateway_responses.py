"""Operations on gateway responses: what the gateway says in its own name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException, NotFoundException
from cloudlet.services.apigateway.members import described, given
from cloudlet.services.apigateway.model import GatewayResponse
from cloudlet.services.apigateway.patches import Patch, patches_in, unknown_path
from cloudlet.services.apigateway.permissions import API, rest_operation
from cloudlet.services.apigateway.responses import STATUS, response_for

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_RESPONSE: Final = f"{API}/gatewayresponses/{{responseType}}"


@rest_operation("PutGatewayResponse", _RESPONSE)
def put_gateway_response(call: Call, request: api.PutGatewayResponseRequestTypeDef) -> dict[str, Any]:
    """Says what the gateway answers in one case."""
    row = state.api(call, request["restApiId"])
    state.save_gateway_response(call, row.id, given(GatewayResponse, request))
    return _described(call, row.id, request["responseType"])


@rest_operation("GetGatewayResponse", _RESPONSE)
def get_gateway_response(call: Call, request: api.GetGatewayResponseRequestTypeDef) -> dict[str, Any]:
    """Shows what the gateway answers in one case."""
    return _described(call, state.api(call, request["restApiId"]).id, request["responseType"])


@rest_operation("GetGatewayResponses", f"{API}/gatewayresponses")
def get_gateway_responses(call: Call, request: api.GetGatewayResponsesRequestTypeDef) -> dict[str, Any]:
    """Shows what the gateway answers in every case."""
    row = state.api(call, request["restApiId"])
    return {"items": [_described(call, row.id, response_type) for response_type in STATUS]}


@rest_operation("DeleteGatewayResponse", _RESPONSE)
def delete_gateway_response(call: Call, request: api.DeleteGatewayResponseRequestTypeDef) -> None:
    """Goes back to what the gateway says of itself."""
    row = state.api(call, request["restApiId"])
    if state.find_gateway_response(call, row.id, request["responseType"]) is None:
        raise NotFoundException("Gateway response type not defined on api")
    state.delete_gateway_response(call, row.id, request["responseType"])


@rest_operation("UpdateGatewayResponse", _RESPONSE)
def update_gateway_response(call: Call, request: api.UpdateGatewayResponseRequestTypeDef) -> dict[str, Any]:
    """Changes what the gateway answers in one case."""
    row = state.api(call, request["restApiId"])
    kind = request["responseType"]
    response = state.find_gateway_response(call, row.id, kind) or GatewayResponse(kind)
    for patch in patches_in(request):
        response = _patched(response, patch)
    state.save_gateway_response(call, row.id, response)
    return _described(call, row.id, kind)


def _patched(response: GatewayResponse, patch: Patch) -> GatewayResponse:
    head, *rest = patch.parts
    if head == "statusCode" and not rest:
        if patch.op != "replace":
            raise unknown_path(patch)
        return replace(response, status_code=patch.value)
    if len(rest) != 1 or head not in ("responseParameters", "responseTemplates"):
        raise unknown_path(patch)
    if head == "responseParameters":
        return replace(
            response, response_parameters=_texts(response.response_parameters, head, rest[0], patch)
        )
    return replace(response, response_templates=_texts(response.response_templates, head, rest[0], patch))


def _texts(present: Mapping[str, str], head: str, name: str, patch: Patch) -> dict[str, str]:
    if patch.op == "remove":
        return {key: value for key, value in present.items() if key != name}
    if not patch.value:
        raise BadRequestException(f"Invalid null or empty value in {head}")
    if patch.op == "replace" and name not in present:
        raise NotFoundException("Invalid parameter name specified")
    return {**present, name: patch.value}


def _described(call: Call, api_id: str, response_type: str) -> dict[str, Any]:
    put = {each.response_type: each for each in state.list_gateway_responses(call, api_id)}
    response, is_default = response_for(put, response_type)
    return {**described(response), "defaultResponse": is_default}
