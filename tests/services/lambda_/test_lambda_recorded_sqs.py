"""Mappings of queues, as AWS answered in recorded runs, member by member.

Three runs recorded nothing: batching_behaviour, plain-string-matching and plain-string-filter.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from event_source_functions import Bench
from recorded_sources import FAILS_AT_FIRST, REPORTS_ITEMS, Run, events, run_of

OF_CLASS = "TestSQSEventSourceMapping::"
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def run(bench: Bench, test: str) -> Run:
    return run_of(bench, "sqs", test)


def queue(run: Run, name: str, **attributes: str) -> str:
    """The queue that is read; its URL."""
    url, run.source = run.bench.queue(name, **attributes)
    return url


def told(run: Run) -> str:
    """The queue that functions tell; its URL."""
    url, _ = run.bench.queue("told")
    run.record.replay("get_destination_queue_url", run.bench.sqs.get_queue_url, QueueName="told")
    return url


def dead_letters(run: Run, name: str, times: int) -> tuple[str, dict[str, str]]:
    """A dead-letter queue's URL, and the attribute by which another queue uses it."""
    url, arn = run.bench.queue(name)
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": times})
    return url, {"RedrivePolicy": policy}


def send(run: Run, url: str, document: Any, **more: Any) -> None:
    body = document if isinstance(document, str) else json.dumps(document)
    run.bench.sqs.send_message(QueueUrl=url, MessageBody=body, **more)


def take(run: Run, url: str, *, seconds: float = 0.0) -> Any:
    """The next message, which is removed."""
    answer = run.received(url, seconds=seconds)
    [message] = answer["Messages"]
    run.bench.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return answer


def test_failing_function_is_run_again_after_the_visibility_timeout(bench) -> None:
    this = run(bench, "test_failing_lambda_retries_after_visibility_timeout")
    answers = told(this)
    this.function(FAILS_AT_FIRST, timeout=5)
    url = queue(this, "source", VisibilityTimeout="5")
    uuid = bench.mapping(this.source, BatchSize=1)
    this.record.replay("event_source_mapping", bench.functions.get_event_source_mapping, UUID=uuid)
    send(this, url, {"destination": answers, "fail_attempts": 1})
    this.record.check("first_attempt", take(this, answers))
    this.record.check("second_attempt", take(this, answers, seconds=5))
    bench.until_hidden(url, 0)


def test_body_and_attributes_are_passed(bench) -> None:
    this = run(bench, "test_message_body_and_attributes_passed_correctly")
    answers = told(this)
    this.function(FAILS_AT_FIRST, timeout=5)
    url = queue(this, "source", VisibilityTimeout="5")
    bench.mapping(this.source, BatchSize=1)
    texts = {"Title": ("String", "The Whistler"), "Author": ("String", "John Grisham")}
    attributes = {**texts, "WeeksOn": ("Number", "6")}
    send(
        this,
        url,
        {"destination": answers, "fail_attempts": 0},
        MessageAttributes={
            name: {"DataType": kind, "StringValue": text} for name, (kind, text) in attributes.items()
        },
    )
    this.record.check("first_attempt", take(this, answers))


def test_a_message_that_keeps_failing_goes_to_the_dead_letter_queue(bench) -> None:
    this = run(bench, "test_redrive_policy_with_failing_lambda")
    answers = told(this)
    this.function(FAILS_AT_FIRST, timeout=5)
    dead, redrive = dead_letters(this, "dead", 2)
    url = queue(this, "source", VisibilityTimeout="5", **redrive)
    bench.mapping(this.source, BatchSize=1)
    send(this, url, {"destination": answers, "fail_attempts": 2})
    this.record.check("first_attempt", take(this, answers))
    assert "Messages" not in bench.sqs.receive_message(QueueUrl=dead)
    this.record.check("second_attempt", take(this, answers, seconds=5))
    this.record.check("dlq_response", this.received(dead, seconds=5))


