"""How datapoints grow coarser with age: on a server of its own, whose clock goes far."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloudlet.config import Config
from cloudlet.core.access import Principal
from cloudlet.services.cloudwatch.state import metrics
from running_server import RunningServer

DAY = 86_400


@pytest.fixture
def ageing(tmp_path, aws_session):
    """A server, and a client of it."""
    server = RunningServer(Config(data=tmp_path / "cloud", port=0, state="memory"))
    client = aws_session.client(
        "cloudwatch",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="secret",
    )
    yield server, client
    server.close()


def sweep(server):
    call = server.app.cloud.call("cloudwatch", Principal.of_service("cloudwatch.amazonaws.com"), "", "")
    server.run(metrics.age(call))


@pytest.mark.parametrize("swept", [True, False])
def test_old_datapoints_are_told_in_coarser_periods_only(ageing, swept):
    server, client = ageing
    hour = datetime.fromtimestamp(server.clock.time() // 3600 * 3600, UTC)
    second = {"MetricName": "fine", "StorageResolution": 1}
    client.put_metric_data(
        Namespace="ns",
        MetricData=[
            {**second, "Timestamp": hour, "Value": 1},
            {**second, "Timestamp": hour + timedelta(seconds=30), "Value": 2},
            {**second, "Timestamp": hour + timedelta(seconds=90), "Value": 3},
        ],
    )

    def told(period):
        found = client.get_metric_statistics(
            Namespace="ns",
            MetricName="fine",
            StartTime=hour,
            EndTime=hour + timedelta(seconds=max(period, 120)),
            Period=period,
            Statistics=["Sum"],
        )
        return sorted(each["Sum"] for each in found["Datapoints"])

    def after(seconds):
        server.advance(seconds - (server.clock.time() - hour.timestamp()))
        if swept:
            sweep(server)
        return {period: told(period) for period in (30, 60, 300, 3600)}

    assert after(3 * 3600 - 60) == {30: [1, 2, 3], 60: [3, 3], 300: [6], 3600: [6]}
    assert after(3 * 3600 + 600) == {30: [], 60: [3, 3], 300: [6], 3600: [6]}
    assert after(15 * DAY + 3600) == {30: [], 60: [], 300: [6], 3600: [6]}
    assert after(63 * DAY + 3600) == {30: [], 60: [], 300: [], 3600: [6]}
    assert after(456 * DAY) == {30: [], 60: [], 300: [], 3600: []}


def test_metrics_without_new_data_are_no_longer_listed(ageing):
    server, client = ageing
    client.put_metric_data(Namespace="ns", MetricData=[{"MetricName": "old", "Value": 1}])
    assert len(client.list_metrics(RecentlyActive="PT3H")["Metrics"]) == 1
    server.advance(4 * 3600)
    assert client.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    assert len(client.list_metrics()["Metrics"]) == 1
    server.advance(15 * DAY)
    assert client.list_metrics()["Metrics"] == []
