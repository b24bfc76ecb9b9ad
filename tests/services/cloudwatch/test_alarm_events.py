"""What the default event bus is told of alarms."""

from __future__ import annotations

import json

from event_inbox import Inbox
from running_server import Client


def test_a_change_of_state_is_an_event_on_the_default_bus(client: Client, account: str) -> None:
    cloudwatch, events, inbox = client("cloudwatch"), client("events"), Inbox(client("sqs"), "told")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}
    events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="alarms", Targets=[{"Id": "told", "Arn": inbox.arn}])
    cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        AlarmDescription="too many",
        Namespace="Shop",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="testing")
    event = inbox.next_event()
    assert (event["source"], event["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert event["resources"] == [f"arn:aws:cloudwatch:us-east-1:{account}:alarm:alarm"]
    detail = event["detail"]
    assert (detail["alarmName"], detail["state"]["value"], detail["state"]["reason"]) == (
        "alarm",
        "ALARM",
        "testing",
    )
    assert detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert detail["configuration"]["description"] == "too many"
    [metric] = detail["configuration"]["metrics"]
    assert metric["metricStat"]["metric"]["name"] == "Errors"