def test_a_queue_as_a_functions_dead_letter_queue(bench, functions) -> None:
    this = run(bench, "test_sqs_queue_as_lambda_dead_letter_queue")
    dead, arn = bench.queue("dead")
    bench.function("raising", "fail('Test exception (this is intentional)')")
    made = functions.update_function_configuration(
        FunctionName="raising", DeadLetterConfig={"TargetArn": arn}
    )
    this.record.check("lambda-response-dlq-config", made["DeadLetterConfig"])
    functions.put_function_event_invoke_config(FunctionName="raising", MaximumRetryAttempts=0)
    payload = json.dumps({"Records": [], "raise_error": 1})
    functions.invoke(FunctionName="raising", Payload=payload, InvocationType="Event")
    answer: dict[str, Any] = {}
    while "Messages" not in answer:
        answer = bench.sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"], WaitTimeSeconds=5)
    [message] = answer["Messages"]
    body = json.loads(message["Body"])
    assert body.pop("Records") == []
    message["Body"] = json.dumps(body)
    this.record.check("messages", answer)


def test_items_that_are_reported_come_again(bench) -> None:
    this = run(bench, "test_report_batch_item_failures")
    answers = told(this)
    this.function(REPORTS_ITEMS, timeout=8, TOLD=answers)
    dead, redrive = dead_letters(this, "dead.fifo", 2)
    url = queue(this, "source.fifo", VisibilityTimeout="8", **redrive)
    bodies = [{"message": at, "fail_attempts": fails} for at, fails in enumerate((0, 1, 1, 2), 1)]
    entries = [
        {
            "Id": f"message-{at}",
            "MessageBody": json.dumps(body),
            "MessageGroupId": "1",
            "MessageDeduplicationId": f"dedup-{at}",
        }
        for at, body in enumerate(bodies, 1)
    ]
    this.record.replay("send_message_batch", bench.sqs.send_message_batch, QueueUrl=url, Entries=entries)
    this.mapping("create_event_source_mapping", BatchSize=10, MaximumBatchingWindowInSeconds=0, **REPORTS)
    this.record.check("first_invocation", take(this, answers))
    assert "Messages" not in bench.sqs.receive_message(QueueUrl=dead)
    this.record.check("second_invocation", take(this, answers, seconds=8))
    this.record.check("dlq_response", this.received(dead, seconds=8))


def test_a_batch_whose_function_raises_comes_again_as_a_whole(bench) -> None:
    this = run(bench, "test_report_batch_item_failures_on_lambda_error")
    this.function(FAILS_AT_FIRST, timeout=2)
    dead, redrive = dead_letters(this, "dead", 2)
    url = queue(this, "source", VisibilityTimeout="2", **redrive)
    for body in ("{not a json body", json.dumps({"message": 2, "fail_attempts": 0})):
        send(this, url, body)
    bench.mapping(this.source, **REPORTS)
    messages: list[Any] = []
    while len(messages) < 2:
        messages += this.received(dead, seconds=2)["Messages"]
    this.record.check("dlq_messages", sorted(messages, key=lambda each: each["MD5OfBody"]))


def test_an_answer_that_is_none_fails_the_batch(bench) -> None:
    this = run(bench, "test_report_batch_item_failures_invalid_result_json_batch_fails")
    answers = told(this)
    result = '{"batchItemFailures": [{"foo":"notvalid"}]}'
    this.function(REPORTS_ITEMS, timeout=4, TOLD=answers, RESULT=result)
    dead, redrive = dead_letters(this, "dead", 2)
    url = queue(this, "source", VisibilityTimeout="4", **redrive)
    bench.mapping(this.source, BatchSize=10, MaximumBatchingWindowInSeconds=0, **REPORTS)
    send(this, url, {"message": 1, "fail_attempts": 0})
    this.record.check("first_invocation", take(this, answers))
    this.record.check("second_invocation", take(this, answers, seconds=4))
    this.record.check("dlq_response", this.received(dead, seconds=4))


def test_an_empty_answer_is_a_success(bench) -> None:
    this = run(bench, "test_report_batch_item_failures_empty_json_batch_succeeds")
    answers = told(this)
    this.function(REPORTS_ITEMS, timeout=4, TOLD=answers, RESULT="{}")
    dead, redrive = dead_letters(this, "dead", 1)
    url = queue(this, "source", VisibilityTimeout="4", **redrive)
    bench.mapping(this.source, BatchSize=10, MaximumBatchingWindowInSeconds=0, **REPORTS)
    send(this, url, {"message": 1, "fail_attempts": 0})
    this.record.check("first_invocation", take(this, answers))
    bench.until_hidden(url, 0)
    assert "Messages" not in bench.sqs.receive_message(QueueUrl=dead)


