"""Operations on the API keys of usage plans, and on what they have used of their quotas."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.services.apigateway import metering, usage_state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from cloudlet.services.apigateway.operations.usage_plans import PLAN
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import rest_operation
from cloudlet.services.apigateway.usage_model import ApiKey, UsagePlan

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_KEY: Final = f"{PLAN}/keys/{{keyId}}"
_LONGEST_USAGE_DAYS: Final = 90


@rest_operation("CreateUsagePlanKey", f"{PLAN}/keys")
def create_usage_plan_key(call: Call, request: api.CreateUsagePlanKeyRequestTypeDef) -> dict[str, Any]:
    """Puts a key into a plan."""
    plan = usage_state.plan(call, request["usagePlanId"])
    if request["keyType"] != "API_KEY":
        raise BadRequestException("Invalid key type specified. Valid options are API_KEY")
    key = usage_state.key(call, request["keyId"])
    _check_alone(call, plan, key)
    usage_state.add_to_plan(call, plan.id, key)
    return _described(key)


@rest_operation("GetUsagePlanKey", _KEY)
def get_usage_plan_key(call: Call, request: api.GetUsagePlanKeyRequestTypeDef) -> dict[str, Any]:
    """Shows a key of a plan."""
    return _described(_key_of_plan(call, request["usagePlanId"], request["keyId"]))


@rest_operation("GetUsagePlanKeys", f"{PLAN}/keys")
def get_usage_plan_keys(call: Call, request: api.GetUsagePlanKeysRequestTypeDef) -> dict[str, Any]:
    """Lists a plan's keys whose names begin as asked; a plan that is not there has none."""
    rows = usage_state.list_plan_keys(call, request["usagePlanId"])
    found = [row for row in rows if (row.name or "").startswith(request.get("nameQuery", ""))]
    return page_of([_described(row) for row in found], request)


@rest_operation("DeleteUsagePlanKey", _KEY)
def delete_usage_plan_key(call: Call, request: api.DeleteUsagePlanKeyRequestTypeDef) -> None:
    """Takes a key out of a plan."""
    key = _key_of_plan(call, request["usagePlanId"], request["keyId"])
    usage_state.remove_from_plan(call, request["usagePlanId"], key)
    metering.forget_key(call, request["usagePlanId"], key.id)


@rest_operation("GetUsage", f"{PLAN}/usage")
def get_usage(call: Call, request: api.GetUsageRequestTypeDef) -> dict[str, Any]:
    """Shows, day by day, what keys used and had left."""
    plan = usage_state.plan(call, request["usagePlanId"])
    days = _days(request["startDate"], request["endDate"])
    if "keyId" in request:
        keys = [_key_of_plan(call, plan.id, request["keyId"])]
    else:
        keys = usage_state.list_plan_keys(call, plan.id)
    page = page_of([{"id": key.id} for key in keys], request)
    used = {each["id"]: _used(call, plan, each["id"], days) for each in page.pop("items")}
    return {
        **page,
        "usagePlanId": plan.id,
        "startDate": request["startDate"],
        "endDate": request["endDate"],
        "items": used,
    }


@rest_operation("UpdateUsage", f"{_KEY}/usage")
def update_usage(call: Call, request: api.UpdateUsageRequestTypeDef) -> dict[str, Any]:
    """Grants a key more requests, or fewer, for the rest of the period."""
    plan = usage_state.plan(call, request["usagePlanId"])
    key = _key_of_plan(call, plan.id, request["keyId"])
    if plan.quota is None:
        raise BadRequestException("Usage plan does not have a quota")
    for patch in patches_in(request):
        check_listed(patch, ("/remaining",))
        metering.set_remaining(call, plan, key.id, patch.integer)
    today = metering.today(call)
    return {
        "usagePlanId": plan.id,
        "startDate": today.isoformat(),
        "endDate": today.isoformat(),
        "items": {key.id: _used(call, plan, key.id, [today])},
    }


def _key_of_plan(call: Call, plan_id: str, key_id: str) -> ApiKey:
    if not usage_state.is_in_plan(call, plan_id, key_id):
        raise NotFoundException("Invalid Usage Plan Key identifier specified")
    return usage_state.key(call, key_id)


def _check_alone(call: Call, plan: UsagePlan, key: ApiKey) -> None:
    if usage_state.is_in_plan(call, plan.id, key.id):
        raise ConflictException("Usage Plan Key already exists")
    for other in usage_state.plans_of(call, key):
        both = {each.name for each in other.api_stages} & {each.name for each in plan.api_stages}
        if both:
            raise ConflictException(
                f"API Key {key.id} cannot be added to Usage Plan {plan.id} because it is in Usage Plan "
                f"{other.id}, which has the same API Stage {min(both)}"
            )


def _described(key: ApiKey) -> dict[str, Any]:
    name = {} if key.name is None else {"name": key.name}
    return {"id": key.id, "type": "API_KEY", "value": key.value, **name}


def _days(start: str, end: str) -> list[date]:
    try:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        raise BadRequestException("Invalid date specified. Dates must have the format YYYY-MM-DD") from None
    count = (last - first).days + 1
    if count < 1:
        raise BadRequestException("Usage start date must not be after the end date")
    if count > _LONGEST_USAGE_DAYS:
        raise BadRequestException(f"Usage date range must not exceed {_LONGEST_USAGE_DAYS} days")
    return [first + timedelta(days=number) for number in range(count)]


def _used(call: Call, plan: UsagePlan, key_id: str, days: list[date]) -> list[list[int]]:
    found = []
    for day in days:
        used = metering.usage_on(call, plan.id, key_id, day).used
        left = metering.remaining(call, plan, key_id, day)
        found.append([used, 0 if left is None else left])
    return found
