"""What the other services count, seen through CloudWatch."""

from __future__ import annotations

from datetime import timedelta

from cloudlet.config import Config
from running_server import RunningServer


def test_what_was_counted_is_seen_at_once(server, cloudwatch, account, now):
    async def count():
        for value in (1.0, 3.0):
            server.app.cloud.metrics.count(
                account, "us-east-1", "AWS/X", "Calls", (("b", "2"), ("a", "1")), value
            )

    server.run(count())
    dimensions = [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]
    assert cloudwatch.list_metrics()["Metrics"] == [
        {"Namespace": "AWS/X", "MetricName": "Calls", "Dimensions": dimensions}
    ]
    found = cloudwatch.get_metric_statistics(
        Namespace="AWS/X",
        MetricName="Calls",
        Dimensions=dimensions,
        StartTime=now,
        EndTime=now + timedelta(minutes=2),
        Period=120,
        Statistics=["Sum", "SampleCount"],
    )
    assert [(each["Sum"], each["SampleCount"], each["Unit"]) for each in found["Datapoints"]] == [
        (4.0, 2.0, "Count")
    ]


def test_what_was_counted_outlives_the_server(tmp_path, aws_session, account):
    config = Config(data=tmp_path / "cloud", port=0)

    def clients(server):
        return aws_session.client(
            "cloudwatch",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=account,
            aws_secret_access_key="secret",
        )

    first = RunningServer(config)

    async def count():
        first.app.cloud.metrics.count(account, "us-east-1", "AWS/X", "Calls")

    first.run(count())
    first.close()
    second = RunningServer(config)
    try:
        assert [each["MetricName"] for each in clients(second).list_metrics()["Metrics"]] == ["Calls"]
    finally:
        second.close()
