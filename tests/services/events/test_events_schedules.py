"""Rules with schedules, on the cloud's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from running_server import RunningServer


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def test_each_tick_of_a_rate_sends_one_event(
    events: Any, server: RunningServer, inbox: Any, account: str
) -> None:
    queue = inbox()
    arn = events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": queue.arn}])
    server.advance(2 * 300)
    told = sorted((queue.next_event(), queue.next_event()), key=_at)
    assert _at(told[1]) - _at(told[0]) == 300
    event = told[0]
    assert {name: event[name] for name in sorted(event) if name not in ("id", "time")} == {
        "account": account,
        "detail": {},
        "detail-type": "Scheduled Event",
        "region": "us-east-1",
        "resources": [arn],
        "source": "aws.events",
        "version": "0",
    }
    assert told[0]["id"] != told[1]["id"]
    server.advance(300)
    assert _at(queue.next_event()) - _at(told[1]) == 300
    events.disable_rule(Name="r")


def test_a_cron_sends_its_target_s_input(events: Any, server: RunningServer, inbox: Any) -> None:
    queue = inbox()
    events.put_rule(Name="r", ScheduleExpression="cron(0 * * * ? *)")
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": queue.arn, "InputPath": "$.time"}])
    server.advance(3600)
    assert queue.next_text().endswith(':00:00Z"')
    events.disable_rule(Name="r")


def test_a_rule_that_is_disabled_has_no_ticks(events: Any, server: RunningServer, inbox: Any) -> None:
    queue = inbox()
    events.put_rule(Name="r", ScheduleExpression="rate(1 minute)", State="DISABLED")
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": queue.arn, "Input": '"r"'}])
    events.put_rule(Name="s", ScheduleExpression="rate(2 minutes)")
    events.put_targets(Rule="s", Targets=[{"Id": "t", "Arn": queue.arn, "Input": '"s"'}])
    server.advance(121)
    assert queue.next_text() == '"s"'
    events.disable_rule(Name="s")
    events.enable_rule(Name="r")
    server.advance(61)
    assert queue.next_text() == '"r"'
    events.disable_rule(Name="r")
