"""FIFO queues: order in groups, one consumer a group, deduplication."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from refusals import refusal
from running_server import RunningServer

Bodies = Callable[..., list[str]]
MakeQueue = Callable[..., str]


def send(sqs: Any, url: str, group: str, *texts: str) -> None:
    for text in texts:
        sqs.send_message(
            QueueUrl=url, MessageBody=text, MessageGroupId=group, MessageDeduplicationId=f"{group}-{text}"
        )


def test_a_group_in_flight_gives_out_nothing_more(sqs: Any, queue: MakeQueue, bodies: Bodies) -> None:
    url = queue("a.fifo")
    send(sqs, url, "one", "1", "2", "3")
    send(sqs, url, "two", "4")
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert first["Body"] == "1"
    assert bodies(url) == ["4"]
    assert bodies(url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(url) == ["2", "3"]
    assert bodies(url) == []


def test_a_message_that_was_not_handled_comes_again_before_its_followers(
    sqs: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    url = queue("a.fifo")
    send(sqs, url, "one", "1", "2", "3")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received[1]["ReceiptHandle"])
    assert bodies(url) == []
    server.advance(30)
    assert bodies(url) == ["1", "3"]


def test_a_group_is_free_again_when_its_message_is_given_back(
    sqs: Any, queue: MakeQueue, bodies: Bodies
) -> None:
    url = queue("a.fifo")
    send(sqs, url, "one", "1", "2")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert bodies(url) == ["1", "2"]


def test_what_was_sent_in_the_last_five_minutes_is_not_sent_again(
    sqs: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    url = queue("a.fifo", ContentBasedDeduplication="true", VisibilityTimeout="0")
    first = sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="one")
    server.advance(299)
    again = sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="two")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    assert bodies(url) == ["x"]
    server.advance(1)
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="two")
    assert bodies(url) == ["x", "x"]


def test_deduplication_may_be_each_groups_own(sqs: Any, queue: MakeQueue, bodies: Bodies) -> None:
    url = queue(
        "a.fifo",
        ContentBasedDeduplication="true",
        DeduplicationScope="messageGroup",
        FifoThroughputLimit="perMessageGroupId",
    )
    for group in ("one", "two", "one"):
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId=group)
    assert bodies(url) == ["x", "x"]


def test_a_message_tells_its_group_and_number(sqs: Any, queue: MakeQueue) -> None:
    url = queue("a.fifo")
    numbers = [
        sqs.send_message(
            QueueUrl=url, MessageBody="x", MessageGroupId="g", MessageDeduplicationId=str(number)
        )["SequenceNumber"]
        for number in range(3)
    ]
    assert numbers == sorted(set(numbers))
    assert {len(number) for number in numbers} == {20}
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    told = message["Attributes"]
    assert (told["MessageGroupId"], told["MessageDeduplicationId"]) == ("g", "0")
    assert told["SequenceNumber"] == numbers[0]


def test_a_fifo_message_needs_a_group_and_an_id(sqs: Any, queue: MakeQueue) -> None:
    url = queue("a.fifo")
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="1") == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g") == (
        "InvalidParameterValue",
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
        "explicitly",
    )
    code, message = refusal(
        sqs.send_message,
        QueueUrl=url,
        MessageBody="x",
        MessageGroupId="g",
        MessageDeduplicationId="1",
        DelaySeconds=2,
    )
    assert code == "InvalidParameterValue"
    assert message == (
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not "
        "valid for this queue type."
    )


def test_an_expired_handle_is_refused(sqs: Any, queue: MakeQueue, server: RunningServer) -> None:
    url = queue("a.fifo")
    send(sqs, url, "g", "1")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    server.advance(31)
    assert refusal(sqs.delete_message, QueueUrl=url, ReceiptHandle=handle) == (
        "InvalidParameterValue",
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
    )


def test_the_delay_of_a_fifo_queue_counts_for_messages_that_were_sent_before(
    sqs: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    url = queue("a.fifo", DelaySeconds="20")
    send(sqs, url, "g", "1", "2")
    server.advance(5)
    assert bodies(url) == []
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "6"})
    assert bodies(url) == []
    server.advance(1)
    assert bodies(url) == ["1", "2"]


def test_an_attempt_that_is_repeated_gets_the_same_messages(
    sqs: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    url = queue("a.fifo")
    send(sqs, url, "g", "1", "2", "3")
    request = {"QueueUrl": url, "MaxNumberOfMessages": 2, "ReceiveRequestAttemptId": "once"}
    first = sqs.receive_message(**request)["Messages"]
    server.advance(20)
    again = sqs.receive_message(**request)["Messages"]
    assert [message["ReceiptHandle"] for message in again] == [m["ReceiptHandle"] for m in first]
    server.advance(20)
    assert bodies(url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(**request)
    server.advance(10)
    assert bodies(url) == ["2", "3"]


def test_a_batch_to_a_fifo_queue_keeps_its_order(sqs: Any, queue: MakeQueue, bodies: Bodies) -> None:
    url = queue("a.fifo", ContentBasedDeduplication="true")
    entries = [{"Id": text, "MessageBody": text, "MessageGroupId": "g"} for text in "123456789"]
    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]
    numbers = [entry["SequenceNumber"] for entry in sent]
    assert numbers == sorted(numbers)
    assert bodies(url) == list("123456789")


def test_a_batch_without_a_group_is_refused_as_a_whole(sqs: Any, queue: MakeQueue, bodies: Bodies) -> None:
    url = queue("a.fifo", ContentBasedDeduplication="true")
    entries = [{"Id": "1", "MessageBody": "x", "MessageGroupId": "g"}, {"Id": "2", "MessageBody": "y"}]
    assert refusal(sqs.send_message_batch, QueueUrl=url, Entries=entries) == (
        "InvalidParameterValue",
        "The request must contain the parameter MessageGroupId.",
    )
    assert bodies(url) == []


def test_groups_come_in_the_order_of_their_first_messages(sqs: Any, queue: MakeQueue, bodies: Bodies) -> None:
    url = queue("a.fifo")
    for group, text in (("1", "a"), ("2", "b"), ("1", "c"), ("2", "d"), ("1", "e"), ("1", "f"), ("3", "g")):
        send(sqs, url, group, text)
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    assert [message["Body"] for message in received] == ["a", "c"]
    for message in received:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert bodies(url) == ["b", "d", "e", "f", "g"]
