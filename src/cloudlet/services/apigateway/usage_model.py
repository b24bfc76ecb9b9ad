"""API keys and usage plans, as they are stored, and the periods that quotas count in.

Fields are the API's members. No I/O, no clock. What was used of a quota is not here: see metering.py.
"""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct, field
from msgspec.structs import replace


class ApiKey(Struct, frozen=True):
    """What a client shows in x-api-key."""

    id: str
    value: str
    created_date: float
    last_updated_date: float
    name: str | None = None
    description: str | None = None
    customer_id: str | None = None
    enabled: bool = False
    stage_keys: list[str] = field(default_factory=list)
    tags: dict[str, str] | None = None


class Throttle(Struct, frozen=True):
    """A token bucket: how much fits in, and how many tokens a second are added."""

    burst_limit: int | None = None
    rate_limit: float | None = None


class Quota(Struct, frozen=True):
    """How many requests a key may make in a period."""

    limit: int
    period: str
    offset: int = 0
    """What is taken off the limit of the first period."""

    def days(self, day: date) -> tuple[date, date]:
        """The first day of the period of a day, and the day after its last one. Weeks begin on Sunday."""
        if self.period == "DAY":
            return day, day + timedelta(days=1)
        if self.period == "WEEK":
            first = day - timedelta(days=(day.weekday() + 1) % 7)
            return first, first + timedelta(days=7)
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)


class ApiStage(Struct, frozen=True):
    """A stage that a usage plan lets its keys into, with limits for some methods ("/path/VERB")."""

    api_id: str
    stage: str
    throttle: dict[str, Throttle] | None = None

    @property
    def name(self) -> str:
        """As patches name it."""
        return f"{self.api_id}:{self.stage}"


class UsagePlan(Struct, frozen=True):
    """Which stages keys may call, and how often."""

    id: str
    name: str
    description: str | None = None
    api_stages: list[ApiStage] = field(default_factory=list)
    throttle: Throttle | None = None
    quota: Quota | None = None
    product_code: str | None = None
    tags: dict[str, str] | None = None

    def find_stage(self, api_id: str, stage: str) -> ApiStage | None:
        """The stage with its limits if the plan has it, or None."""
        return next((each for each in self.api_stages if (each.api_id, each.stage) == (api_id, stage)), None)

    def with_stage(self, changed: ApiStage) -> UsagePlan:
        """The plan with one stage added or, where it is there, changed."""
        if self.find_stage(changed.api_id, changed.stage) is None:
            return replace(self, api_stages=[*self.api_stages, changed])
        stages = [changed if each.name == changed.name else each for each in self.api_stages]
        return replace(self, api_stages=stages)

    def without_stage(self, name: str) -> UsagePlan:
        """The plan without one stage."""
        return replace(self, api_stages=[each for each in self.api_stages if each.name != name])


class ServedKey(Struct, frozen=True):
    """What the data plane reads for every request with a key: one row for a key's value."""

    id: str
    enabled: bool
    plan_ids: list[str] = field(default_factory=list)
    name: str | None = None
