"""What rules count, seen through CloudWatch."""

from __future__ import annotations

from typing import Any

from metric_readings import Readings


def test_rules_count_what_they_do(
    client: Any, put: Any, rule: Any, inbox: Any, account: str, server: Any
) -> None:
    readings = Readings(client("cloudwatch"), server, "AWS/Events")
    queue, dead = inbox(), inbox("dead")
    rule("good", queue.arn)
    rule("bad", f"arn:aws:sqs:us-east-1:{account}:missing", DeadLetterConfig={"Arn": dead.arn})
    for _ in range(2):
        put()
    for each in (queue, queue, dead, dead):
        each.next_message()
    counted = {
        (name, which): readings.statistic(name, RuleName=which)
        for name in ("TriggeredRules", "Invocations", "FailedInvocations", "InvocationsSentToDlq")
        for which in ("good", "bad")
    }
    assert counted == {
        ("TriggeredRules", "good"): 2,
        ("TriggeredRules", "bad"): 2,
        ("Invocations", "good"): 2,
        ("Invocations", "bad"): 2,
        ("FailedInvocations", "good"): None,
        ("FailedInvocations", "bad"): 2,
        ("InvocationsSentToDlq", "good"): None,
        ("InvocationsSentToDlq", "bad"): 2,
    }
