"""The three protocols of CloudWatch, each by a real client that is made to speak it."""

from __future__ import annotations

import json
from datetime import timedelta

import boto3
import botocore.session
import pytest
from botocore.loaders import Loader

PROTOCOLS = ("json", "smithy-rpc-v2-cbor", "query")


@pytest.fixture(scope="module", params=PROTOCOLS)
def session(request, tmp_path_factory):
    """A session whose model of CloudWatch has one protocol only."""
    model = dict(Loader().load_service_model("cloudwatch", "service-2"))
    model["metadata"] = {**model["metadata"], "protocol": request.param, "protocols": [request.param]}
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "cloudwatch" / "2010-08-01").mkdir(parents=True)
    (folder / "cloudwatch" / "2010-08-01" / "service-2.json").write_text(json.dumps(model))
    core = botocore.session.Session()
    core.register_component("data_loader", Loader(extra_search_paths=[str(folder)]))
    return boto3.session.Session(botocore_session=core)


@pytest.fixture
def cloudwatch(session, server, account):
    return session.client(
        "cloudwatch",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="secret",
    )


@pytest.mark.parametrize("count", [1, 400])
def test_values_are_put_and_told(cloudwatch, now, count):
    """Four hundred come compressed."""
    dimensions = [{"Name": "a", "Value": "b"}]
    datum = {"MetricName": "m", "Value": 1.5, "Timestamp": now, "Unit": "Seconds", "Dimensions": dimensions}
    cloudwatch.put_metric_data(Namespace="ns", MetricData=[datum] * count)
    metric = {"Namespace": "ns", "MetricName": "m", "Dimensions": dimensions}
    assert cloudwatch.list_metrics()["Metrics"] == [metric]
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        StartTime=now,
        EndTime=now + timedelta(minutes=1),
    )
    assert found["MetricDataResults"] == [
        {"Id": "q", "Label": "m", "Timestamps": [now], "Values": [1.5 * count], "StatusCode": "Complete"}
    ]


def test_alarms_are_put_and_told(cloudwatch):
    cloudwatch.put_metric_alarm(
        AlarmName="a <&> b",
        Namespace="ns",
        MetricName="m",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Period=60,
        Statistic="Sum",
        Threshold=0.5,
    )
    [alarm] = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["Threshold"], alarm["ActionsEnabled"]) == ("a <&> b", 0.5, True)
    assert alarm["StateUpdatedTimestamp"].tzinfo is not None


NONE = {"MetricName": "m"}
STATE = {"AlarmName": "none", "StateReason": ""}


@pytest.mark.parametrize(
    ("operation", "asked", "status", "code"),
    [
        ("put_metric_data", {"Namespace": "ns", "MetricData": [NONE]}, 400, "InvalidParameterCombination"),
        ("put_metric_data", {"Namespace": "AWS/X", "MetricData": [NONE]}, 400, "InvalidParameterValue"),
        ("set_alarm_state", {**STATE, "StateValue": "OK"}, 404, "ResourceNotFound"),
        ("set_alarm_state", {**STATE, "StateValue": "NO"}, 400, "ValidationError"),
        ("get_dashboard", {"DashboardName": "none"}, 404, "ResourceNotFound"),
        ("delete_metric_stream", {"Name": "none"}, 501, "NotImplemented"),
    ],
)
def test_errors_have_the_codes_of_the_query_protocol(cloudwatch, operation, asked, status, code):
    with pytest.raises(cloudwatch.exceptions.ClientError) as refused:
        getattr(cloudwatch, operation)(**asked)
    answer = refused.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code)
