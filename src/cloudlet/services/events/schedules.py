"""Schedule expressions of rules: rate(...) and cron(...), and when they are due next. Knows no clock.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from msgspec import Struct

from cloudlet.services.events.crons import Cron, InvalidCron, parse_cron
from cloudlet.services.events.errors import ValidationException

_RATE: Final = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)(s?)\)", re.ASCII)
_CRON: Final = re.compile(r"cron\((.*)\)", re.ASCII)
_UNIT_SECONDS: Final = (("minute", 60), ("hour", 3600), ("day", 86400))


class Schedule(Protocol):
    """What a schedule expression means."""

    def next_after(self, seconds: float) -> float | None:
        """When it is due first after a time, in seconds since 1970; None for never again."""


class Rate(Struct, frozen=True):
    """Every so many seconds, counted from when the rule was enabled."""

    seconds: int

    def next_after(self, seconds: float) -> float | None:
        """When it is due after a time at which it was due, or began."""
        return seconds + self.seconds


def parse(expression: str) -> Rate | Cron:
    """The schedule of an expression. Raises ValidationException for what is none."""
    if (found := _RATE.fullmatch(expression)) is not None and (found[1] == "1") == (found[3] == ""):
        return Rate(int(found[1]) * dict(_UNIT_SECONDS)[found[2]])
    if (found := _CRON.fullmatch(expression)) is not None:
        try:
            return parse_cron(found[1])
        except InvalidCron:
            pass
    raise ValidationException.of("ScheduleExpression")
