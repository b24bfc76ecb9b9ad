"""What Lambda itself tells of an environment, at each level, as text and as events."""

from __future__ import annotations

import pytest

from cloudlet.core.clock import SystemClock
from cloudlet.services.lambda_.invoke.invocation import Reply
from cloudlet.services.lambda_.invoke.journal import EventJournal, TextJournal

FAILED = Reply(b"{}", "Runtime.ExitError", "error")


def live(journal):
    """What happens to an environment: a failed initialization, a good one, two invocations."""
    journal.init_started("python:3.12.v1", "arn")
    journal.init_failed(10.0, FAILED, "init")
    journal.extension("agent", "Ready", ("INVOKE",))
    journal.subscribed("agent", "TELEMETRY", ("platform",))
    journal.initialized(20.0)
    journal.started("1")
    journal.ended("1", Reply(b"abc"), 1.5, 20.0, 1 << 20)
    journal.ended("2", FAILED, 1.5, None, 1 << 20)


@pytest.mark.parametrize(
    ("level", "kind", "expected"),
    [
        (
            "DEBUG",
            "on-demand",
            "initStart initRuntimeDone initReport extension telemetrySubscription initRuntimeDone initReport "
            "start runtimeDone report runtimeDone report",
        ),
        (
            "INFO",
            "on-demand",
            "initStart initRuntimeDone initReport extension telemetrySubscription start report "
            "runtimeDone report",
        ),
        (
            "INFO",
            "provisioned-concurrency",
            "initStart initRuntimeDone initReport extension telemetrySubscription initReport start report "
            "runtimeDone report",
        ),
        ("WARN", "on-demand", "initRuntimeDone initReport runtimeDone report"),
    ],
)
def test_events_are_those_of_the_level(level, kind, expected):
    told = []
    live(EventJournal(told.append, SystemClock(), "$LATEST", 128, level=level, initialization_type=kind))
    assert [event["type"].removeprefix("platform.") for event in told] == expected.split()
    assert told[-1]["record"]["errorType"] == "Runtime.ExitError"
    assert told[-1]["record"]["metrics"]["billedDurationMs"] == 2


def test_text_has_a_line_for_each_extension_and_subscription():
    lines = []
    live(TextJournal(lines.append, SystemClock(), "$LATEST", 128))
    assert "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE]\n" in lines
    assert "TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform]\n" in lines
    assert any(
        line.startswith("INIT_REPORT Init Duration: 10.00 ms\tPhase: init\tStatus: error") for line in lines
    )
