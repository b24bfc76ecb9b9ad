"""Fair queues: the groups of a standard queue are tenants, who must not crowd each other out."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def send(sqs: Any):
    """Sends messages of a group: send(url, "group", "body", "body")."""

    def send(url: str, group: str | None, *texts: str, **more: Any) -> None:
        grouped = {} if group is None else {"MessageGroupId": group}
        for at in range(0, len(texts), 10):
            entries = [
                {"Id": str(number), "MessageBody": text, **grouped, **more}
                for number, text in enumerate(texts[at : at + 10])
            ]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)

    return send


@pytest.fixture
def receive(sqs: Any):
    """Receives up to some number of messages, ten at a time."""

    def receive(url: str, count: int, **request: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while len(found) < count:
            limit = min(10, count - len(found))
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=limit, **request)
            if not answer.get("Messages"):
                break
            found += answer["Messages"]
        return found

    return receive


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [each["Body"] for each in messages]


def of(group: str, count: int) -> list[str]:
    return [f"{group}{number}" for number in range(count)]


def delete(sqs: Any, url: str, messages: list[dict[str, Any]]) -> None:
    for each in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])


def test_a_quiet_tenant_is_served_before_the_backlog_of_one_with_many_in_flight(
    sqs, queue, send, receive
) -> None:
    url = queue()
    send(url, "noisy", *of("n", 60))
    assert len(receive(url, 30)) == 30
    send(url, "quiet", "q0", "q1")
    send(url, None, "alone")
    assert sorted(texts(receive(url, 3))) == ["alone", "q0", "q1"]
    assert set(texts(receive(url, 30))) == {f"n{number}" for number in range(30, 60)}
    assert receive(url, 1) == []


def test_of_noisy_tenants_the_one_with_the_fewest_in_flight_is_served_first(
    sqs, queue, send, receive
) -> None:
    url = queue()
    send(url, "more", *of("m", 50))
    assert len(receive(url, 40)) == 40
    send(url, "less", *of("l", 40))
    assert set(texts(receive(url, 30))) == set(of("l", 30))
    assert [text[0] for text in texts(receive(url, 10))] == ["l"] * 10


def test_few_messages_in_flight_make_nobody_noisy(sqs, queue, send, receive) -> None:
    url = queue()
    send(url, "first", *of("f", 40))
    assert len(receive(url, 29)) == 29
    send(url, "second", "s")
    assert "f29" in texts(receive(url, 2))


def test_a_tenant_whose_messages_take_long_is_noisy_with_few_of_them(
    sqs, queue, send, receive, server
) -> None:
    url = queue()
    send(url, "slow", *of("s", 4))
    first = receive(url, 1)
    server.advance(15)
    delete(sqs, url, first)
    send(url, "fast", "f0", "f1")
    assert texts(receive(url, 2)) == ["f0", "f1"]
    assert len(receive(url, 3)) == 3


def test_a_noisy_tenant_that_sends_nothing_for_five_minutes_is_quiet_again(
    sqs, queue, send, receive, server
) -> None:
    url = queue(VisibilityTimeout="3600")
    send(url, "noisy", *of("n", 35))
    taken = receive(url, 31)
    server.advance(301)
    send(url, "later", "l")
    delete(sqs, url, taken[:1])
    assert texts(receive(url, 1))[0].startswith("n")


def test_messages_of_a_tenant_come_back_and_are_counted(sqs, queue, send, receive, server) -> None:
    url = queue(VisibilityTimeout="10")
    send(url, "a", *of("a", 3))
    send(url, "b", "late", DelaySeconds=5)
    [message] = receive(url, 1)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=2)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert told == {names[0]: "2", names[1]: "1"}
    server.advance(6)
    found = receive(url, 10)
    assert sorted(texts(found)) == ["a0", "a1", "a2", "late"]
    delete(sqs, url, found)
    server.advance(11)
    assert receive(url, 10) == []
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names[:1])["Attributes"] == {names[0]: "0"}


def test_tenants_move_to_the_dead_letter_queue_and_back(sqs, queue, send, receive, server) -> None:
    dead = queue("dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = queue(
        VisibilityTimeout="1",
        RedrivePolicy=f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 1}}',
    )
    send(url, "a", "a0", "a1")
    receive(url, 2)
    server.advance(2)
    assert receive(url, 1) == []
    names = ["MessageGroupId"]
    found = receive(dead, 2, MessageSystemAttributeNames=names)
    assert [each["Attributes"] for each in found] == [{"MessageGroupId": "a"}] * 2


def test_a_purge_forgets_the_tenants(sqs, queue, send, receive) -> None:
    url = queue()
    send(url, "a", *of("a", 3))
    receive(url, 1)
    sqs.purge_queue(QueueUrl=url)
    send(url, "a", "new")
    assert texts(receive(url, 10)) == ["new"]
