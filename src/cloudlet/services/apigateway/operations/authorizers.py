"""Operations on authorizers: who decides whether a method may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, refused
from cloudlet.services.apigateway.members import described, given
from cloudlet.services.apigateway.model import Authorizer
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import Patch, check_supported, patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_AUTHORIZER: Final = f"{API}/authorizers/{{authorizerId}}"
_LONGEST_TTL_SECONDS: Final = 3600
_AUTH_TYPES: Final = {"TOKEN": "custom", "REQUEST": "custom", "COGNITO_USER_POOLS": "cognito_user_pools"}
_MEMBERS: Final = {
    "/authorizerUri": "authorizer_uri",
    "/authorizerCredentials": "authorizer_credentials",
    "/authorizerResultTtlInSeconds": "authorizer_result_ttl_in_seconds",
    "/authType": "auth_type",
    "/identitySource": "identity_source",
    "/identityValidationExpression": "identity_validation_expression",
    "/name": "name",
    "/providerARNs": "provider_arns",
    "/type": "type",
}
_SUPPORTED: Final = {
    "add": ("/identitySource", "/providerARNs"),
    "replace": tuple(_MEMBERS),
    "remove": ("/identitySource", "/providerARNs", "/identityValidationExpression", "/authorizerCredentials"),
}


@rest_operation("CreateAuthorizer", f"{API}/authorizers", role="authorizerCredentials")
def create_authorizer(call: Call, request: api.CreateAuthorizerRequestTypeDef) -> dict[str, Any]:
    """Makes an authorizer."""
    row = state.find_api(call, request["restApiId"])
    if row is None:
        # AWS words it so, whatever the reason.
        raise ConflictException(
            "Unable to complete operation due to concurrent modification. Please try again later."
        )
    if request["type"] not in _AUTH_TYPES:
        raise refused(f"authorizers of type {request['type']}")
    auth_type = request.get("authType") or _AUTH_TYPES[request["type"]]
    authorizer = given(Authorizer, request, id=call.ids.lower(6), auth_type=auth_type)
    check_authorizer(authorizer)
    if any(each.name == authorizer.name for each in state.list_authorizers(call, row.id)):
        raise ConflictException(
            f"Authorizer name must be unique. Authorizer {authorizer.name} already exists"
        )
    state.save_authorizer(call, row.id, authorizer)
    return described(authorizer)


@rest_operation("GetAuthorizer", _AUTHORIZER)
def get_authorizer(call: Call, request: api.GetAuthorizerRequestTypeDef) -> dict[str, Any]:
    """Shows an authorizer."""
    return described(state.authorizer(call, request["restApiId"], request["authorizerId"]))


@rest_operation("GetAuthorizers", f"{API}/authorizers")
def get_authorizers(call: Call, request: api.GetAuthorizersRequestTypeDef) -> dict[str, Any]:
    """Lists an API's authorizers by name."""
    rows = state.list_authorizers(call, state.api(call, request["restApiId"]).id)
    return page_of([described(row) for row in sorted(rows, key=lambda row: row.name)], request)


@rest_operation("DeleteAuthorizer", _AUTHORIZER)
def delete_authorizer(call: Call, request: api.DeleteAuthorizerRequestTypeDef) -> None:
    """Removes an authorizer that no method needs."""
    api_id = request["restApiId"]
    row = state.authorizer(call, api_id, request["authorizerId"])
    for resource in resource_state.list_resources(call, api_id):
        for method in resource.methods.values():
            if method.authorizer_id == row.id:
                raise ConflictException(
                    f"Cannot delete authorizer '{row.name}', is referenced in method: "
                    f"{method.http_method}/{resource.path}"
                )
    state.delete_authorizer(call, api_id, row.id)


@rest_operation("UpdateAuthorizer", _AUTHORIZER, role="authorizerCredentials")
def update_authorizer(call: Call, request: api.UpdateAuthorizerRequestTypeDef) -> dict[str, Any]:
    """Changes an authorizer."""
    row = state.authorizer(call, request["restApiId"], request["authorizerId"])
    for patch in patches_in(request):
        row = _patched(row, patch)
    check_authorizer(row)
    state.save_authorizer(call, request["restApiId"], row)
    return described(row)


def check_authorizer(row: Authorizer) -> None:
    """Raises BadRequestException for one that could decide nothing."""
    if not row.name:
        raise BadRequestException("Authorizer name must be non-empty")
    if row.type not in _AUTH_TYPES:
        raise BadRequestException(
            "Invalid authorizer type specified. Valid options are TOKEN, REQUEST, COGNITO_USER_POOLS"
        )
    ttl = row.authorizer_result_ttl_in_seconds
    if ttl is not None and not 0 <= ttl <= _LONGEST_TTL_SECONDS:
        raise BadRequestException(
            f"Authorizer result TTL must be between 0 and {_LONGEST_TTL_SECONDS} seconds, inclusive"
        )
    if row.type == "COGNITO_USER_POOLS":
        if not row.provider_arns:
            raise BadRequestException(
                "Authorizers of type COGNITO_USER_POOLS must have at least one provider ARN"
            )
    elif not row.authorizer_uri:
        raise BadRequestException("Invalid Authorizer URI: null. Authorizer URI must be a valid ARN")
    if row.type == "REQUEST" and ttl != 0 and not row.identity_source:
        raise BadRequestException("Identity source must be specified if caching is enabled")


def _patched(row: Authorizer, patch: Patch) -> Authorizer:
    check_supported(patch, _SUPPORTED)
    field = _MEMBERS[patch.path]
    if field == "authorizer_result_ttl_in_seconds":
        return replace(row, authorizer_result_ttl_in_seconds=patch.integer)
    if field == "provider_arns":
        kept = [each for each in row.provider_arns or () if patch.op != "replace" and each != patch.value]
        return replace(row, provider_arns=kept if patch.op == "remove" else [*kept, patch.text])
    value = None if patch.op == "remove" else patch.value or None
    if patch.op == "add" and row.identity_source:
        value = f"{row.identity_source},{patch.text}"
    return replace(row, **{field: value})
