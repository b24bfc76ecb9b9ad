"""Operations on usage plans: which stages API keys may call, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import metering, state, usage_state
from cloudlet.services.apigateway.errors import BadRequestException, NotFoundException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import Patch, check_supported, patches_in
from cloudlet.services.apigateway.permissions import rest_operation
from cloudlet.services.apigateway.usage_model import ApiStage, Quota, Throttle, UsagePlan

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

PLAN: Final = "/usageplans/{usagePlanId}"
_METHOD_THROTTLE: Final = "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>"
_STAGE_THROTTLE: Final = "/apiStages/<apidId:stageName>/throttle"
_SUPPORTED: Final = {
    "add": ("/apiStages",),
    "replace": (
        "/name",
        "/description",
        "/productCode",
        "/quota/limit",
        "/quota/offset",
        "/quota/period",
        "/throttle",
        "/throttle/burstLimit",
        "/throttle/rateLimit",
        f"{_METHOD_THROTTLE}/burstLimit",
        f"{_METHOD_THROTTLE}/rateLimit",
    ),
    "remove": ("/apiStages", "/quota", "/throttle", "/productCode", _METHOD_THROTTLE, _STAGE_THROTTLE),
}
_HIGHEST_OFFSET: Final = {"DAY": 0, "WEEK": 6, "MONTH": 27}


@rest_operation("CreateUsagePlan", "/usageplans")
def create_usage_plan(call: Call, request: api.CreateUsagePlanRequestTypeDef) -> dict[str, Any]:
    """Makes a plan."""
    if not request["name"]:
        raise BadRequestException("Usage Plan name must be non-empty")
    quota = request.get("quota")
    row = UsagePlan(
        id=call.ids.lower(6),
        name=request["name"],
        description=request.get("description"),
        api_stages=[_stage(call, each) for each in request.get("apiStages", ())],
        throttle=_throttle(request["throttle"]) if "throttle" in request else None,
        quota=_quota(quota) if quota else None,
        tags={**request.get("tags", {})} or None,
    )
    usage_state.save_plan(call, row)
    return described(row)


@rest_operation("GetUsagePlan", PLAN)
def get_usage_plan(call: Call, request: api.GetUsagePlanRequestTypeDef) -> dict[str, Any]:
    """Shows a plan."""
    return {"tags": {}, **described(usage_state.plan(call, request["usagePlanId"]))}


@rest_operation("GetUsagePlans", "/usageplans")
def get_usage_plans(call: Call, request: api.GetUsagePlansRequestTypeDef) -> dict[str, Any]:
    """Lists the plans, or those that a key is in."""
    if "keyId" in request:
        rows = usage_state.plans_of(call, usage_state.key(call, request["keyId"]))
    else:
        rows = usage_state.list_plans(call)
    return page_of([described(row) for row in rows], request)


@rest_operation("DeleteUsagePlan", PLAN)
def delete_usage_plan(call: Call, request: api.DeleteUsagePlanRequestTypeDef) -> None:
    """Removes a plan that no stage is in."""
    row = usage_state.plan(call, request["usagePlanId"])
    if row.api_stages:
        raise BadRequestException(
            f"Cannot delete Usage Plan {row.id} because there are API Stages associated with it, "
            f"including {row.api_stages[0].name}"
        )
    usage_state.delete_plan(call, row)
    metering.forget_plan(call, row.id)


@rest_operation("UpdateUsagePlan", PLAN)
def update_usage_plan(call: Call, request: api.UpdateUsagePlanRequestTypeDef) -> dict[str, Any]:
    """Changes a plan."""
    row = usage_state.plan(call, request["usagePlanId"])
    for patch in patches_in(request):
        row = _patched(call, row, patch)
    if row.quota is not None:
        _check_quota(row.quota)
    usage_state.save_plan(call, row)
    return {"tags": {}, **described(row)}


def _patched(call: Call, row: UsagePlan, patch: Patch) -> UsagePlan:
    parts = patch.parts
    if parts[0] == "apiStages" and len(parts) > 2 and parts[2] == "throttle":
        return _with_method_throttle(row, patch)
    check_supported(patch, _SUPPORTED)
    if parts[0] == "apiStages":
        return _with_stages(call, row, patch)
    if parts[0] == "quota":
        return replace(row, quota=_patched_quota(row.quota, patch))
    if parts[0] == "throttle":
        return replace(row, throttle=_patched_throttle(row.throttle, patch, parts[-1]))
    field = {"name": "name", "description": "description", "productCode": "product_code"}[parts[0]]
    return replace(row, **{field: None if patch.op == "remove" else patch.value or None})


def _with_stages(call: Call, row: UsagePlan, patch: Patch) -> UsagePlan:
    api_id, colon, stage = patch.text.partition(":")
    if not (api_id and colon and stage):
        raise BadRequestException("Invalid API Stage specified")
    is_there = state.find_stage(call, api_id, stage) is not None
    if not is_there and (patch.op == "add" or row.find_stage(api_id, stage) is None):
        raise NotFoundException(
            f"Invalid API Stage {{api: {api_id}, stage: {stage}}} specified for usageplan {row.id}"
        )
    if patch.op == "remove":
        return row.without_stage(patch.text)
    return row.with_stage(row.find_stage(api_id, stage) or ApiStage(api_id, stage))


def _with_method_throttle(row: UsagePlan, patch: Patch) -> UsagePlan:
    _, name, _, *rest = patch.parts
    if patch.op == "replace" and (len(rest) < 2 or rest[-1] not in ("burstLimit", "rateLimit")):
        check_supported(replace(patch, path=f"/{'/'.join(patch.parts[:3])}"), _SUPPORTED)
    if patch.op not in ("replace", "remove"):
        check_supported(patch, _SUPPORTED)
    stage = next((each for each in row.api_stages if each.name == name), None)
    if stage is None:
        raise NotFoundException(f"Invalid API Stage specified for usageplan {row.id}")
    throttles = {**(stage.throttle or {})}
    if patch.op == "remove":
        method = "/".join(rest)
        throttles = {key: value for key, value in throttles.items() if method not in ("", key)}
    else:
        method = "/".join(rest[:-1])
        changed = _patched_throttle(throttles.get(method), patch, rest[-1])
        throttles = {**throttles, method: changed or Throttle()}
    return row.with_stage(replace(stage, throttle=throttles or None))


def _patched_throttle(throttle: Throttle | None, patch: Patch, name: str) -> Throttle | None:
    if patch.op == "remove":
        return None
    present = throttle or Throttle()
    if name == "burstLimit":
        return replace(present, burst_limit=patch.integer)
    if name == "rateLimit":
        return replace(present, rate_limit=patch.decimal)
    raise BadRequestException(f"Invalid patch path {patch.path}")


def _patched_quota(quota: Quota | None, patch: Patch) -> Quota | None:
    if patch.op == "remove":
        return None
    present = quota or Quota(0, "DAY")
    if patch.path == "/quota/limit":
        return replace(present, limit=patch.integer)
    if patch.path == "/quota/offset":
        return replace(present, offset=patch.integer)
    return replace(present, period=patch.text)


def _stage(call: Call, given: Mapping[str, Any]) -> ApiStage:
    api_id, stage = given.get("apiId"), given.get("stage")
    if not api_id or not stage:
        raise BadRequestException("Invalid API Stage specified")
    if state.find_stage(call, api_id, stage) is None:
        raise NotFoundException(f"API Stage not found: {api_id}:{stage}")
    throttle = {name: _throttle(each) for name, each in given.get("throttle", {}).items()}
    return ApiStage(api_id, stage, throttle or None)


def _throttle(given: Mapping[str, Any]) -> Throttle:
    return Throttle(given.get("burstLimit", 0), given.get("rateLimit", 0.0))


def _quota(given: Mapping[str, Any]) -> Quota:
    quota = Quota(given.get("limit", 0), given.get("period", ""), given.get("offset", 0))
    _check_quota(quota)
    return quota


def _check_quota(quota: Quota) -> None:
    highest = _HIGHEST_OFFSET.get(quota.period)
    if highest is None:
        raise BadRequestException(
            "Invalid Usage Plan quota period specified. Valid options are DAY, WEEK, MONTH"
        )
    if quota.limit < 0:
        raise BadRequestException("Usage Plan quota limit must be at least zero")
    if not 0 <= quota.offset <= highest:
        bounds = f"between zero and {highest} inclusive" if highest else "zero"
        raise BadRequestException(f"Usage Plan quota offset must be {bounds} in the {quota.period} period")
