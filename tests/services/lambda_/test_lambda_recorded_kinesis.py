"""Mappings of data streams, as AWS answered in recorded runs, member by member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from event_source_functions import Bench
from recorded_sources import Run, discarded, events_of_stream, run_of

from sns_fixtures import Queues

OF_CLASS = "TestKinesisSource::"
BEGINNING = {"StartingPosition": "TRIM_HORIZON"}
LATEST = {"StartingPosition": "LATEST"}
ONE_BY_ONE = {**BEGINNING, "BatchSize": 1, "MaximumBatchingWindowInSeconds": 1}
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
RAISING = {"input": "hello", "value": "world", "raise_error": 1}
MAPPED = "create_event_source_mapping_response"


def run(bench: Bench, test: str) -> Run:
    """A recorded run, with a stream to be read."""
    this = run_of(bench, "kinesis", OF_CLASS + test)
    this.stream()
    return this


def destination(arn: str) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


def test_a_mapping_of_a_stream(bench, client) -> None:
    this = run(bench, "test_create_kinesis_event_source_mapping")
    heard = bench.function()
    this.mapping(MAPPED, **LATEST)
    records = [{"Data": "hello", "PartitionKey": f"test_{number}"} for number in range(10)]
    client("kinesis").put_records(StreamName="records", Records=records)
    this.record.check("kinesis_records", heard.next())


def test_two_functions_read_one_stream(bench) -> None:
    this = run(bench, "test_create_kinesis_event_source_mapping_multiple_lambdas_single_kinesis_event_stream")
    heard = {}
    for letter in "ab":
        heard[letter] = bench.function(f"reader-{letter}")
        this.mapping(f"{MAPPED}-{letter}", f"reader-{letter}", **BEGINNING)
    this.put("hello", key="test_1")
    for letter, listener in heard.items():
        # The two of the record have one role, ours have one each.
        this.record.bind("resource:4", f"reader-{letter}")
        this.record.check(f"kinesis_records-{letter}", listener.next())


def test_a_second_mapping_of_the_same(bench) -> None:
    this = run(bench, "test_duplicate_event_source_mappings")
    bench.function()
    bench.function("other")
    this.mapping("create", **LATEST)
    this.refused("error", **LATEST)
    bench.mapping(this.source, "other", **LATEST)


def batch(number: int) -> list[dict[str, int]]:
    return [{"record_id": number} for number in range(number)]


def test_batches_run_one_after_another(bench) -> None:
    this = run(bench, "test_kinesis_event_source_mapping_with_async_invocation")
    heard = bench.function()
    this.mapping(MAPPED, **LATEST, BatchSize=10)
    told = []
    for number in range(2):
        this.put(*batch(10), key=f"test_{number}")
        told.append({"executionStart": 0, "event": heard.next()})
    this.record.check("invocation_events", told)


def test_what_is_there_already_is_read_first(bench) -> None:
    this = run(bench, "test_kinesis_event_source_trim_horizon")
    heard = bench.function()
    for number in (0, 1):
        this.put(*batch(10), key=f"test_{number}")
    this.mapping(MAPPED, **BEGINNING, BatchSize=10)
    this.put(*batch(10), key="test_3")
    told = [{"executionStart": 0, "event": heard.next()} for _ in range(3)]
    this.record.check("invocation_events", told)


def test_a_disabled_mapping_reads_no_more(bench) -> None:
    this = run(bench, "test_disable_kinesis_event_source_mapping")
    heard = bench.function()
    uuid = this.mapping(MAPPED, **LATEST, BatchSize=10)
    this.put(*batch(10))
    this.record.check("invocation_events", [heard.next()])
    bench.functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    assert bench.settled(uuid)["State"] == "Disabled"
    this.put({"record_id_disabled": 0})
    assert heard.is_silent()


def test_a_queue_is_told_of_what_failed_too_often(bench) -> None:
    this = run(bench, "test_kinesis_event_source_mapping_with_on_failure_destination_config")
    bench.function("reader", "fail()")
    url, arn = bench.queue("dead")
    this.mapping(MAPPED, **ONE_BY_ONE, MaximumRetryAttempts=1, **destination(arn))
    this.put(RAISING, key="custom")
    this.record.check("sqs_payload", this.received_as_time_flies(url))


def test_a_topic_is_told_of_what_failed_too_often(bench, client) -> None:
    this = run(bench, "test_kinesis_event_source_mapping_with_sns_on_failure_destination_config")
    bench.function("reader", "fail()")
    queues = Queues(bench.sqs)
    url = queues.make("subscribed")
    topic = client("sns").create_topic(Name="dead")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.arn(url))
    this.mapping(MAPPED, **ONE_BY_ONE, MaximumRetryAttempts=1, **destination(topic))
    this.put(RAISING, key="custom")
    discarded(this, "failure_sns_message", this.received_as_time_flies(url))


def test_a_bucket_is_told_of_what_failed_too_often(bench, client, account) -> None:
    this = run(bench, "test_kinesis_event_source_mapping_with_s3_on_failure_destination")
    bench.function("reader", "fail()")
    bucket = f"dead-{account}"
    client("s3").create_bucket(Bucket=bucket)
    this.mapping(MAPPED, **ONE_BY_ONE, MaximumRetryAttempts=1, **destination(f"arn:aws:s3:::{bucket}"))
    this.put(RAISING, key="custom")
    this.record.check("record_body", this.object_in(bucket))


def test_filters_of_data(bench) -> None:
    this = run_of(bench, "kinesis", "TestKinesisEventFiltering::test_kinesis_event_filtering_json_pattern")
    this.stream()
    heard = {}
    for number, step in ((1, MAPPED), (2, "create_event_source_mapping_2_response")):
        heard[number] = bench.function(f"reader-{number}")
        pattern = json.dumps({"data": {"event_type": [f"function_{number}"]}})
        criteria = {"Filters": [{"Pattern": pattern}]}
        this.mapping(step, f"reader-{number}", **ONE_BY_ONE, MaximumRetryAttempts=1, FilterCriteria=criteria)
    for number, text in ((1, "foo"), (2, "bar")):
        this.put({"event_type": f"function_{number}", "message": text}, key="custom")
    [record] = heard[1].next_as_time_flies()["Records"]
    payload = json.dumps([this.document(record)])
    this.record.check("kinesis-record-lambda-payload", payload)
    assert this.document(heard[2].next_as_time_flies()["Records"][0])["message"] == "bar"


FAILS_WHERE_TOLD = (
    '{"batchItemFailures": [{"itemIdentifier": each["kinesis"]["sequenceNumber"]} '
    'for each in event["Records"] if each["kinesis"]["data"] == "eyJzaG91bGRfZmFpbCI6IHRydWV9"]}'
)


def test_items_that_are_reported_come_again(bench, client) -> None:
    this = run(bench, "test_kinesis_report_batch_item_failures")
    heard = bench.function("reader", FAILS_WHERE_TOLD)
    url, arn = bench.queue("dead")
    records = [
        {"Data": json.dumps({"should_fail": number == 5}), "PartitionKey": f"test_{number}"}
        for number in range(6)
    ]
    client("kinesis").put_records(StreamName="records", Records=records)
    settings = {**ONE_BY_ONE, "BatchSize": 3, "MaximumRetryAttempts": 3}
    this.mapping(MAPPED, **settings, **destination(arn), **REPORTS)
    told = [record for event in events_of_stream(heard, 6) for record in event["Records"]]
    ordered = sorted(told, key=lambda each: each["kinesis"]["partitionKey"])
    this.record.check("kinesis_records", {"Records": ordered})
    this.record.check("sqs_payload", this.received_as_time_flies(url))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("empty_list", "[]"),
        ("null", "None"),
        ("empty_dict", "{}"),
        ("empty_string", "''"),
        ("empty_batch_item_failure", '{"batchItemFailures": []}'),
        ("null_batch_item_failure", '{"batchItemFailures": None}'),
    ],
)
def test_answers_that_are_a_success(bench, name: str, answer: str) -> None:
    this = run(bench, f"test_kinesis_report_batch_item_success_scenarios[{name}_success]")
    heard = bench.function("reader", answer)
    this.mapping(MAPPED, **ONE_BY_ONE, MaximumRetryAttempts=2, **REPORTS)
    this.put("hello")
    this.record.check("kinesis_events", events_of_stream(heard, 1))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("empty_string_item_identifier_failure", '{"batchItemFailures": [{"itemIdentifier": ""}]}'),
        ("null_item_identifier_failure", '{"batchItemFailures": [{"itemIdentifier": None}]}'),
        ("invalid_key_foo_failure", '{"batchItemFailures": [{"foo": 123}]}'),
        ("invalid_key_foo_null_value_failure", '{"batchItemFailures": [{"foo": None}]}'),
        ("item_identifier_not_present_failure", '{"batchItemFailures": [{"itemIdentifier": 123}]}'),
        ("unhandled_exception_in_function", "(lambda: 1 / 0)()"),
    ],
)
def test_answers_that_are_a_failure(bench, name: str, answer: str) -> None:
    this = run(bench, f"test_kinesis_report_batch_item_failure_scenarios[{name}]")
    heard = bench.function("reader", answer)
    url, arn = bench.queue("dead")
    this.mapping(MAPPED, **ONE_BY_ONE, MaximumRetryAttempts=2, **destination(arn), **REPORTS)
    this.put("hello")
    this.record.check("kinesis_events", events_of_stream(heard, 3))
    this.record.check("sqs_payload", this.received_as_time_flies(url))


def test_a_function_that_answers_nothing(bench) -> None:
    this = run(bench, "test_kinesis_empty_provided")
    heard = bench.function("reader", "''")
    uuid = this.mapping(MAPPED, **ONE_BY_ONE, MaximumRetryAttempts=2)
    this.put("hello")
    events_of_stream(heard, 1)
    while bench.settled(uuid)["LastProcessingResult"] != "OK":
        pass
    this.record.replay("get_esm_result", bench.functions.get_event_source_mapping, UUID=uuid)


def test_a_stream_that_is_not_there(bench, account) -> None:
    this = run_of(bench, "kinesis", OF_CLASS + "test_esm_with_not_existing_kinesis_stream")
    bench.function()
    this.source = f"arn:aws:kinesis:us-east-1:{account}:stream/test-foobar-81ded7e8"
    this.refused("error", **LATEST)


def test_records_that_grow_too_old_before_they_are_read(bench, server) -> None:
    this = run(bench, "test_kinesis_maximum_record_age_exceeded[expire-before-ingestion]")
    bench.function("reader", "fail()")
    url, arn = bench.queue("dead")
    this.put("stream-data")
    server.advance(70)
    limits = {"MaximumRetryAttempts": 0, "MaximumRecordAgeInSeconds": 60}
    this.mapping(MAPPED, **ONE_BY_ONE, **limits, **destination(arn))
    this.record.check("record_age_exceeded_payload", this.received_as_time_flies(url))


def test_records_that_grow_too_old_while_they_are_tried(bench) -> None:
    this = run(bench, "test_kinesis_maximum_record_age_exceeded[expire-while-retrying]")
    bench.function("reader", "fail()")
    url, arn = bench.queue("dead")
    this.put("stream-data")
    this.mapping(MAPPED, **ONE_BY_ONE, MaximumRecordAgeInSeconds=60, **destination(arn))
    answer = this.received_as_time_flies(url)
    # How often it was tried depends on pauses that AWS does not tell.
    this.record.content["record_age_exceeded_payload"]["Messages"][0]["Body"]["requestContext"][
        "approximateInvokeCount"
    ] = json.loads(answer["Messages"][0]["Body"])["requestContext"]["approximateInvokeCount"]
    this.record.check("record_age_exceeded_payload", answer)


def test_what_came_after_an_old_record_is_handled(bench, server) -> None:
    this = run(bench, "test_kinesis_maximum_record_age_exceeded_discard_records")
    heard = bench.function()
    url, arn = bench.queue("dead")
    this.put("stream-data")
    server.advance(70)
    for number in range(1, 6):
        this.put(f"stream-data-{number}")
    limits = {"MaximumRetryAttempts": 0, "MaximumRecordAgeInSeconds": 60}
    this.mapping(MAPPED, **{**ONE_BY_ONE, "BatchSize": 10}, **limits, **destination(arn))
    this.record.check("record_age_exceeded_payload", this.received_as_time_flies(url))
    this.record.check("Records", [each for event in events_of_stream(heard, 1) for each in event["Records"]])
