"""Where API keys and usage plans are kept: the only file that names their keys."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.apigateway.errors import NotFoundException
from cloudlet.services.apigateway.usage_model import ApiKey, ServedKey, UsagePlan

_KEYS: Final = Rows(("apigateway", "key"), ApiKey)
_SERVED: Final = Rows(("apigateway", "key-value"), ServedKey)
"""account, region, value: what the data plane reads."""
_PLANS: Final = Rows(("apigateway", "plan"), UsagePlan)
_MEMBERS: Final = Rows(("apigateway", "plan-key"), float)
"""account, region, plan, key: when the key was put into the plan."""


def _place(call: Call) -> tuple[str, str]:
    return call.account, call.region


def key(call: Call, key_id: str) -> ApiKey:
    """An API key. Raises NotFoundException."""
    found = _KEYS.find(call, *_place(call), key_id)
    if found is None:
        raise NotFoundException("Invalid API Key identifier specified")
    return found


def find_served_key(call: Call, value: str) -> ServedKey | None:
    """The key that has a value, with its plans; None where no key has it."""
    return _SERVED.find(call, *_place(call), value)


def save_key(call: Call, row: ApiKey) -> None:
    """Writes a key, and the row that the data plane reads. A key's value never changes."""
    _KEYS.save(call, row, *_place(call), row.id)
    served = find_served_key(call, row.value) or ServedKey(row.id, row.enabled)
    _SERVED.save(call, replace(served, enabled=row.enabled, name=row.name), *_place(call), row.value)


def delete_key(call: Call, row: ApiKey) -> None:
    """Removes a key, also from its plans."""
    for plan_id in _plans_of(call, row):
        _MEMBERS.delete(call, *_place(call), plan_id, row.id)
    _KEYS.delete(call, *_place(call), row.id)
    _SERVED.delete(call, *_place(call), row.value)


def list_keys(call: Call) -> list[ApiKey]:
    """The keys, those made last first."""
    return sorted(_KEYS.below(call, *_place(call)), key=lambda row: (-row.created_date, row.id))


def find_plan(call: Call, plan_id: str) -> UsagePlan | None:
    """A usage plan, or None."""
    return _PLANS.find(call, *_place(call), plan_id)


def plan(call: Call, plan_id: str) -> UsagePlan:
    """A usage plan. Raises NotFoundException."""
    found = find_plan(call, plan_id)
    if found is None:
        raise NotFoundException("Invalid Usage Plan ID specified")
    return found


def save_plan(call: Call, row: UsagePlan) -> None:
    """Writes a plan."""
    _PLANS.save(call, row, *_place(call), row.id)


def delete_plan(call: Call, row: UsagePlan) -> None:
    """Removes a plan; its keys stay."""
    for key_row in list_plan_keys(call, row.id):
        remove_from_plan(call, row.id, key_row)
    _PLANS.delete(call, *_place(call), row.id)


def list_plans(call: Call) -> list[UsagePlan]:
    """The plans by id."""
    return list(_PLANS.below(call, *_place(call)))


def forget_stage(call: Call, api_id: str, stage: str | None = None) -> None:
    """Takes a stage, or all of an API's, out of every plan."""
    for row in list_plans(call):
        kept = [each for each in row.api_stages if each.api_id != api_id or stage not in (None, each.stage)]
        if len(kept) < len(row.api_stages):
            save_plan(call, replace(row, api_stages=kept))


def plans_of(call: Call, row: ApiKey) -> list[UsagePlan]:
    """The plans that a key is in."""
    found = (find_plan(call, plan_id) for plan_id in _plans_of(call, row))
    return [plan_row for plan_row in found if plan_row is not None]


def is_in_plan(call: Call, plan_id: str, key_id: str) -> bool:
    """Whether a key is in a plan."""
    return _MEMBERS.find(call, *_place(call), plan_id, key_id) is not None


def member_since(call: Call, plan_id: str, key_id: str) -> date | None:
    """The day on which a key came into a plan (UTC); None where it is not in it."""
    found = _MEMBERS.find(call, *_place(call), plan_id, key_id)
    return None if found is None else datetime.fromtimestamp(found, UTC).date()


def add_to_plan(call: Call, plan_id: str, row: ApiKey) -> None:
    """Puts a key into a plan."""
    _MEMBERS.save(call, call.time(), *_place(call), plan_id, row.id)
    _save_plans_of(call, row, [*_plans_of(call, row), plan_id])


def remove_from_plan(call: Call, plan_id: str, row: ApiKey) -> None:
    """Takes a key out of a plan."""
    _MEMBERS.delete(call, *_place(call), plan_id, row.id)
    _save_plans_of(call, row, [each for each in _plans_of(call, row) if each != plan_id])


def list_plan_keys(call: Call, plan_id: str) -> list[ApiKey]:
    """A plan's keys, those put in last first."""
    members = sorted(
        _MEMBERS.items_below(call, *_place(call), plan_id), key=lambda item: item[1], reverse=True
    )
    return [key(call, str(place[-1])) for place, _ in members]


def _plans_of(call: Call, row: ApiKey) -> list[str]:
    served = find_served_key(call, row.value)
    return served.plan_ids if served else []


def _save_plans_of(call: Call, row: ApiKey, plan_ids: list[str]) -> None:
    served = ServedKey(row.id, row.enabled, plan_ids, row.name)
    _SERVED.save(call, served, *_place(call), row.value)
