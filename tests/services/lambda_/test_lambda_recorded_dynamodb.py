"""Mappings of tables' streams, as AWS answered in recorded runs, member by member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from event_source_functions import Bench
from recorded_sources import Run, discarded, events_of_stream, run_of

from sns_fixtures import Queues

OF_CLASS = "TestDynamoDBEventSourceMapping::"
KEY = "my_partition_key"
BEGINNING = {"StartingPosition": "TRIM_HORIZON"}
IN_WINDOWS = {**BEGINNING, "MaximumBatchingWindowInSeconds": 1}
ONE_BY_ONE = {**IN_WINDOWS, "BatchSize": 1, "MaximumRetryAttempts": 1}
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
MAPPED = "create_event_source_mapping_response"
HELLO = {KEY: {"S": "hello world"}}
BINARY = {**HELLO, "binary_key": {"B": b"foobar"}}


def run(bench: Bench, test: str) -> Run:
    return run_of(bench, "dynamodbstreams", OF_CLASS + test)


def table(this: Run, step: str, key: str = KEY, view: str = "") -> None:
    """A table as the record shows it; its stream, if it has one from the beginning, is read."""
    streamed = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
    made = this.bench.client("dynamodb").create_table(
        TableName="records",
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **streamed,
    )
    if view:
        read(this, made["TableDescription"]["LatestStreamArn"])
    this.record.check(step, made)
    this.bench.client("dynamodb").get_waiter("table_exists").wait(TableName="records")


def read(this: Run, stream_arn: str) -> None:
    """Has the mapping read a stream, whose label the record has one of two names for."""
    this.source = stream_arn
    label = stream_arn.rpartition("/stream/")[2]
    text = json.dumps(this.record.content)
    name = next(each for each in ("resource:1", "resource:2", "resource:3") if f"/stream/<{each}>" in text)
    this.record.bind(name, label)


def stream(this: Run, step: str | None = None, view: str = "NEW_IMAGE") -> None:
    """Gives the table a stream, as the record shows it where it does."""
    wanted = {"StreamEnabled": True, "StreamViewType": view}
    made = this.bench.client("dynamodb").update_table(TableName="records", StreamSpecification=wanted)
    read(this, made["TableDescription"]["LatestStreamArn"])
    if step is not None:
        this.record.check(step, made)


def put(this: Run, item: dict[str, Any]) -> None:
    this.bench.client("dynamodb").put_item(TableName="records", Item=item)


def destination(arn: str) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


def test_a_mapping_of_a_tables_stream(bench) -> None:
    this = run(bench, "test_dynamodb_event_source_mapping")
    heard = bench.function()
    table(this, "create-table-result")
    stream(this)
    this.mapping(MAPPED, **ONE_BY_ONE)
    put(this, BINARY)
    this.record.check("event_logs", events_of_stream(heard, 1))


def test_a_second_mapping_of_the_same(bench) -> None:
    this = run(bench, "test_duplicate_event_source_mappings")
    bench.function()
    bench.function("other")
    table(this, "create-table-result")
    stream(this)
    settings = {**IN_WINDOWS, "MaximumRetryAttempts": 1}
    this.mapping("create", **settings)
    this.refused("error", **settings)
    bench.mapping(this.source, "other", **settings)


def test_a_disabled_mapping_reads_no_more(bench) -> None:
    this = run(bench, "test_disabled_dynamodb_event_source_mapping")
    heard = bench.function()
    table(this, "dynamodb_create_table_result", "id", "NEW_IMAGE")
    uuid = this.mapping("create_event_source_mapping_result", **IN_WINDOWS)
    put(this, {"id": {"S": "1"}, "data": {"S": "data1"}})
    events_of_stream(heard, 1)
    while bench.settled(uuid)["LastProcessingResult"] != "OK":
        pass
    request = {"UUID": uuid, "Enabled": False}
    update = bench.functions.update_event_source_mapping
    this.record.replay("update_event_source_mapping_result", update, **request)
    assert bench.settled(uuid)["State"] == "Disabled"
    put(this, {"id": {"S": "2"}, "data": {"S": "data2"}})
    assert heard.is_silent()


def test_a_mapping_outlives_its_table(bench, client) -> None:
    this = run(bench, "test_deletion_event_source_mapping_with_dynamodb")
    bench.function()
    table(this, "create_dynamodb_table_response", "id", "NEW_IMAGE")
    this.mapping("create_event_source_mapping_result", **BEGINNING)
    client("dynamodb").delete_table(TableName="records")
    this.record.replay(
        "list_event_source_mapping_result",
        bench.functions.list_event_source_mappings,
        EventSourceArn=this.source,
    )


def prepare(this: Run) -> None:
    """A table with a stream as the record shows them, and a function that always fails."""
    this.bench.function("reader", "fail()")
    table(this, "create_table_response")
    stream(this, "update_table_response")


def test_a_queue_is_told_of_what_failed_too_often(bench) -> None:
    this = run(bench, "test_dynamodb_event_source_mapping_with_on_failure_destination_config")
    prepare(this)
    url, arn = bench.queue("dead")
    this.mapping(MAPPED, **ONE_BY_ONE, **destination(arn))
    put(this, HELLO)
    this.record.check("destination_queue_messages", this.received_as_time_flies(url))


def test_a_topic_is_told_of_what_failed_too_often(bench, client) -> None:
    this = run(bench, "test_dynamodb_event_source_mapping_with_sns_on_failure_destination_config")
    prepare(this)
    queues = Queues(bench.sqs)
    url = queues.make("subscribed")
    topic = client("sns").create_topic(Name="dead")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.arn(url))
    this.mapping(MAPPED, **ONE_BY_ONE, **destination(topic))
    put(this, HELLO)
    discarded(this, "failure_sns_message", this.received_as_time_flies(url))


def test_a_bucket_is_told_of_what_failed_too_often(bench, client, account) -> None:
    this = run(bench, "test_dynamodb_event_source_mapping_with_s3_on_failure_destination")
    prepare(this)
    bucket = f"dead-{account}"
    client("s3").create_bucket(Bucket=bucket)
    this.mapping(MAPPED, **ONE_BY_ONE, **destination(f"arn:aws:s3:::{bucket}"))
    put(this, HELLO)
    this.record.check("record_body", this.object_in(bucket))


def item(identifier: str, **attributes: dict[str, Any]) -> dict[str, Any]:
    return {"id": {"S": identifier}, **attributes}


def pattern(recorded: dict[str, Any]) -> str:
    """A pattern of the record, which hides what is under the name of a time."""
    text = json.dumps(recorded["Pattern"])
    return text.replace('"<approximate-creation-datetime>"', '[{"numeric": [">", 0]}]')


PRESENT = {"presentKey": {"S": "presentValue"}}


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        (
            "insert_same_entry_twice",
            item("id_value", id2={"S": "id2_value"}),
            item("id_value", id2={"S": "id2_value"}),
        ),
        ("content_or_filter", item("id_value"), item("id_value", id2={"S": "id2_new_value"})),
        ("content_multiple_filters", item("id_value"), item("id_value", id2={"S": "id2_new_value"})),
        ("content_filter_type", item("id_value_1", **PRESENT), item("id_value_2")),
        ("exists_filter_type", item("id_value_1", **PRESENT), item("id_value_2")),
        ("exists_false_filter", item("id_value_1"), item("id_value_2", **PRESENT)),
        (
            "numeric_filter",
            item("id_value_1", numericFilter={"N": "42"}),
            item("id_value_2", numericFilter={"N": "101"}),
        ),
        (
            "prefix_filter",
            item("id_value_1", prefix={"S": "us-1-other-suffix"}),
            item("id_value_1", prefix={"S": "other-suffix"}),
        ),
        ("date_time_conversion", item("id_value_1"), item("id_value_2")),
    ],
)
def test_filters_of_changes(bench, name: str, first: Any, second: Any) -> None:
    this = run(bench, f"test_dynamodb_event_filter[{name}]")
    heard = bench.function()
    table(this, "table_creation_response", "id")
    stream(this, view="NEW_AND_OLD_IMAGES")
    filters = this.record.content[MAPPED]["FilterCriteria"]["Filters"]
    criteria = {"Filters": [{"Pattern": pattern(each)} for each in filters]}
    this.mapping(MAPPED, **ONE_BY_ONE, FilterCriteria=criteria)
    put(this, first)
    told = events_of_stream(heard, 1)
    this.record.check("lambda-log-events", told)
    put(this, second)
    more = len(this.record.content["lambda-multiple-log-events"]) - 1
    this.record.check("lambda-multiple-log-events", told + events_of_stream(heard, more))
    assert heard.is_silent()


@pytest.mark.parametrize("pattern", ["single-string", '[{"eventName": ["INSERT"=123}]'])
def test_filters_that_are_none(bench, pattern: str) -> None:
    this = run(bench, f"test_dynamodb_invalid_event_filter[{pattern}]")
    bench.function()
    this.source = bench.table_stream("records")
    this.refused(
        "exception_event_source_creation", **ONE_BY_ONE, FilterCriteria={"Filters": [{"Pattern": pattern}]}
    )


FAILS_WHERE_TOLD = (
    '{"batchItemFailures": [{"itemIdentifier": each["dynamodb"]["SequenceNumber"]} '
    'for each in event["Records"] if each["dynamodb"]["NewImage"]["should_fail"]["BOOL"]]}'
)


def test_items_that_are_reported_come_again(bench) -> None:
    this = run(bench, "test_dynamodb_report_batch_item_failures")
    heard = bench.function("reader", FAILS_WHERE_TOLD)
    table(this, "create_table_response")
    stream(this, "update_table_response")
    for number in range(6):
        put(this, {KEY: {"S": f"testId{number}"}, "should_fail": {"BOOL": number == 5}})
    url, arn = bench.queue("dead")
    settings = {**IN_WINDOWS, "BatchSize": 3, "MaximumRetryAttempts": 3}
    this.mapping(MAPPED, **settings, **destination(arn), **REPORTS)
    this.record.check("destination_queue_messages", this.received_as_time_flies(url))
    recorded = this.record.content["dynamodb_records"]["Records"]
    told: list[Any] = []
    while len(told) < len(recorded):
        told += events_of_stream(heard, 1)[0]["Records"]
    ordered = sorted(told, key=lambda each: each["dynamodb"]["Keys"][KEY]["S"])
    this.record.check("dynamodb_records", {"Records": ordered})


def test_a_queue_is_told_of_items_that_are_reported_too_often(bench) -> None:
    this = run(bench, "test_dynamodb_report_batch_item_failures_with_on_failure_destination_config")
    first = 'event["Records"][0]["dynamodb"]["SequenceNumber"]'
    bench.function("reader", f'{{"batchItemFailures": [{{"itemIdentifier": {first}}}]}}')
    table(this, "create_table_response")
    # Of these two the record is older than members that AWS has told since, as the other records show.
    stream(this)
    url, arn = bench.queue("dead")
    recorded = this.record.content[MAPPED]
    settings = {name: recorded[name] for name in ("BatchSize", "MaximumRetryAttempts")}
    bench.mapping(this.source, **{**IN_WINDOWS, **settings}, **destination(arn), **REPORTS)
    put(this, HELLO)
    this.record.check("destination_queue_messages", this.received_as_time_flies(url))


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
    this = run(bench, f"test_dynamodb_report_batch_item_failure_scenarios[{name}]")
    heard = bench.function("reader", answer)
    table(this, "create-table-result")
    stream(this)
    url, arn = bench.queue("dead")
    settings = {**IN_WINDOWS, "BatchSize": 3, "MaximumRetryAttempts": 3}
    bench.mapping(this.source, **settings, **destination(arn), **REPORTS)
    put(this, BINARY)
    this.record.check("dynamodb_events", events_of_stream(heard, 4))
    this.record.check("destination_queue_messages", this.received_as_time_flies(url))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("empty_list", "[]"),
        ("null", "None"),
        ("empty_dict", "{}"),
        ("empty_batch_item_failure", '{"batchItemFailures": []}'),
        ("null_batch_item_failure", '{"batchItemFailures": None}'),
    ],
)
def test_answers_that_are_a_success(bench, name: str, answer: str) -> None:
    this = run(bench, f"test_dynamodb_report_batch_item_success_scenarios[{name}_success]")
    heard = bench.function("reader", answer)
    table(this, "create-table-result")
    stream(this)
    settings = {**BEGINNING, "BatchSize": 1, "MaximumBatchingWindowInSeconds": 0, "MaximumRetryAttempts": 2}
    bench.mapping(this.source, **settings, **REPORTS)
    put(this, BINARY)
    this.record.check("dynamodb_events", events_of_stream(heard, 1))


def test_a_stream_that_is_not_there(bench, account) -> None:
    this = run(bench, "test_esm_with_not_existing_dynamodb_stream")
    bench.function()
    name = "test-table-4a53f4e8/stream/2025-02-22T03:03:25.490"
    this.source = f"arn:aws:dynamodb:us-east-1:{account}:table/{name}"
    this.refused("error", **BEGINNING)
