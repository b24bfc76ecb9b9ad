"""What API keys have used of their usage plans' quotas, counted by day.

The data plane writes here, GetUsage reads. It lies apart from plans and keys, whose rows no request writes.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.apigateway import usage_state
from cloudlet.services.apigateway.usage_model import Quota, UsagePlan


class DayUsage(Struct, frozen=True):
    """A day's requests with one key under one plan."""

    used: int = 0
    granted: int = 0
    """What UpdateUsage gave on that day beyond the quota; less than nothing where it took away."""


_USAGE: Final = Rows(("apigateway-usage",), DayUsage)
"""account, region, plan, key, day (ISO 8601, UTC)."""


def today(call: Call) -> date:
    """The day that counts now."""
    return call.now().date()


def add_used(call: Call, plan_id: str, key_id: str, count: int, day: date) -> None:
    """Counts requests on the account of the day they came."""
    row = usage_on(call, plan_id, key_id, day)
    _save(call, plan_id, key_id, day, replace(row, used=row.used + count))


def usage_on(call: Call, plan_id: str, key_id: str, day: date) -> DayUsage:
    """A day's account."""
    found = _USAGE.find(call, call.account, call.region, plan_id, key_id, day.isoformat())
    return found or DayUsage()


def remaining(call: Call, plan: UsagePlan, key_id: str, day: date | None = None) -> int | None:
    """What is left of a plan's quota after a day, today unless said otherwise; None without a quota."""
    if plan.quota is None:
        return None
    return max(_left(call, plan, plan.quota, key_id, day or today(call)), 0)


def set_remaining(call: Call, plan: UsagePlan, key_id: str, count: int) -> None:
    """Grants or takes so much that `count` requests are left in this period of a plan with a quota."""
    if plan.quota is None:
        raise ValueError(f"{plan.id} has no quota")
    day = today(call)
    row = usage_on(call, plan.id, key_id, day)
    granted = row.granted + count - _left(call, plan, plan.quota, key_id, day)
    _save(call, plan.id, key_id, day, replace(row, granted=granted))


def _left(call: Call, plan: UsagePlan, quota: Quota, key_id: str, last: date) -> int:
    first, beyond = quota.days(last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = [usage_on(call, plan.id, key_id, each) for each in days]
    joined = usage_state.member_since(call, plan.id, key_id)
    is_first_period = joined is not None and first <= joined < beyond
    limit = quota.limit - quota.offset if is_first_period else quota.limit
    return limit + sum(row.granted - row.used for row in rows)


def forget_plan(call: Call, plan_id: str) -> None:
    """Removes all that was counted under a plan."""
    _USAGE.delete_below(call, call.account, call.region, plan_id)


def forget_key(call: Call, plan_id: str, key_id: str) -> None:
    """Removes what was counted for a key under a plan."""
    _USAGE.delete_below(call, call.account, call.region, plan_id, key_id)


def _save(call: Call, plan_id: str, key_id: str, day: date, row: DayUsage) -> None:
    _USAGE.save(call, row, call.account, call.region, plan_id, key_id, day.isoformat())
