"""What a power cut leaves of metrics and alarms: everything that was answered, and what it asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cloud_process import CloudProcess
from services.dynamodb.waiting import eventually


def test_values_and_actions_outlive_a_kill(tmp_path):
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        cloudwatch, now = cloud.client("cloudwatch"), datetime.now(UTC)
        topic = cloud.client("sns").create_topic(Name="alarms")["TopicArn"]
        cloudwatch.put_metric_alarm(
            AlarmName="alarm",
            Namespace="ns",
            MetricName="m",
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Period=60,
            Statistic="Sum",
            Threshold=1,
            AlarmActions=[topic],
        )
        for _ in range(20):
            cloudwatch.put_metric_data(Namespace="ns", MetricData=[{"MetricName": "m", "Value": 1}])
        cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="testing")
        cloud.kill()
        cloud.start()
        cloudwatch = cloud.client("cloudwatch")
        found = cloudwatch.get_metric_statistics(
            Namespace="ns",
            MetricName="m",
            StartTime=now - timedelta(minutes=1),
            EndTime=now + timedelta(minutes=2),
            Period=180,
            Statistics=["Sum"],
        )["Datapoints"]
        assert sum(each["Sum"] for each in found) == 20.0
        eventually(lambda: actions(cloudwatch))
        assert actions(cloudwatch)[-1] == f"Successfully executed action {topic}"


def actions(cloudwatch):
    history = cloudwatch.describe_alarm_history(AlarmName="alarm", HistoryItemType="Action")
    return [item["HistorySummary"] for item in history["AlarmHistoryItems"]]
