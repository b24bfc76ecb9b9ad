"""Operations on API keys: what clients show in x-api-key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import metering, state, usage_state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import Patch, check_supported, patches_in
from cloudlet.services.apigateway.permissions import rest_operation
from cloudlet.services.apigateway.usage_model import ApiKey

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_KEY: Final = "/apikeys/{apiKey}"
_LONGEST_NAME: Final = 1024
_LONGEST_DESCRIPTION: Final = 125_000
_SUPPORTED: Final = {
    "add": ("/stages",),
    "replace": ("/description", "/enabled", "/name", "/customerId"),
    "remove": ("/stages",),
}


@rest_operation("CreateApiKey", "/apikeys")
def create_api_key(call: Call, request: api.CreateApiKeyRequestTypeDef) -> dict[str, Any]:
    """Makes a key, with a value of the caller's or a random one."""
    return described(make_key(call, request))


@rest_operation("GetApiKey", _KEY)
def get_api_key(call: Call, request: api.GetApiKeyRequestTypeDef) -> dict[str, Any]:
    """Shows a key, with its value if asked for."""
    shown = {"tags": {}, **described(usage_state.key(call, request["apiKey"]))}
    return shown if request.get("includeValue") else _hidden(shown)


@rest_operation("GetApiKeys", "/apikeys")
def get_api_keys(call: Call, request: api.GetApiKeysRequestTypeDef) -> dict[str, Any]:
    """Lists the keys whose names begin as asked."""
    rows = [
        row
        for row in usage_state.list_keys(call)
        if (row.name or "").startswith(request.get("nameQuery", ""))
        and request.get("customerId") in (None, row.customer_id)
    ]
    shown = [described(row) if request.get("includeValues") else _hidden(described(row)) for row in rows]
    return page_of(shown, request)


@rest_operation("DeleteApiKey", _KEY)
def delete_api_key(call: Call, request: api.DeleteApiKeyRequestTypeDef) -> None:
    """Removes a key, also from its usage plans."""
    row = usage_state.key(call, request["apiKey"])
    for plan in usage_state.plans_of(call, row):
        metering.forget_key(call, plan.id, row.id)
    usage_state.delete_key(call, row)


@rest_operation("UpdateApiKey", _KEY)
def update_api_key(call: Call, request: api.UpdateApiKeyRequestTypeDef) -> dict[str, Any]:
    """Changes a key; its value stays."""
    row = usage_state.key(call, request["apiKey"])
    for patch in patches_in(request):
        row = _patched(row, patch)
    row = replace(row, last_updated_date=call.time())
    usage_state.save_key(call, row)
    return _hidden({"tags": {}, **described(row)})


def make_key(call: Call, request: Mapping[str, Any]) -> ApiKey:
    """A new key, stored. Raises BadRequestException or ConflictException."""
    _check(request.get("name"), request.get("description"))
    value = request.get("value") or call.ids.mixed(40)
    check_value(value)
    if usage_state.find_served_key(call, value) is not None:
        raise ConflictException("API Key already exists")
    now = call.time()
    row = ApiKey(
        id=value if request.get("generateDistinctId") is False else call.ids.lower(10),
        value=value,
        created_date=now,
        last_updated_date=now,
        name=request.get("name") or None,
        description=request.get("description"),
        customer_id=request.get("customerId"),
        enabled=request.get("enabled", False),
        stage_keys=[_stage_key(call, each) for each in request.get("stageKeys", ())],
        tags={**request.get("tags", {})} or None,
    )
    usage_state.save_key(call, row)
    return row


def check_value(value: str) -> None:
    """Raises BadRequestException for what is too short or too long to be a key."""
    if len(value) < 20:
        raise BadRequestException("API Key value should be at least 20 characters")
    if len(value) > 128:
        raise BadRequestException("API Key value exceeds maximum size of 128 characters")


def _check(name: str | None, description: str | None) -> None:
    if name is not None and len(name) > _LONGEST_NAME:
        raise BadRequestException(f"Invalid API Key name, can be at most {_LONGEST_NAME} characters.")
    if description is not None and len(description) > _LONGEST_DESCRIPTION:
        raise BadRequestException("Invalid API Key description specified.")


def _stage_key(call: Call, stage: Mapping[str, str]) -> str:
    api_id = stage.get("restApiId", "")
    return f"{api_id}/{state.stage(call, api_id, stage.get('stageName', '')).stage_name}"


def _hidden(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name != "value"}


def _patched(row: ApiKey, patch: Patch) -> ApiKey:
    check_supported(patch, _SUPPORTED)
    if patch.path == "/stages":
        kept = [each for each in row.stage_keys if each != patch.value]
        return replace(row, stage_keys=kept if patch.op == "remove" else [*kept, patch.text])
    if patch.path == "/enabled":
        return replace(row, enabled=patch.flag)
    if patch.path == "/customerId":
        return replace(row, customer_id=patch.value or None)
    if patch.path == "/name":
        _check(patch.value, None)
        return replace(row, name=patch.value or None)
    _check(None, patch.value)
    return replace(row, description=patch.value or None)