def test_a_group_is_handled_by_one_at_a_time(bench) -> None:
    this = run(bench, "test_fifo_message_group_parallelism")
    bench.function(Timeout=10)
    url = queue(this, "source.fifo", ContentBasedDeduplication="true", VisibilityTimeout="60")
    uuid = this.mapping("create_esm_disabled", Enabled=False, BatchSize=1)
    for number in range(5):
        send(this, url, f"message-{number}", MessageGroupId="fixed")
    this.record.replay(
        "update_esm_enabling", bench.functions.update_event_source_mapping, UUID=uuid, Enabled=True
    )
    bench.settled(uuid)
    this.record.replay("get_esm_enabled", bench.functions.get_event_source_mapping, UUID=uuid)


def test_the_size_of_a_batch_unless_it_is_said(bench, functions) -> None:
    this = run(bench, OF_CLASS + "test_event_source_mapping_default_batch_size")
    bench.function()
    queue(this, "first")
    uuid = this.mapping("create-event-source-mapping")
    request = {"UUID": uuid, "FunctionName": "reader", "BatchSize": 11}
    this.record.replay(
        "invalid-update-event-source-mapping", functions.update_event_source_mapping, **request
    )
    queue(this, "second")
    this.refused("invalid-create-event-source-mapping", BatchSize=11)


def test_a_mapping_of_a_queue(bench) -> None:
    this = run(bench, OF_CLASS + "test_sqs_event_source_mapping")
    heard = bench.function()
    url = queue(this, "source")
    this.mapping("create-event-source-mapping-response", MaximumBatchingWindowInSeconds=1)
    send(this, url, {"foo": "bar"})
    this.record.check("events", events(heard, 1))


@pytest.mark.parametrize("size", [15, 100, 1000, 10000])
def test_batches_of_more_than_ten(bench, size: int) -> None:
    this = run(bench, OF_CLASS + f"test_sqs_event_source_mapping_batch_size[{size}]")
    heard = bench.function()
    url = queue(this, "source")
    this.mapping("create-event-source-mapping-response", MaximumBatchingWindowInSeconds=10, BatchSize=size)
    for batch, count in enumerate((10, 5)):
        entries = [
            {"Id": f"{at}-{batch}", "MessageBody": f"{at}-{batch}-message-{at}"} for at in range(count)
        ]
        this.record.replay(
            f"send-message-batch-result-{count}", bench.sqs.send_message_batch, QueueUrl=url, Entries=entries
        )
    this.record.check("Records", received_in_time(heard, 15))


def received_in_time(heard: Any, count: int) -> list[Any]:
    """So many messages, by what they say."""
    found: list[Any] = []
    while len(found) < count:
        found += heard.next_in_time(5)["Records"]
    return sorted(found, key=lambda each: each["body"])


def test_batches_with_little_concurrency(bench, functions) -> None:
    this = run(bench, OF_CLASS + "test_sqs_event_source_mapping_batching_reserved_concurrency")
    heard = bench.function()
    this.record.replay(
        "put_concurrency_resp",
        functions.put_function_concurrency,
        FunctionName="reader",
        ReservedConcurrentExecutions=2,
    )
    url = queue(this, "source")
    for batch in range(3):
        entries = [{"Id": f"{at}-{batch}", "MessageBody": f"{at}-{batch}-message"} for at in range(10)]
        bench.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    this.mapping(
        "create-event-source-mapping-response",
        MaximumBatchingWindowInSeconds=1,
        BatchSize=20,
        ScalingConfig={"MaximumConcurrency": 2},
    )
    this.record.check("Records", received_in_time(heard, 30))
    this.record.check("batch_info", {"total_batches_received": len(heard.heard)})


