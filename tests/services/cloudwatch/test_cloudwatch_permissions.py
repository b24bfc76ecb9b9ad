"""What IAM is asked about CloudWatch: namespaces, alarms and dashboards by their ARNs."""

from __future__ import annotations

import pytest

from iam_fixtures import as_user, iam

__all__ = ["as_user", "iam"]


def test_a_namespace_may_be_all_that_is_allowed(as_user):
    own = {"StringEquals": {"cloudwatch:namespace": "own"}}
    cloudwatch = as_user("writer", "cloudwatch:PutMetricData", Condition=own)("cloudwatch")
    data = [{"MetricName": "m", "Value": 1}]
    cloudwatch.put_metric_data(Namespace="own", MetricData=data)
    with pytest.raises(cloudwatch.exceptions.ClientError) as refused:
        cloudwatch.put_metric_data(Namespace="other", MetricData=data)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_alarms_and_dashboards_are_allowed_by_their_arns(as_user, account):
    arns = [
        f"arn:aws:cloudwatch:us-east-1:{account}:alarm:own-*",
        f"arn:aws:cloudwatch::{account}:dashboard/own",
    ]
    cloudwatch = as_user("keeper", "cloudwatch:*", resource=arns)("cloudwatch")
    alarm = {
        "Namespace": "ns",
        "MetricName": "m",
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Period": 60,
        "Statistic": "Sum",
        "Threshold": 1,
    }
    cloudwatch.put_metric_alarm(AlarmName="own-a", **alarm)
    cloudwatch.delete_alarms(AlarmNames=["own-a"])
    cloudwatch.put_dashboard(DashboardName="own", DashboardBody='{"widgets": []}')
    for refused in (
        lambda: cloudwatch.put_metric_alarm(AlarmName="a", **alarm),
        lambda: cloudwatch.delete_alarms(AlarmNames=["own-a", "a"]),
        lambda: cloudwatch.put_dashboard(DashboardName="other", DashboardBody='{"widgets": []}'),
    ):
        with pytest.raises(cloudwatch.exceptions.ClientError, match="not authorized to perform: cloudwatch:"):
            refused()
