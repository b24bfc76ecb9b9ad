"""Schedule expressions: what AWS takes, and when they are due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.events.errors import ValidationException
from cloudlet.services.events.schedules import parse


def _next(expression: str, after: str, count: int = 1) -> list[str]:
    at: float | None = datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp()
    found = []
    for _ in range(count):
        assert at is not None
        at = parse(expression).next_after(at)
        found.append("never" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    "expression",
    [
        "rate(10 seconds)",
        "rate(10 years)",
        "rate(1 minutes)",
        "rate(1 hours)",
        "rate(1 days)",
        "rate(10 minute)",
        "rate(10 hour)",
        "rate(10 day)",
        "rate()",
        "rate(10)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(0 minutes)",
        "rate(-10 minutes)",
        "rate(10 MINUTES)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "cron(0 1 * * * *)",
        "cron(7 20 * * NOT *)",
        "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ValidationException) as refused:
        parse(expression)
    assert refused.value.message == "Parameter ScheduleExpression is not valid."


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("rate(5 minutes)", ["2026-01-01T00:05", "2026-01-01T00:10"]),
        ("rate(1 day)", ["2026-01-02T00:00", "2026-01-03T00:00"]),
        ("cron(0 2 ? * SAT *)", ["2026-01-03T02:00", "2026-01-10T02:00"]),
        ("cron(0 12 * * ? *)", ["2026-01-01T12:00", "2026-01-02T12:00"]),
        ("cron(5,35 14 * * ? *)", ["2026-01-01T14:05", "2026-01-01T14:35"]),
        ("cron(15 10 ? * 6L 2002-2005)", ["never"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-01-30T10:15", "2026-02-27T10:15"]),
        ("cron(0 2 ? * SAT#3 *)", ["2026-01-17T02:00", "2026-02-21T02:00"]),
        ("cron(* * ? * SAT#3 *)", ["2026-01-17T00:00", "2026-01-17T00:01"]),
        ("cron(0/5 5 ? JAN 1-5 2022)", ["never"]),
        ("cron(0/15 * * * ? *)", ["2026-01-01T00:15", "2026-01-01T00:30"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-01-01T18:00", "2026-01-02T18:00", "2026-01-05T18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-01-01T08:00", "2026-02-01T08:00"]),
        ("cron(0/30 20-23 ? * MON-FRI *)", ["2026-01-01T20:00", "2026-01-01T20:30"]),
        ("cron(0 0 L * ? *)", ["2026-01-31T00:00", "2026-02-28T00:00"]),
        ("cron(0 0 3W * ? *)", ["2026-01-02T00:00", "2026-02-03T00:00"]),
        ("cron(0 0 1W 8 ? *)", ["2026-08-03T00:00"]),
        ("cron(0 0 31W 5 ? *)", ["2026-05-29T00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 22-2 * * ? *)", ["2026-01-01T01:00", "2026-01-01T02:00", "2026-01-01T22:00"]),
    ],
)
def test_when_a_schedule_is_due(expression: str, wanted: list[str]) -> None:
    assert _next(expression, "2026-01-01T00:00", len(wanted)) == wanted


@settings(max_examples=200)
@given(st.text(alphabet="0123456789*?,-/LW#MONSATJAN ", max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse(f"cron({text})")
    except ValidationException as refused:
        assert refused.message == "Parameter ScheduleExpression is not valid."
