"""Operations on methods and on what they may answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from cloudlet.services.apigateway.members import described, given
from cloudlet.services.apigateway.model import METHODS, Method, MethodResponse
from cloudlet.services.apigateway.patches import Patch, check_replaces, patches_in, unknown_path
from cloudlet.services.apigateway.permissions import METHOD, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_RESPONSE: Final = f"{METHOD}/responses/{{statusCode}}"
_WITH_AUTHORIZER: Final = ("CUSTOM", "COGNITO_USER_POOLS")
_NO_AUTHORIZER: Final = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
    "requires a valid authorizer."
)


@rest_operation("PutMethod", METHOD)
def put_method(call: Call, request: api.PutMethodRequestTypeDef) -> dict[str, Any]:
    """Makes a method."""
    api_id, http_method = request["restApiId"], request["httpMethod"]
    resource = resource_state.resource(call, api_id, request["resourceId"])
    if http_method not in METHODS:
        raise BadRequestException(f"Invalid HttpMethod specified. Valid options are {','.join(METHODS)}")
    if http_method in resource.methods:
        raise ConflictException("Method already exists for this resource")
    row = given(Method, request)
    if row.authorization_type not in _WITH_AUTHORIZER:
        row = replace(row, authorizer_id=None)
    check_method(call, api_id, row)
    resource_state.save_resource(call, api_id, resource.with_method(http_method, row))
    return described(row)


@rest_operation("GetMethod", METHOD)
def get_method(call: Call, request: api.GetMethodRequestTypeDef) -> dict[str, Any]:
    """Shows a method with its integration."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    return described(resource_state.method(resource, request["httpMethod"]))


@rest_operation("DeleteMethod", METHOD)
def delete_method(call: Call, request: api.DeleteMethodRequestTypeDef) -> None:
    """Removes a method with its integration."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    row = resource_state.method(resource, request["httpMethod"])
    resource_state.save_resource(call, request["restApiId"], resource.with_method(row.http_method, None))


@rest_operation("UpdateMethod", METHOD)
def update_method(call: Call, request: api.UpdateMethodRequestTypeDef) -> dict[str, Any]:
    """Changes a method."""
    api_id = request["restApiId"]
    resource = resource_state.resource(call, api_id, request["resourceId"])
    row = resource_state.method(resource, request["httpMethod"])
    for patch in patches_in(request):
        row = _patched(row, patch)
    if row.authorization_type not in _WITH_AUTHORIZER:
        row = replace(row, authorizer_id=None)
    check_method(call, api_id, row)
    resource_state.save_resource(call, api_id, resource.with_method(row.http_method, row))
    return described(row)


@rest_operation("PutMethodResponse", _RESPONSE)
def put_method_response(call: Call, request: api.PutMethodResponseRequestTypeDef) -> dict[str, Any]:
    """Declares an answer of a method."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    method = resource_state.method(resource, request["httpMethod"])
    if request["statusCode"] in (method.method_responses or {}):
        raise ConflictException("Response already exists for this resource")
    row = given(MethodResponse, request)
    _check_models(call, request["restApiId"], row.response_models)
    changed = method.with_response(row.status_code, row)
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(method.http_method, changed)
    )
    return described(row)


@rest_operation("GetMethodResponse", _RESPONSE)
def get_method_response(call: Call, request: api.GetMethodResponseRequestTypeDef) -> dict[str, Any]:
    """Shows a declared answer."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    return described(_response(resource_state.method(resource, request["httpMethod"]), request["statusCode"]))


@rest_operation("DeleteMethodResponse", _RESPONSE)
def delete_method_response(call: Call, request: api.DeleteMethodResponseRequestTypeDef) -> None:
    """Removes a declared answer."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    method = resource_state.method(resource, request["httpMethod"])
    changed = method.with_response(_response(method, request["statusCode"]).status_code, None)
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(method.http_method, changed)
    )


@rest_operation("UpdateMethodResponse", _RESPONSE)
def update_method_response(call: Call, request: api.UpdateMethodResponseRequestTypeDef) -> dict[str, Any]:
    """Changes a declared answer."""
    resource = resource_state.resource(call, request["restApiId"], request["resourceId"])
    method = resource_state.method(resource, request["httpMethod"])
    row = _response(method, request["statusCode"])
    for patch in patches_in(request):
        row = _patched_response(row, patch)
    _check_models(call, request["restApiId"], row.response_models)
    changed = method.with_response(row.status_code, row)
    resource_state.save_resource(
        call, request["restApiId"], resource.with_method(method.http_method, changed)
    )
    return described(row)


