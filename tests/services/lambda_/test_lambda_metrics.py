"""What functions count, seen through CloudWatch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from lambda_functions import invoke, make_function, make_role, refusal, wait_for

from cloud_functions import allow

SOURCE = (
    "import time\n"
    "def handler(event, context):\n"
    "    time.sleep(event.get('seconds', 0))\n"
    "    if event.get('fail'):\n"
    "        raise Exception('no')\n"
)
OWN = {"FunctionName": "function"}


@pytest.fixture
def measured(client, server):
    """One statistic of a metric over the last hours."""
    cloudwatch = client("cloudwatch")

    def ask(name, statistic="Sum", **dimensions):
        now = datetime.fromtimestamp(server.clock.time(), UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - timedelta(hours=3),
            EndTime=now + timedelta(hours=1),
            Period=86400,
            Statistics=[statistic],
        )["Datapoints"]
        values = [point[statistic] for point in points]
        return (max if statistic == "Maximum" else sum)(values) if values else None

    return ask


def test_invocations_errors_and_durations(functions, role, measured):
    make_function(functions, role, SOURCE)
    invoke(functions, event={})
    invoke(functions, event={"fail": True})
    invoke(functions, event={"seconds": 0.2})
    for dimensions in ({}, OWN, {**OWN, "Resource": "function"}):
        assert measured("Invocations", **dimensions) == 3
        assert measured("Errors", **dimensions) == 1
        assert measured("Errors", "SampleCount", **dimensions) == 3
        assert measured("Throttles", **dimensions) == 0
        assert 200 <= measured("Duration", "Maximum", **dimensions) < 3000


def test_aliases_count_for_the_version_that_ran(functions, role, measured):
    make_function(functions, role, SOURCE, Publish=True)
    functions.create_alias(FunctionName="function", Name="live", FunctionVersion="1")
    invoke(functions, event={}, Qualifier="live")
    invoke(functions, event={}, Qualifier="1")
    assert measured("Invocations", **OWN) == 2
    live = {**OWN, "Resource": "function:live"}
    assert measured("Invocations", **live) == 1
    assert measured("Invocations", **live, ExecutedVersion="1") == 1
    assert measured("Invocations", **OWN, Resource="function:1") == 1


def test_throttles_are_no_invocations(functions, role, measured):
    make_function(functions, role, SOURCE)
    functions.put_function_concurrency(FunctionName="function", ReservedConcurrentExecutions=0)
    refusal(functions.invoke, FunctionName="function")
    assert measured("Throttles", **OWN) == 1
    assert measured("Invocations", **OWN) is None


def test_calls_at_once(functions, role, measured):
    make_function(functions, role, SOURCE)
    with ThreadPoolExecutor(2) as callers:
        list(callers.map(lambda _: invoke(functions, event={"seconds": 0.5}), range(2)))
    assert measured("ConcurrentExecutions", "Maximum", **OWN) == 2
    assert measured("ConcurrentExecutions", "Maximum") == 2


def test_asynchronous_events(functions, client, account, measured):
    everything = make_role(client("iam"), "all", allow("*"))
    client("sqs").create_queue(QueueName="dead")
    dead = f"arn:aws:sqs:us-east-1:{account}:dead"
    make_function(functions, everything, SOURCE, DeadLetterConfig={"TargetArn": dead})
    functions.put_function_event_invoke_config(FunctionName="function", MaximumRetryAttempts=0)
    for event in (b"{}", b'{"fail": true}'):
        functions.invoke(FunctionName="function", InvocationType="Event", Payload=event)
    wait_for(lambda: measured("AsyncEventsDropped", **OWN) == 1)
    assert measured("AsyncEventsReceived", **OWN) == 2
    assert measured("AsyncEventAge", "SampleCount", **OWN) == 2
    assert measured("DeadLetterErrors", **OWN) is None
    client("sqs").delete_queue(QueueUrl=client("sqs").get_queue_url(QueueName="dead")["QueueUrl"])
    functions.invoke(FunctionName="function", InvocationType="Event", Payload=b'{"fail": true}')
    wait_for(lambda: measured("DeadLetterErrors", **OWN) == 1)


def test_provisioned_concurrency_and_what_spills_over(functions, role, measured):
    make_function(functions, role, SOURCE, Publish=True)
    first = {"FunctionName": "function", "Qualifier": "1"}
    functions.put_provisioned_concurrency_config(**first, ProvisionedConcurrentExecutions=1)
    wait_for(lambda: functions.get_provisioned_concurrency_config(**first)["Status"] == "READY")
    with ThreadPoolExecutor(2) as callers:
        list(callers.map(lambda _: invoke(functions, event={"seconds": 0.5}, Qualifier="1"), range(2)))
    assert measured("ProvisionedConcurrencyInvocations", **OWN) == 1
    assert measured("ProvisionedConcurrencySpilloverInvocations", **OWN) == 1
    at_version = {**OWN, "Resource": "function:1"}
    assert measured("ProvisionedConcurrentExecutions", "Maximum", **at_version) == 1
    assert measured("ProvisionedConcurrencyUtilization", "Maximum", **at_version) == 1


def test_what_runs_without_reserved_concurrency(functions, role, measured):
    make_function(functions, role, SOURCE)
    make_function(functions, role, SOURCE, name="reserved")
    functions.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=5)
    invoke(functions, "reserved", {})
    assert measured("UnreservedConcurrentExecutions", "Maximum") is None
    invoke(functions, event={})
    assert measured("UnreservedConcurrentExecutions", "Maximum") == 1
    assert measured("ConcurrentExecutions", "SampleCount") == 2
