"""Operations on request validators: what is checked before an integration is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import RequestValidator
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_VALIDATOR: Final = f"{API}/requestvalidators/{{requestValidatorId}}"


@rest_operation("CreateRequestValidator", f"{API}/requestvalidators")
def create_request_validator(call: Call, request: api.CreateRequestValidatorRequestTypeDef) -> dict[str, Any]:
    """Makes a validator."""
    row = state.find_api(call, request["restApiId"])
    if row is None:
        raise BadRequestException("Invalid REST API identifier specified")
    validator = RequestValidator(
        call.ids.lower(6),
        request.get("name", ""),
        request.get("validateRequestBody", False),
        request.get("validateRequestParameters", False),
    )
    state.save_validator(call, row.id, validator)
    return described(validator)


@rest_operation("GetRequestValidator", _VALIDATOR)
def get_request_validator(call: Call, request: api.GetRequestValidatorRequestTypeDef) -> dict[str, Any]:
    """Shows a validator."""
    return described(state.validator(call, request["restApiId"], request["requestValidatorId"]))


@rest_operation("GetRequestValidators", f"{API}/requestvalidators")
def get_request_validators(call: Call, request: api.GetRequestValidatorsRequestTypeDef) -> dict[str, Any]:
    """Lists an API's validators."""
    rows = state.list_validators(call, state.api(call, request["restApiId"]).id)
    return page_of([described(row) for row in rows], request)


@rest_operation("DeleteRequestValidator", _VALIDATOR)
def delete_request_validator(call: Call, request: api.DeleteRequestValidatorRequestTypeDef) -> None:
    """Removes a validator."""
    row = state.validator(call, request["restApiId"], request["requestValidatorId"])
    state.delete_validator(call, request["restApiId"], row.id)


@rest_operation("UpdateRequestValidator", _VALIDATOR)
def update_request_validator(call: Call, request: api.UpdateRequestValidatorRequestTypeDef) -> dict[str, Any]:
    """Changes a validator."""
    row = state.validator(call, request["restApiId"], request["requestValidatorId"])
    for patch in patches_in(request):
        check_listed(patch, ("/name", "/validateRequestParameters", "/validateRequestBody"))
        if patch.path == "/name":
            if not patch.value:
                raise BadRequestException("Request Validator name cannot be blank")
            row = replace(row, name=patch.value)
        elif patch.path == "/validateRequestBody":
            row = replace(row, validate_request_body=patch.flag)
        else:
            row = replace(row, validate_request_parameters=patch.flag)
    state.save_validator(call, request["restApiId"], row)
    return described(row)
