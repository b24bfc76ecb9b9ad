"""What stages count for CloudWatch: requests, errors, latencies, and how often the cache could answer."""

from __future__ import annotations

import pytest


@pytest.fixture
def metric(client, server):
    """The sum, the number of values and the unit of a metric."""
    cloudwatch = client("cloudwatch")

    def read(name, **dimensions):
        now = server.clock.time()
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApiGateway",
            MetricName=name,
            Dimensions=[{"Name": each, "Value": value} for each, value in dimensions.items()],
            StartTime=now - 3600,
            EndTime=now + 3600,
            Period=3600,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return (
            sum(each["Sum"] for each in found),
            sum(each["SampleCount"] for each in found),
            {each["Unit"] for each in found},
        )

    return read


def test_requests_and_their_errors_are_counted(api, metric):
    api.says("GET", "/good", "hi")
    api.method("GET", "/broken", {"type": "MOCK", "requestTemplates": {"application/json": "no status"}})
    api.deploy()
    for path in ("/good", "/good", "/broken", "/nowhere"):
        api.call(path)
    for dimensions in ({"ApiName": "test"}, {"ApiName": "test", "Stage": "dev"}):
        assert metric("Count", **dimensions) == (4, 4, {"Count"})
        assert metric("4XXError", **dimensions) == (1, 4, {"Count"})
        assert metric("5XXError", **dimensions) == (1, 4, {"Count"})
        assert metric("Latency", **dimensions)[1:] == (4, {"Milliseconds"})
        assert metric("IntegrationLatency", **dimensions)[1:] == (2, {"Milliseconds"})
        assert metric("CacheHitCount", **dimensions) == (0, 0, set())


def test_methods_are_counted_where_their_stage_says_so(api, apigateway, metric):
    api.says("GET", "/pets/{id}", "hi")
    api.says("GET", "/other", "hi")
    api.deploy()
    detailed = [{"op": "replace", "path": "/~1pets~1{id}/GET/metrics/enabled", "value": "true"}]
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=detailed)
    api.call("/pets/1")
    api.call("/other")
    of_stage = {"ApiName": "test", "Stage": "dev"}
    assert metric("Count", **of_stage, Method="GET", Resource="/pets/{id}") == (1, 1, {"Count"})
    assert metric("Count", **of_stage, Method="GET", Resource="/other") == (0, 0, set())
    assert metric("Count", **of_stage) == (2, 2, {"Count"})


def test_hits_and_misses_of_the_cache_are_counted(api, apigateway, metric):
    api.says("GET", "/a", "hi")
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    caching = [{"op": "replace", "path": "/*/*/caching/enabled", "value": "true"}]
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=caching)
    for _ in range(3):
        api.call("/a")
    assert metric("CacheHitCount", ApiName="test") == (2, 3, {"Count"})
    assert metric("CacheMissCount", ApiName="test") == (1, 3, {"Count"})
    assert metric("IntegrationLatency", ApiName="test")[1] == 1