@pytest.mark.parametrize(
    ("name", "unwanted"),
    [
        *((f"filter{at}-item_matching{at}-item_not_matching{at}", {"test2": "no"}) for at in (0, 1, 2, 7)),
        ("filter3-item_matching3-item_not_matching3", {"test3": "7411"}),
        ("filter4-item_matching4-this is a test string", "this is a test string"),
        ("filter5-item_matching5-item_not_matching5", {"test2": 100}),
        ("filter6-item_matching6-item_not_matching6", {"test2": 200}),
        ("single-filter", {"testItem": "tesWER"}),
        ("or-filter", {"testItem": "WERTG"}),
        ("and-filter", {"testItem": "test67", "test2": "go"}),
        ("exists-filter", {"test3": "7411"}),
        ("numeric-bigger", {"my-number": 100}),
        ("numeric-smaller", {"my-number": 100}),
        ("numeric-range", {"my-number": 200}),
        ("numeric-prefix", {"test2": "us-2-48454"}),
        ("single", {"my-key": "other-value"}),
        ("or", {"my-key": "other-value"}),
        ("and", {"my-key-one": "other-value-", "my-key-two": "my-value-two"}),
        ("exists", {"other-key": "any-value-two"}),
        ("prefix", {"my-key": "no-value"}),
        ("valid-json-filter", "plain-string"),
    ],
)
def test_filters_of_messages(bench, name: str, unwanted: Any) -> None:
    this = run(bench, OF_CLASS + f"test_sqs_event_filter[{name}]")
    heard = bench.function()
    url = queue(this, "source")
    [recorded] = this.record.content["invocation_events"][0]["Records"]
    for document in (recorded["body"], unwanted):
        send(this, url, document)
    filters = this.record.content["create_event_source_mapping_response"]["FilterCriteria"]["Filters"]
    criteria = {"Filters": [{"Pattern": json.dumps(each["Pattern"])} for each in filters]}
    this.mapping(
        "create_event_source_mapping_response", MaximumBatchingWindowInSeconds=1, FilterCriteria=criteria
    )
    this.record.check("invocation_events", events(heard, 1))
    bench.until_hidden(url, 0)
    assert "Messages" not in bench.sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("None", "null"),
        ("simple string", "simple string"),
        ("invalid_filter2", '{"eventSource": "aws:sqs"}'),
        ("invalid_filter3", '{"eventSource": []}'),
    ],
)
def test_filters_that_are_none(bench, name: str, pattern: str) -> None:
    this = run(bench, OF_CLASS + f"test_sqs_invalid_event_filter[{name}]")
    bench.function()
    queue(this, "source")
    criteria = {"Filters": [{"Pattern": pattern}]}
    this.refused(
        "create_event_source_mapping_exception", MaximumBatchingWindowInSeconds=1, FilterCriteria=criteria
    )


SAYS_ITS_VERSION = """
import json, os, boto3
sqs = boto3.client("sqs")

def handler(event, context):
    variable = os.environ["CUSTOM_VAR"]
    told = {"function_version": context.function_version, "CUSTOM_VAR": variable, "event": event}
    sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=json.dumps(told))
"""


def test_a_mapping_goes_over_to_another_version(bench, functions) -> None:
    this = run(bench, OF_CLASS + "test_sqs_event_source_mapping_update")
    answers, _ = bench.queue("told")
    this.function(SAYS_ITS_VERSION, timeout=20, TOLD=answers, CUSTOM_VAR="a")
    first = functions.publish_version(FunctionName="reader")["FunctionArn"]
    url = queue(this, "source")
    this.record.bind("resource:2", "reader:1")
    uuid = this.mapping("create-event-source-mapping-response", first, MaximumBatchingWindowInSeconds=1)
    send(this, url, {"foo": "bar"})
    said = [json.loads(take(this, answers, seconds=1)["Messages"][0]["Body"])]
    this.record.check("events", said)
    environment = {"Variables": {"TOLD": answers, "CUSTOM_VAR": "b"}}
    functions.update_function_configuration(FunctionName="reader", Environment=environment)
    functions.get_waiter("function_updated_v2").wait(FunctionName="reader")
    second = functions.publish_version(FunctionName="reader")["FunctionArn"]
    this.record.bind("resource:3", "reader:2")
    this.record.replay("updated_esm", functions.update_event_source_mapping, UUID=uuid, FunctionName=second)
    bench.settled(uuid)
    this.record.replay("updated_event_source_mapping", functions.get_event_source_mapping, UUID=uuid)
    send(this, url, {"foo": "bar2"})
    said.append(json.loads(take(this, answers, seconds=1)["Messages"][0]["Body"]))
    this.record.check("events_postupdate", said)


def test_a_second_mapping_of_the_same(bench) -> None:
    this = run(bench, OF_CLASS + "test_duplicate_event_source_mappings")
    bench.function()
    bench.function("other")
    queue(this, "source")
    this.mapping("create")
    this.refused("error")
    bench.mapping(this.source, "other")


def test_a_queue_that_is_not_there(bench, account) -> None:
    this = run(bench, "test_esm_with_not_existing_sqs_queue")
    bench.function()
    this.source = f"arn:aws:sqs:us-east-1:{account}:nobody"
    this.refused("error")
