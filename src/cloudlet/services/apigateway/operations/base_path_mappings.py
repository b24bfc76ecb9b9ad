"""Operations on base path mappings: which API a domain name shows below which path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state, state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.network_model import BasePathMapping
from cloudlet.services.apigateway.operations.domain_names import DOMAIN
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import Patch, check_listed, patches_in
from cloudlet.services.apigateway.permissions import rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_MAPPING: Final = f"{DOMAIN}/basepathmappings/{{basePath}}"
NO_PATH: Final = "(none)"
_PATH: Final = re.compile(r"[A-Za-z0-9$\-_.+!*'()]+(?:/[A-Za-z0-9$\-_.+!*'()]+)*")


@rest_operation("CreateBasePathMapping", f"{DOMAIN}/basepathmappings")
def create_base_path_mapping(call: Call, request: api.CreateBasePathMappingRequestTypeDef) -> dict[str, Any]:
    """Shows an API below a path of a domain name."""
    domain = network_state.domain(call, request["domainName"], request.get("domainNameId"))
    base_path = _base_path(request.get("basePath"))
    if network_state.find_mapping(call, domain, base_path) is not None:
        raise ConflictException("Base path already exists for this domain name")
    row = BasePathMapping(base_path, request["restApiId"], request.get("stage") or None)
    _check(call, row)
    network_state.save_mapping(call, domain, row)
    return described(row)


@rest_operation("GetBasePathMapping", _MAPPING)
def get_base_path_mapping(call: Call, request: api.GetBasePathMappingRequestTypeDef) -> dict[str, Any]:
    """Shows a mapping."""
    domain = network_state.domain(call, request["domainName"], request.get("domainNameId"))
    return described(network_state.mapping(call, domain, request["basePath"]))


@rest_operation("GetBasePathMappings", f"{DOMAIN}/basepathmappings")
def get_base_path_mappings(call: Call, request: api.GetBasePathMappingsRequestTypeDef) -> dict[str, Any]:
    """Lists a domain name's mappings."""
    domain = network_state.domain(call, request["domainName"], request.get("domainNameId"))
    return page_of([described(row) for row in network_state.list_mappings(call, domain)], request)


@rest_operation("DeleteBasePathMapping", _MAPPING)
def delete_base_path_mapping(call: Call, request: api.DeleteBasePathMappingRequestTypeDef) -> None:
    """Removes a mapping."""
    domain = network_state.domain(call, request["domainName"], request.get("domainNameId"))
    row = network_state.mapping(call, domain, request["basePath"])
    network_state.delete_mapping(call, domain, row.base_path)


@rest_operation("UpdateBasePathMapping", _MAPPING)
def update_base_path_mapping(call: Call, request: api.UpdateBasePathMappingRequestTypeDef) -> dict[str, Any]:
    """Changes the path, the API or the stage of a mapping."""
    domain = network_state.domain(call, request["domainName"], request.get("domainNameId"))
    before = network_state.mapping(call, domain, request["basePath"])
    row = before
    for patch in patches_in(request):
        row = _patched(row, patch)
    _check(call, row)
    if row.base_path != before.base_path:
        if network_state.find_mapping(call, domain, row.base_path) is not None:
            raise ConflictException("Base path already exists for this domain name")
        network_state.delete_mapping(call, domain, before.base_path)
    network_state.save_mapping(call, domain, row)
    return described(row)


def _patched(row: BasePathMapping, patch: Patch) -> BasePathMapping:
    check_listed(patch, ("/basePath", "/restapiId", "/stage"))
    if patch.path == "/basePath":
        return replace(row, base_path=_base_path(patch.value))
    if patch.path == "/stage":
        return replace(row, stage=patch.value or None)
    return replace(row, rest_api_id=patch.text)


def _base_path(given: str | None) -> str:
    if not given or given == NO_PATH:
        return NO_PATH
    if not _PATH.fullmatch(given):
        raise BadRequestException(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a "
            "multi-level base path mapping, use API Gateway V2."
            if "/" in given
            else "Base paths only allow a-zA-Z0-9$-_.+!*'()"
        )
    if "/" in given:
        raise BadRequestException(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a "
            "multi-level base path mapping, use API Gateway V2."
        )
    return given


def _check(call: Call, row: BasePathMapping) -> None:
    if state.find_api(call, row.rest_api_id) is None:
        raise BadRequestException("Invalid REST API identifier specified")
    if row.stage is not None and state.find_stage(call, row.rest_api_id, row.stage) is None:
        raise BadRequestException("Invalid stage identifier specified")
