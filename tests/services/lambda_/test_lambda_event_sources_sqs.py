"""Queues that functions read: batches, filters, failures, order."""

from __future__ import annotations

import json

import pytest

from cloudlet.services.lambda_.event_sources import results


def test_a_message_reaches_the_function_in_the_form_of_aws_and_is_deleted(bench, account) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders")
    bench.mapping(arn)
    sent = bench.sqs.send_message(
        QueueUrl=url,
        MessageBody='{"a": 1}',
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "x"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    [record] = heard.next()["Records"]
    attributes = record.pop("attributes")
    assert attributes.keys() == {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    assert record.pop("receiptHandle")
    assert record == {
        "messageId": sent["MessageId"],
        "body": '{"a": 1}',
        "messageAttributes": {
            "kind": {
                "stringValue": "x",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "raw": {
                "binaryValue": "AAE=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "md5OfBody": sent["MD5OfMessageBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
    }


def test_a_batching_window_fills_a_batch_of_more_than_ten(bench, server) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders", VisibilityTimeout="300")
    bench.mapping(arn, BatchSize=25, MaximumBatchingWindowInSeconds=60)
    for start in (0, 10, 20):
        entries = [{"Id": str(each), "MessageBody": str(start + each)} for each in range(10)]
        bench.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    records = heard.next()["Records"]
    assert len(records) == 25
    assert records[0]["md5OfMessageAttributes"] is None
    assert len(heard.next_in_time(60)["Records"]) == 5


def test_what_no_filter_lets_pass_is_deleted(bench, server) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders", VisibilityTimeout="30")
    pattern = json.dumps({"body": {"kind": ["good", {"prefix": "b-"}]}})
    bench.mapping(arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    for body in ('{"kind": "bad"}', "plain", '{"kind": "b-1"}', '{"other": 1}', '{"kind": "good"}'):
        bench.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert sorted(each["body"] for each in heard.until(2)) == ['{"kind": "b-1"}', '{"kind": "good"}']
    bench.until_hidden(url, 0)
    server.advance(31)
    assert heard.is_silent()


def test_a_plain_text_filter_sees_plain_text_only(bench) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders")
    bench.mapping(arn, FilterCriteria={"Filters": [{"Pattern": '{"body": ["yes"]}'}]})
    for body in ("no", '{"body": "yes"}', "yes"):
        bench.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert [each["body"] for each in heard.until(1)] == ["yes"]


def test_a_failed_batch_comes_again_after_the_visibility_timeout_and_ends_among_the_dead(
    bench, server
) -> None:
    heard = bench.function(answer="fail()")
    dead_url, dead_arn = bench.queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = bench.queue("orders", VisibilityTimeout="30", RedrivePolicy=redrive)
    bench.mapping(arn)
    bench.sqs.send_message(QueueUrl=url, MessageBody="bad")
    [first], [second] = heard.next()["Records"], heard.next_in_time(31)["Records"]
    assert first["attributes"]["ApproximateReceiveCount"] == "1"
    assert second["attributes"]["ApproximateReceiveCount"] == "2"
    server.advance(31)
    dead = bench.sqs.receive_message(QueueUrl=dead_url, WaitTimeSeconds=15)
    assert [each["Body"] for each in dead["Messages"]] == ["bad"]


def test_only_the_items_that_the_function_names_come_again(bench, server) -> None:
    failed = "[{'itemIdentifier': each['messageId']} for each in event['Records'] if each['body'] == 'b']"
    heard = bench.function(answer=f"{{'batchItemFailures': {failed}}}")
    url, arn = bench.queue("orders", VisibilityTimeout="30")
    uuid = bench.mapping(arn, FunctionResponseTypes=["ReportBatchItemFailures"], Enabled=False)
    entries = [{"Id": each, "MessageBody": each} for each in "abc"]
    bench.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    bench.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert sorted(each["body"] for each in heard.until(3)) == ["a", "b", "c"]
    bench.until_hidden(url, 1)
    assert [each["body"] for each in heard.next_in_time(31)["Records"]] == ["b"]


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        ("{}", False),
        ("None", False),
        ("{'batchItemFailures': []}", False),
        ("{'batchItemFailures': None}", False),
        ("{'batchItemFailures': [{'foo': 'notvalid'}]}", True),
        ("{'batchItemFailures': [{'itemIdentifier': ''}]}", True),
        ("{'batchItemFailures': [{'itemIdentifier': 'unknown'}]}", True),
    ],
)
def test_an_answer_about_items_is_read_as_aws_reads_it(answer: str, again: bool) -> None:
    payload = json.dumps(eval(answer)).encode()
    if again:
        with pytest.raises(results.WholeBatchFailed):
            results.failed_items(payload, {"a"})
    else:
        assert results.failed_items(payload, {"a"}) == frozenset()


def test_a_fifo_group_is_handled_in_order_while_others_go_on(bench) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders.fifo", ContentBasedDeduplication="true")
    bench.mapping(arn, BatchSize=1)
    for number in range(4):
        for group in "ab":
            bench.sqs.send_message(QueueUrl=url, MessageBody=f"{group}{number}", MessageGroupId=group)
    bodies = [each["body"] for each in heard.until(8)]
    for group in "ab":
        assert [each for each in bodies if each.startswith(group)] == [f"{group}{n}" for n in range(4)]


def test_a_disabled_mapping_reads_nothing_until_it_is_enabled(bench) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders")
    uuid = bench.mapping(arn)
    assert bench.functions.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    assert bench.settled(uuid)["State"] == "Disabled"
    bench.sqs.send_message(QueueUrl=url, MessageBody="later")
    assert (
        bench.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
            "ApproximateNumberOfMessages"
        ]
        == "1"
    )
    assert bench.functions.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Enabling"
    assert [each["body"] for each in heard.until(1)] == ["later"]


def test_a_mapping_may_lead_to_another_function_from_one_moment_to_the_next(bench) -> None:
    first, second = bench.function("first"), bench.function("second")
    url, arn = bench.queue("orders")
    uuid = bench.mapping(arn, "first")
    bench.sqs.send_message(QueueUrl=url, MessageBody="1")
    first.next()
    bench.functions.update_event_source_mapping(UUID=uuid, FunctionName="second")
    bench.settled(uuid)
    bench.sqs.send_message(QueueUrl=url, MessageBody="2")
    assert second.next()["Records"][0]["body"] == "2"


def test_a_removed_mapping_reads_no_more(bench) -> None:
    bench.function()
    url, arn = bench.queue("orders")
    bench.removed(bench.mapping(arn))
    bench.sqs.send_message(QueueUrl=url, MessageBody="nobody")
    answer = bench.sqs.receive_message(QueueUrl=url)
    assert [each["Body"] for each in answer["Messages"]] == ["nobody"]


def test_a_throttled_batch_is_tried_again_while_its_messages_are_hidden(bench, server) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders", VisibilityTimeout="600")
    bench.functions.put_function_concurrency(FunctionName="reader", ReservedConcurrentExecutions=0)
    bench.mapping(arn)
    bench.sqs.send_message(QueueUrl=url, MessageBody="waits")
    bench.until_hidden(url, 1)
    bench.functions.put_function_concurrency(FunctionName="reader", ReservedConcurrentExecutions=1)
    [record] = heard.next_in_time(5)["Records"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_a_reader_that_has_gone_to_sleep_is_woken_by_late_and_by_delayed_messages(bench, server) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders")
    bench.mapping(arn)
    server.advance(21)  # the first poll was in vain
    bench.sqs.send_message(QueueUrl=url, MessageBody="late")
    assert [each["body"] for each in heard.until(1)] == ["late"]
    bench.until_hidden(url, 0)
    server.advance(21)
    bench.sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=60)
    assert [each["body"] for each in heard.next_in_time(61)["Records"]] == ["delayed"]
