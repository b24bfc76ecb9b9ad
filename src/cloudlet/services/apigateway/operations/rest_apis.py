"""Operations on REST APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state, resource_state, state, usage_state
from cloudlet.services.apigateway.copies import copy_api
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, refused
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import EndpointConfiguration, Model, Resource, RestApi
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import Patch, check_replaces, patches_in, unknown_path
from cloudlet.services.apigateway.permissions import API, rest_operation
from cloudlet.services.apigateway.policies import kept_policy, shown_policy

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

CUSTOM_ID_TAG: Final = "_custom_id_"
_LARGEST_COMPRESSION_SIZE: Final = 10_485_760
_BAD_COMPRESSION_SIZE: Final = (
    f"Invalid minimum compression size, must be between 0 and {_LARGEST_COMPRESSION_SIZE}"
)
_SCHEMA: Final = "http://json-schema.org/draft-04/schema#"
_EMPTY: Final = f'{{\n  "$schema": "{_SCHEMA}",\n  "title" : "Empty Schema",\n  "type" : "object"\n}}'
_ERROR: Final = (
    f'{{\n  "$schema" : "{_SCHEMA}",\n  "title" : "Error Schema",\n  "type" : "object",\n'
    '  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}'
)


@rest_operation("CreateRestApi", "/restapis")
def create_rest_api(call: Call, request: api.CreateRestApiRequestTypeDef) -> dict[str, Any]:
    """Makes an API with its root resource and the two models that every API has."""
    _check_description(request.get("description"))
    source = _source(call, request.get("cloneFrom"))
    row = RestApi(
        id=_new_id(call, request.get("tags", {})),
        name=request["name"],
        created_date=call.time(),
        root_resource_id=call.ids.lower(10),
        description=request.get("description"),
        version=request.get("version"),
        binary_media_types=[*request.get("binaryMediaTypes", ())] or None,
        minimum_compression_size=_compression_size(request.get("minimumCompressionSize")),
        api_key_source=_key_source(request.get("apiKeySource", "HEADER")),
        endpoint_configuration=new_endpoint(request.get("endpointConfiguration", {})),
        disable_execute_api_endpoint=request.get("disableExecuteApiEndpoint", False),
        tags={**request.get("tags", {})} or None,
        security_policy=request.get("securityPolicy"),
        endpoint_access_mode=request.get("endpointAccessMode"),
    )
    if request.get("policy"):
        row = replace(row, policy=kept_policy(request["policy"], invoke_arn(call, row.id)))
    if source is None:
        save_new_api(call, row)
    else:
        row = replace(row, binary_media_types=row.binary_media_types or source.binary_media_types)
        copy_api(call, source, row)
    return shown_api(row)


def save_new_api(call: Call, row: RestApi) -> None:
    """Writes an API with its root resource and the two models that every API has."""
    state.save_api(call, row)
    resource_state.save_resource(call, row.id, Resource(row.root_resource_id, "/"))
    for name, schema in (("Empty", _EMPTY), ("Error", _ERROR)):
        about = f"This is a default {name.lower()} schema model"
        state.save_model(call, row.id, Model(call.ids.lower(6), name, "application/json", schema, about))


def shown_api(row: RestApi) -> dict[str, Any]:
    """An API as answers have it."""
    shown = described(row)
    return {**shown, "policy": shown_policy(row.policy)} if row.policy else shown


def invoke_arn(call: Call, api_id: str) -> str:
    """The ARN that an API's resource policy speaks of."""
    return f"arn:aws:execute-api:{call.region}:{call.account}:{api_id}"


@rest_operation("GetRestApi", API)
def get_rest_api(call: Call, request: api.GetRestApiRequestTypeDef) -> dict[str, Any]:
    """Shows an API."""
    return {"tags": {}, **shown_api(state.api(call, request["restApiId"]))}


@rest_operation("GetRestApis", "/restapis")
def get_rest_apis(call: Call, request: api.GetRestApisRequestTypeDef) -> dict[str, Any]:
    """Lists the APIs, the oldest first."""
    rows = sorted(state.list_apis(call), key=lambda row: (row.created_date, row.id))
    return page_of([shown_api(row) for row in rows], request)


@rest_operation("DeleteRestApi", API)
def delete_rest_api(call: Call, request: api.DeleteRestApiRequestTypeDef) -> None:
    """Removes an API with all that belongs to it."""
    row = state.api(call, request["restApiId"])
    _check_unmapped(call, row)
    usage_state.forget_stage(call, row.id)
    state.delete_api(call, row.id)


@rest_operation("UpdateRestApi", API)
def update_rest_api(call: Call, request: api.UpdateRestApiRequestTypeDef) -> dict[str, Any]:
    """Changes an API."""
    row = state.api(call, request["restApiId"])
    for patch in patches_in(request):
        row = _patched(call, row, patch)
    state.save_api(call, row)
    return {"tags": {}, **shown_api(row)}


def _source(call: Call, api_id: str | None) -> RestApi | None:
    if not api_id:
        return None
    found = state.find_api(call, api_id)
    if found is None:
        raise BadRequestException("Invalid API identifier specified for cloneFrom")
    return found


def _check_unmapped(call: Call, row: RestApi) -> None:
    for domain in network_state.list_domains(call):
        for mapping in network_state.list_mappings(call, domain):
            if mapping.rest_api_id == row.id:
                raise BadRequestException(
                    f"Deleting RestApi {row.id} failed. Please remove all base path mappings related to the "
                    f"RestApi in your domains: {domain.domain_name}"
                )


