"""What CloudWatch knows of event source mappings."""

from __future__ import annotations

import pytest

from metric_readings import Readings

COUNTED = {"MetricsConfig": {"Metrics": ["EventCount"]}}


@pytest.fixture
def readings(client, server) -> Readings:
    return Readings(client("cloudwatch"), server, "AWS/Lambda")


def test_events_of_a_queue_are_counted(bench, readings) -> None:
    heard = bench.function(
        "reader", '{"batchItemFailures": [{"itemIdentifier": each["messageId"]} '
        'for each in event["Records"] if each["body"] == "bad"]}'
    )  # fmt: skip
    url, arn = bench.queue("orders", VisibilityTimeout="3600")
    uuid = bench.mapping(
        arn,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": '{"body": [{"anything-but": ["unwanted"]}]}'}]},
        **COUNTED,
    )
    for body in ("good", "bad", "unwanted"):
        bench.sqs.send_message(QueueUrl=url, MessageBody=body)
    heard.until(2)
    bench.until_hidden(url, 1)
    wanted = {
        "PolledEventCount": 3.0,
        "FilteredOutEventCount": 1.0,
        "InvokedEventCount": 2.0,
        "FailedInvokeEventCount": 1.0,
        "DeletedEventCount": 1.0,
    }
    told: dict[str, float | None] = {}
    while told != wanted:
        told = {name: readings.statistic(name, EventSourceMappingUUID=uuid) for name in wanted}


def test_records_of_a_stream_are_counted_as_dropped_and_told_of(bench, client, readings) -> None:
    heard = bench.function("reader", "fail()")
    url, dead = bench.queue("dead")
    arn = bench.stream()
    uuid = bench.mapping(
        arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": dead}},
        **COUNTED,
    )
    records = [{"Data": b"x", "PartitionKey": "k"}] * 3
    client("kinesis").put_records(StreamName="orders", Records=records)
    heard.until(3)
    assert bench.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=15)["Messages"]
    wanted = {
        "PolledEventCount": 3.0,
        "InvokedEventCount": 3.0,
        "FailedInvokeEventCount": 3.0,
        "DroppedEventCount": 3.0,
        "OnFailureDestinationDeliveredEventCount": 3.0,
    }
    told: dict[str, float | None] = {}
    while told != wanted:
        told = {name: readings.statistic(name, EventSourceMappingUUID=uuid) for name in wanted}
    age = readings.statistic("IteratorAge", "Maximum", FunctionName="reader")
    assert age is not None and age >= 0


def test_a_mapping_without_a_metrics_config_counts_nothing(bench, readings) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders")
    bench.mapping(arn)
    bench.sqs.send_message(QueueUrl=url, MessageBody="x")
    heard.until(1)
    assert not any(name.endswith("EventCount") for name in readings.names())
