"""What CloudWatch knows of queues."""

from __future__ import annotations

import pytest

from metric_readings import Readings


@pytest.fixture
def readings(client, server) -> Readings:
    return Readings(client("cloudwatch"), server, "AWS/SQS")


def test_what_clients_do_is_counted(sqs, queue, readings) -> None:
    url = queue("work")
    sqs.send_message(QueueUrl=url, MessageBody="12345")
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": "1"} for number in range(3)]
    )
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
    entries = [{"Id": str(at), "ReceiptHandle": each["ReceiptHandle"]} for at, each in enumerate(found[1:3])]
    sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    told = {
        name: readings.statistic(name, QueueName="work")
        for name in (
            "NumberOfMessagesSent",
            "NumberOfMessagesReceived",
            "NumberOfEmptyReceives",
            "NumberOfMessagesDeleted",
            "SentMessageSize",
        )
    }
    assert told == {
        "NumberOfMessagesSent": 4.0,
        "NumberOfMessagesReceived": 4.0,
        "NumberOfEmptyReceives": 1.0,
        "NumberOfMessagesDeleted": 3.0,
        "SentMessageSize": 8.0,
    }
    assert readings.statistic("SentMessageSize", "SampleCount", QueueName="work") == 4.0
    assert readings.statistic("SentMessageSize", "Maximum", QueueName="work") == 5.0


def test_what_a_queue_holds_is_told_every_minute(sqs, queue, readings, server) -> None:
    url = queue("held", VisibilityTimeout="3600")
    for text in "abc":
        sqs.send_message(QueueUrl=url, MessageBody=text)
    sqs.send_message(QueueUrl=url, MessageBody="d", DelaySeconds=900)
    sqs.receive_message(QueueUrl=url)
    names = ("Visible", "NotVisible", "Delayed")
    told: dict[str, float | None] = {}
    while set(told.values()) != {2.0, 1.0}:
        server.advance(60)
        told = {
            name: readings.statistic(f"ApproximateNumberOfMessages{name}", "Maximum", QueueName="held")
            for name in names
        }
    assert told == {"Visible": 2.0, "NotVisible": 1.0, "Delayed": 1.0}
    age = readings.statistic("ApproximateAgeOfOldestMessage", "Maximum", QueueName="held")
    assert age is not None and age > 50


def test_a_queue_that_nobody_uses_is_told_of_no_more(sqs, queue, readings, server) -> None:
    queue("unused")
    server.advance(120)
    assert readings.names() == set()