def _patched(call: Call, row: RestApi, patch: Patch) -> RestApi:
    head, *rest = patch.parts
    if head == "binaryMediaTypes":
        return replace(row, binary_media_types=_media_types(row, patch, rest))
    if head == "endpointConfiguration":
        return replace(row, endpoint_configuration=_patched_endpoint(row.endpoint_configuration, patch, rest))
    if head == "policy" and not rest:
        policy = kept_policy(patch.text, invoke_arn(call, row.id)) if patch.value else None
        return replace(row, policy=policy)
    if rest or head not in _MEMBERS:
        raise unknown_path(patch)
    if patch.op == "remove" and head == "description":
        return replace(row, description=None)
    check_replaces(patch)
    return _MEMBERS[head](row, patch)


def _media_types(row: RestApi, patch: Patch, rest: list[str]) -> list[str] | None:
    if len(rest) != 1 or not rest[0]:
        raise unknown_path(patch)
    types = [each for each in row.binary_media_types or () if each != rest[0]]
    if patch.op == "add":
        types.append(rest[0])
    elif patch.op == "replace":
        types.append(patch.text)
    return types or None


def _patched_endpoint(
    endpoint: EndpointConfiguration, patch: Patch, rest: list[str]
) -> EndpointConfiguration:
    if rest == ["ipAddressType"]:
        check_replaces(patch)
        if patch.text not in ("ipv4", "dualstack"):
            raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
        _check_address_type(endpoint.types, patch.text)
        return replace(endpoint, ip_address_type=patch.text)
    if rest == ["vpcEndpointIds"]:
        kept = [each for each in endpoint.vpc_endpoint_ids or () if each != patch.value]
        return replace(
            endpoint, vpc_endpoint_ids=(kept if patch.op == "remove" else [*kept, patch.text]) or None
        )
    if len(rest) == 2 and rest[0] == "types":
        if patch.op not in ("add", "remove", "replace"):
            raise BadRequestException("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
        if patch.text not in ("REGIONAL", "EDGE", "PRIVATE"):
            raise BadRequestException(
                "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"
            )
        if patch.op != "replace":
            raise refused("several endpoint types at once")
        address_type = "dualstack" if patch.text == "PRIVATE" else endpoint.ip_address_type
        return replace(endpoint, types=[patch.text], ip_address_type=address_type)
    raise unknown_path(patch)


def _check_address_type(types: list[str], address_type: str) -> None:
    if types == ["PRIVATE"] and address_type == "ipv4":
        raise BadRequestException("Only dualstack ipAddressType is supported for Private APIs.")


def _described_as(row: RestApi, patch: Patch) -> RestApi:
    return replace(row, description=patch.value or None)


def _named(row: RestApi, patch: Patch) -> RestApi:
    return replace(row, name=patch.text)


def _with_compression(row: RestApi, patch: Patch) -> RestApi:
    if not patch.value:
        return replace(row, minimum_compression_size=None)
    try:
        size = int(patch.value)
    except ValueError:
        raise BadRequestException(_BAD_COMPRESSION_SIZE) from None
    return replace(row, minimum_compression_size=_compression_size(size))


def _with_key_source(row: RestApi, patch: Patch) -> RestApi:
    return replace(row, api_key_source=_key_source(patch.text))


def _with_endpoint_disabled(row: RestApi, patch: Patch) -> RestApi:
    return replace(row, disable_execute_api_endpoint=patch.flag)


def _with_version(row: RestApi, patch: Patch) -> RestApi:
    return replace(row, version=patch.value or None)


def _with_security_policy(row: RestApi, patch: Patch) -> RestApi:
    return replace(row, security_policy=patch.value or None)


def _with_access_mode(row: RestApi, patch: Patch) -> RestApi:
    return replace(row, endpoint_access_mode=patch.value or None)


_MEMBERS: Final = {
    "name": _named,
    "version": _with_version,
    "securityPolicy": _with_security_policy,
    "endpointAccessMode": _with_access_mode,
    "description": _described_as,
    "minimumCompressionSize": _with_compression,
    "apiKeySource": _with_key_source,
    "disableExecuteApiEndpoint": _with_endpoint_disabled,
}


def _new_id(call: Call, tags: Mapping[str, str]) -> str:
    chosen = tags.get(CUSTOM_ID_TAG)
    if chosen is None:
        return call.ids.lower(10)
    if state.is_taken(call, chosen):
        raise ConflictException(f"The API id {chosen}, asked for by the tag {CUSTOM_ID_TAG}, is taken.")
    return chosen


def _check_description(description: str | None) -> None:
    if description == "":
        raise BadRequestException("Description cannot be an empty string")


def _compression_size(size: int | None) -> int | None:
    if size is not None and not 0 <= size <= _LARGEST_COMPRESSION_SIZE:
        raise BadRequestException(_BAD_COMPRESSION_SIZE)
    return size


def _key_source(source: str) -> str:
    if source not in ("HEADER", "AUTHORIZER"):
        raise BadRequestException("Invalid API key source specified. Valid options are HEADER, AUTHORIZER")
    return source


def new_endpoint(configuration: Mapping[str, Any]) -> EndpointConfiguration:
    """How a new API is reached. Raises BadRequestException for what AWS does not make."""
    types = configuration.get("types")
    if types == []:
        raise BadRequestException("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if types and len(types) > 1:
        raise BadRequestException("Cannot create an api with multiple Endpoint Types.")
    chosen = [types[0] if types else "EDGE"]
    default = "dualstack" if chosen == ["PRIVATE"] else "ipv4"
    address_type = configuration.get("ipAddressType") or default
    _check_address_type(chosen, address_type)
    return EndpointConfiguration(chosen, address_type, [*configuration.get("vpcEndpointIds", ())] or None)
