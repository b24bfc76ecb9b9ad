"""FIFO topics: groups in order, deduplication, numbers, and what is refused."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from refusals import refusal


def _publish(sns: Any, arn: str, text: str, group: str = "g", **more: str) -> dict[str, Any]:
    return dict(sns.publish(TopicArn=arn, Message=text, MessageGroupId=group, **more))


def test_a_fifo_queue_gets_groups_numbers_and_no_signature(
    sns: Any, topic: Any, subscribed: Any, queues: Any
) -> None:
    arn = topic("orders.fifo", ContentBasedDeduplication="true")
    inbox = subscribed(arn, "inbox.fifo")
    published = _publish(sns, arn, "Test")
    message = queues.next_message(inbox)
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"Test").hexdigest()
    body = json.loads(message["Body"])
    assert list(body) == [
        "Type",
        "MessageId",
        "SequenceNumber",
        "TopicArn",
        "Message",
        "Timestamp",
        "UnsubscribeURL",
    ]
    assert body["SequenceNumber"] == published["SequenceNumber"]
    assert len(published["SequenceNumber"]) == 20


def test_messages_of_a_group_arrive_in_order(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn = topic("orders.fifo", ContentBasedDeduplication="true")
    inbox = subscribed(arn, "inbox.fifo", RawMessageDelivery="true")
    texts = [f"m{number}" for number in range(20)]
    numbers = [_publish(sns, arn, text)["SequenceNumber"] for text in texts]
    assert numbers == sorted(numbers)
    assert [queues.next_message(inbox)["Body"] for _ in texts] == texts


def test_what_was_published_within_five_minutes_is_not_published_again(
    sns: Any, topic: Any, subscribed: Any, queues: Any, server: Any
) -> None:
    arn = topic("orders.fifo")
    inbox = subscribed(arn, "inbox.fifo", RawMessageDelivery="true")
    first = _publish(sns, arn, "once", MessageDeduplicationId="d")
    again = _publish(sns, arn, "twice", MessageDeduplicationId="d")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    server.advance(301)
    _publish(sns, arn, "later", MessageDeduplicationId="d")
    assert [queues.next_message(inbox)["Body"] for _ in range(2)] == ["once", "later"]


def test_a_group_may_deduplicate_alone(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn = topic("orders.fifo", FifoThroughputScope="MessageGroup")
    subscribed(arn, "inbox.fifo")
    first = _publish(sns, arn, "a", "g1", MessageDeduplicationId="d")
    other = _publish(sns, arn, "a", "g2", MessageDeduplicationId="d")
    assert first["MessageId"] != other["MessageId"]


def test_a_standard_queue_gets_neither_group_nor_deduplication_id(
    sns: Any, topic: Any, subscribed: Any, queues: Any
) -> None:
    arn = topic("orders.fifo", ContentBasedDeduplication="true")
    inbox = subscribed(arn, "inbox")
    _publish(sns, arn, "Test")
    assert not {"MessageGroupId", "MessageDeduplicationId"} & queues.next_message(inbox)["Attributes"].keys()


def test_dead_letters_keep_their_group(sns: Any, topic: Any, queues: Any, account: str) -> None:
    arn, dead = topic("orders.fifo"), queues.make("dead.fifo")
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{account}:missing.fifo",
        Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": queues.arn(dead)}),
            "RawMessageDelivery": "true",
        },
    )
    for number in range(3):
        _publish(sns, arn, f"m{number}", MessageDeduplicationId=str(number))
    found = [queues.next_message(dead) for _ in range(3)]
    assert [each["Body"] for each in found] == ["m0", "m1", "m2"]
    assert [each["Attributes"]["MessageDeduplicationId"] for each in found] == ["0", "1", "2"]


def test_order_asks_for_a_group_and_an_id(sns: Any, topic: Any) -> None:
    fifo, standard = topic("orders.fifo"), topic("news")
    assert refusal(sns.publish, TopicArn=fifo, Message="m", MessageDeduplicationId="d") == (
        "InvalidParameter",
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
    )
    assert refusal(sns.publish, TopicArn=fifo, Message="m", MessageGroupId="g") == (
        "InvalidParameter",
        "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or "
        "MessageDeduplicationId provided explicitly",
    )
    assert refusal(sns.publish, TopicArn=standard, Message="m", MessageDeduplicationId="d") == (
        "InvalidParameter",
        "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId "
        "parameter that is not valid for this topic type",
    )


def test_a_batch_is_numbered_in_its_order(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn = topic("orders.fifo", ContentBasedDeduplication="true")
    inbox = subscribed(arn, "inbox.fifo", RawMessageDelivery="true")
    entries = [{"Id": str(number), "Message": f"m{number}", "MessageGroupId": "g"} for number in range(5)]
    answer = sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)
    numbers = [each["SequenceNumber"] for each in answer["Successful"]]
    assert numbers == sorted(numbers)
    assert [queues.next_message(inbox)["Body"] for _ in entries] == [f"m{number}" for number in range(5)]