def _response(method: Method, status_code: str) -> MethodResponse:
    found = (method.method_responses or {}).get(status_code)
    if found is None:
        raise NotFoundException("Invalid Response status code specified")
    return found


def check_method(call: Call, api_id: str, row: Method) -> None:
    """Raises BadRequestException for what AWS would not store."""
    if row.authorization_type in _WITH_AUTHORIZER:
        authorizer = state.find_authorizer(call, api_id, row.authorizer_id or "")
        wanted = row.authorization_type == "COGNITO_USER_POOLS"
        if authorizer is None or wanted != (authorizer.type == "COGNITO_USER_POOLS"):
            raise BadRequestException(_NO_AUTHORIZER)
    elif row.authorization_type not in ("NONE", "AWS_IAM"):
        raise BadRequestException(
            "Invalid authorization type specified. "
            "Valid options are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS"
        )
    if row.request_validator_id and state.find_validator(call, api_id, row.request_validator_id) is None:
        raise BadRequestException("Invalid Request Validator identifier specified")
    _check_models(call, api_id, row.request_models)
    names = [each.rpartition(".")[2] for each in row.request_parameters or ()]
    if len(names) != len(set(names)):
        raise BadRequestException("Parameter names must be unique across querystring, header and path")
    for each in row.request_parameters or ():
        if not each.startswith(_REQUEST_PLACES) or not each.rpartition(".")[2]:
            raise BadRequestException(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression specified: {each}]"
            )


_REQUEST_PLACES: Final = ("method.request.querystring.", "method.request.header.", "method.request.path.")


def _check_models(call: Call, api_id: str, models: Mapping[str, str] | None) -> None:
    for name in (models or {}).values():
        if state.find_model(call, api_id, name) is None:
            raise BadRequestException(f"Invalid model identifier specified: {name}")


def _patched(row: Method, patch: Patch) -> Method:
    head, *rest = patch.parts
    if head == "requestParameters":
        if len(rest) != 1:
            raise unknown_path(patch)
        return replace(row, request_parameters=_flags(row.request_parameters, rest[0], patch))
    if head == "requestModels":
        if len(rest) != 1:
            raise unknown_path(patch)
        return replace(row, request_models=_texts(row.request_models, rest[0], patch))
    if head == "authorizationScopes" and not rest:
        return replace(row, authorization_scopes=_scopes(row, patch))
    if rest or head not in _MEMBERS:
        raise unknown_path(patch)
    check_replaces(patch)
    changed = {_MEMBERS[head]: patch.flag if head == "apiKeyRequired" else patch.value or None}
    return replace(row, **changed)


_MEMBERS: Final = {
    "authorizationType": "authorization_type",
    "authorizerId": "authorizer_id",
    "apiKeyRequired": "api_key_required",
    "requestValidatorId": "request_validator_id",
    "operationName": "operation_name",
}


def _scopes(row: Method, patch: Patch) -> list[str] | None:
    kept = [each for each in row.authorization_scopes or () if each != patch.value]
    if patch.op == "replace":
        kept = []
    return (kept if patch.op == "remove" else [*kept, patch.text]) or None


def _patched_response(row: MethodResponse, patch: Patch) -> MethodResponse:
    head, *rest = patch.parts
    if len(rest) != 1 or head not in ("responseParameters", "responseModels"):
        raise unknown_path(patch)
    if head == "responseParameters":
        if patch.op != "add" and rest[0] not in (row.response_parameters or {}):
            raise NotFoundException("Invalid parameter name specified")
        return replace(row, response_parameters=_flags(row.response_parameters, rest[0], patch))
    if patch.op != "add" and rest[0] not in (row.response_models or {}):
        raise NotFoundException("Content-Type specified was not found")
    return replace(row, response_models=_texts(row.response_models, rest[0], patch))


def _flags(present: Mapping[str, bool] | None, name: str, patch: Patch) -> dict[str, bool] | None:
    kept = {key: value for key, value in (present or {}).items() if key != name}
    return (kept if patch.op == "remove" else {**kept, name: patch.flag}) or None


def _texts(present: Mapping[str, str] | None, name: str, patch: Patch) -> dict[str, str] | None:
    kept = {key: value for key, value in (present or {}).items() if key != name}
    return (kept if patch.op == "remove" else {**kept, name: patch.text}) or None
