"""Queues, their names, attributes and tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from refusals import refusal
from running_server import RunningServer

Bodies = Callable[..., list[str]]
MakeQueue = Callable[..., str]


def attributes(sqs: Any, url: str, *names: str) -> dict[str, str]:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ("All",)))
    told: dict[str, str] = answer.get("Attributes", {})
    return told


def test_a_queue_tells_its_attributes(sqs: Any, queue: MakeQueue, account: str) -> None:
    told = attributes(sqs, queue("q", VisibilityTimeout="20", MessageRetentionPeriod="604800"))
    assert told.pop("CreatedTimestamp") == told.pop("LastModifiedTimestamp")
    assert told == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "604800",
        "QueueArn": f"arn:aws:sqs:us-east-1:{account}:q",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "20",
    }


def test_a_fifo_queue_tells_what_it_does_about_duplicates(sqs: Any, queue: MakeQueue) -> None:
    told = attributes(sqs, queue("q.fifo", ContentBasedDeduplication="true"))
    assert {name: told[name] for name in ("FifoQueue", "DeduplicationScope", "FifoThroughputLimit")} == {
        "FifoQueue": "true",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    }
    assert told["ContentBasedDeduplication"] == "true"


def test_the_same_queue_again_is_no_error_and_another_one_is(sqs: Any, queue: MakeQueue) -> None:
    url = queue("q", DelaySeconds="1")
    assert queue("q", DelaySeconds="1") == queue("q") == url
    assert refusal(sqs.create_queue, QueueName="q", Attributes={"DelaySeconds": "2"}) == (
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute DelaySeconds",
    )


def test_a_name_rests_for_a_minute_after_its_queue_was_deleted(
    sqs: Any, queue: MakeQueue, server: RunningServer
) -> None:
    url = queue("q")
    sqs.delete_queue(QueueUrl=url)
    server.advance(59)
    code, message = refusal(sqs.create_queue, QueueName="q")
    assert code == "AWS.SimpleQueueService.QueueDeletedRecently"
    assert message == (
        "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    )
    server.advance(1)
    assert queue("q") == url


def test_a_deleted_queue_is_gone_with_its_messages(
    sqs: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    url = queue("q")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.delete_queue(QueueUrl=url)
    gone = ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
    for call in (sqs.delete_queue, sqs.receive_message, sqs.get_queue_attributes, sqs.purge_queue):
        assert refusal(call, QueueUrl=url) == gone
    assert refusal(sqs.get_queue_url, QueueName="q") == gone
    server.advance(60)
    assert bodies(queue("q")) == []


def test_a_purge_empties_a_queue_once_a_minute(
    sqs: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    url = queue("q")
    for delay in (0, 5):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    sqs.purge_queue(QueueUrl=url)
    server.advance(5)
    assert bodies(url) == []
    with pytest.raises(sqs.exceptions.PurgeQueueInProgress) as refused:
        sqs.purge_queue(QueueUrl=url)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert refused.value.response["Error"]["Message"] == (
        "Only one PurgeQueue operation on q is allowed every 60 seconds."
    )
    server.advance(55)
    sqs.purge_queue(QueueUrl=url)


@pytest.mark.parametrize(
    ("name", "given", "code", "message"),
    [
        (
            "invalid/name",
            {},
            "InvalidParameterValue",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ),
        ("q", {"FifoQueue": "false"}, "InvalidAttributeName", "Unknown Attribute FifoQueue."),
        (
            "q",
            {"ContentBasedDeduplication": "true"},
            "InvalidAttributeName",
            "Unknown Attribute ContentBasedDeduplication.",
        ),
        (
            "q",
            {"DelaySeconds": "901"},
            "InvalidAttributeValue",
            "Invalid value for the parameter DelaySeconds.",
        ),
        (
            "q",
            {"VisibilityTimeout": "x"},
            "InvalidAttributeValue",
            "Invalid value for the parameter VisibilityTimeout.",
        ),
        ("q", {"Nonsense": "1"}, "InvalidAttributeName", "Unknown Attribute Nonsense."),
        (
            "q",
            {"RedrivePolicy": '{"maxReceiveCount":"1000"}'},
            "InvalidParameterValue",
            'Value {"maxReceiveCount":"1000"} for parameter RedrivePolicy is invalid. Reason: Redrive policy '
            "does not contain mandatory attribute: deadLetterTargetArn.",
        ),
    ],
)  # fmt: skip
def test_refusals_of_new_queues(sqs: Any, name: str, given: dict[str, str], code: str, message: str) -> None:
    assert refusal(sqs.create_queue, QueueName=name, Attributes=given) == (code, message)


def test_only_one_kind_of_encryption(sqs: Any, queue: MakeQueue) -> None:
    url = queue("q", KmsMasterKeyId="testKeyId", KmsDataKeyReusePeriodSeconds="6000")
    names = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
    assert attributes(sqs, url, *names) == {
        "KmsMasterKeyId": "testKeyId",
        "KmsDataKeyReusePeriodSeconds": "6000",
        "SqsManagedSseEnabled": "false",
    }
    both = {"KmsMasterKeyId": "testKeyId", "SqsManagedSseEnabled": "true"}
    assert refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes=both) == (
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or "
        "SQS SSE.",
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    assert attributes(sqs, url, *names[::2]) == {"SqsManagedSseEnabled": "true"}


def test_the_kind_of_a_queue_does_not_change(sqs: Any, queue: MakeQueue) -> None:
    standard, fifo = queue("q"), queue("q.fifo")
    assert refusal(sqs.set_queue_attributes, QueueUrl=standard, Attributes={"FifoQueue": "true"}) == (
        "InvalidAttributeName",
        "Unknown Attribute FifoQueue.",
    )
    assert refusal(sqs.set_queue_attributes, QueueUrl=fifo, Attributes={"FifoQueue": "false"}) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    )
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoQueue": "true"})


def test_queues_are_listed_by_prefix_and_page(sqs: Any, queue: MakeQueue) -> None:
    urls = [queue(name) for name in ("a-1", "a-2", "a-3", "b")]
    assert sqs.list_queues()["QueueUrls"] == urls
    assert sqs.list_queues(QueueNamePrefix="a-")["QueueUrls"] == urls[:3]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="c")
    first = sqs.list_queues(QueueNamePrefix="a-", MaxResults=2)
    assert first["QueueUrls"] == urls[:2]
    second = sqs.list_queues(QueueNamePrefix="a-", MaxResults=2, NextToken=first["NextToken"])
    assert (second["QueueUrls"], "NextToken" in second) == (urls[2:3], False)


def test_tags_come_and_go(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="q", tags={"tag1": "value1"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"tag2": "value2", "tag3": ""})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"tag1": "value1", "tag2": "value2", "tag3": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["tag1", "tag3"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"tag2": "value2"}
    assert refusal(sqs.tag_queue, QueueUrl=url, Tags={"": "x"}) == (
        "InvalidParameterValue",
        "Tag keys must be between 1 and 128 characters in length.",
    )
