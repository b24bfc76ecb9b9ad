"""Dead-letter queues, and tasks that move messages back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from refusals import refusal
from running_server import RunningServer

Bodies = Callable[..., list[str]]
MakeQueue = Callable[..., str]


def arn(sqs: Any, url: str) -> str:
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return str(told["QueueArn"])


@pytest.fixture
def pair(sqs: Any, queue: MakeQueue) -> Callable[..., tuple[str, str]]:
    """Makes a queue and its dead-letter queue."""

    def make(suffix: str = "", receives: int = 1, **attributes: str) -> tuple[str, str]:
        dead = queue(f"dead{suffix}", **attributes)
        policy = {"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": receives}
        work = queue(f"work{suffix}", RedrivePolicy=json.dumps(policy), VisibilityTimeout="0", **attributes)
        return work, dead

    return make


def ended(sqs: Any, source: str) -> dict[str, Any]:
    """The last task of a queue, once it does not run any more."""
    while True:
        task: dict[str, Any] = sqs.list_message_move_tasks(SourceArn=source)["Results"][0]
        if task["Status"] != "RUNNING":
            return task
        threading.Event().wait(0.005)


def test_a_message_received_too_often_goes_to_the_dead_letter_queue(
    sqs: Any, pair: Any, bodies: Bodies
) -> None:
    work, dead = pair(receives=2)
    sqs.send_message(QueueUrl=work, MessageBody="poison")
    assert bodies(work) == bodies(work) == ["poison"]
    assert bodies(work) == []
    (message,) = sqs.receive_message(QueueUrl=dead, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Body"] == "poison"
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn(sqs, work)
    told = sqs.get_queue_attributes(QueueUrl=work, AttributeNames=["All"])["Attributes"]
    assert told["ApproximateNumberOfMessages"] == told["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_fifo_group_goes_on_after_a_dead_letter(sqs: Any, pair: Any, bodies: Bodies) -> None:
    work, dead = pair(".fifo", ContentBasedDeduplication="true")
    for text in "12":
        sqs.send_message(QueueUrl=work, MessageBody=text, MessageGroupId="g")
    assert bodies(work, 1) == ["1"]
    assert bodies(work) == ["2"]
    assert bodies(dead) == ["1"]


def test_dead_letters_of_a_queue_that_is_gone_stay(sqs: Any, pair: Any, bodies: Bodies) -> None:
    work, dead = pair()
    sqs.delete_queue(QueueUrl=dead)
    sqs.send_message(QueueUrl=work, MessageBody="poison")
    assert bodies(work) == bodies(work) == ["poison"]


def test_the_sources_of_a_dead_letter_queue_are_listed(sqs: Any, pair: Any, queue: MakeQueue) -> None:
    work, dead = pair()
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [work]
    sqs.set_queue_attributes(QueueUrl=work, Attributes={"RedrivePolicy": ""})
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == []


def test_a_redrive_allow_policy_says_who_may(
    sqs: Any, queue: MakeQueue, bodies: Bodies, account: str
) -> None:
    allowed = f"arn:aws:sqs:us-east-1:{account}:allowed"
    policy = {"redrivePermission": "byQueue", "sourceQueueArns": [allowed]}
    dead = queue("dead", RedriveAllowPolicy=json.dumps(policy))
    redrive = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 1})
    queue("allowed", RedrivePolicy=redrive)
    code, _ = refusal(sqs.create_queue, QueueName="other", Attributes={"RedrivePolicy": redrive})
    assert code == "InvalidParameterValue"


def test_an_invalid_dead_letter_arn_is_refused_before_it_is_looked_up(sqs: Any) -> None:
    policy = '{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}'
    assert refusal(sqs.create_queue, QueueName="a", Attributes={"RedrivePolicy": policy}) == (
        "InvalidParameterValue",
        f"Value {policy} for parameter RedrivePolicy is invalid. Reason: Invalid value for "
        "deadLetterTargetArn.",
    )


def fill(sqs: Any, bodies: Bodies, work: str, *texts: str) -> None:
    """Has messages become dead letters."""
    for text in texts:
        sqs.send_message(QueueUrl=work, MessageBody=text)
    bodies(work)
    assert bodies(work) == []


def test_a_task_moves_messages_to_a_queue(sqs: Any, pair: Any, queue: MakeQueue, bodies: Bodies) -> None:
    work, dead = pair()
    target = queue("target")
    fill(sqs, bodies, work, "1", "2")
    source, destination = arn(sqs, dead), arn(sqs, target)
    handle = sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)["TaskHandle"]
    assert handle
    task = ended(sqs, source)
    assert task.pop("StartedTimestamp") > 1.6e12
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": source,
        "DestinationArn": destination,
        "ApproximateNumberOfMessagesMoved": 2,
        "ApproximateNumberOfMessagesToMove": 2,
    }
    assert sorted(bodies(target)) == ["1", "2"]
    assert bodies(dead) == []


def test_a_task_moves_messages_back_to_where_they_came_from(sqs: Any, pair: Any, bodies: Bodies) -> None:
    work, dead = pair()
    fill(sqs, bodies, work, "1", "2")
    sqs.start_message_move_task(SourceArn=arn(sqs, dead))
    task = ended(sqs, arn(sqs, dead))
    assert (task["Status"], "DestinationArn" in task) == ("COMPLETED", False)
    assert sorted(bodies(work)) == ["1", "2"]


def test_a_task_keeps_its_rate_and_can_be_cancelled(
    sqs: Any, pair: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    work, dead = pair()
    target = queue("target")
    fill(sqs, bodies, work, "1", "2", "3", "4")
    source = arn(sqs, dead)
    request = {"SourceArn": source, "DestinationArn": arn(sqs, target), "MaxNumberOfMessagesPerSecond": 1}
    handle = sqs.start_message_move_task(**request)["TaskHandle"]
    assert bodies(target, WaitTimeSeconds=20) == ["1"]
    assert refusal(sqs.start_message_move_task, **request) == (
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given "
        "time.",
    )
    server.advance(1)
    assert bodies(target, WaitTimeSeconds=20) == ["2"]
    (task,) = sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert (task["Status"], task["TaskHandle"]) == ("RUNNING", handle)
    assert task["MaxNumberOfMessagesPerSecond"] == 1
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 2
    (task,) = sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert (task["Status"], "TaskHandle" in task) == ("CANCELLED", False)
    server.advance(5)
    assert len(bodies(dead)) == 2


def test_a_task_fails_when_its_destination_goes(
    sqs: Any, pair: Any, queue: MakeQueue, bodies: Bodies, server: RunningServer
) -> None:
    work, dead = pair()
    target = queue("target")
    fill(sqs, bodies, work, "1", "2")
    source = arn(sqs, dead)
    sqs.start_message_move_task(
        SourceArn=source, DestinationArn=arn(sqs, target), MaxNumberOfMessagesPerSecond=1
    )
    assert bodies(target, WaitTimeSeconds=20) == ["1"]
    sqs.delete_queue(QueueUrl=target)
    server.advance(1)
    task = ended(sqs, source)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "AWS.SimpleQueueService.NonExistentQueue")


def test_refusals_of_tasks(sqs: Any, pair: Any, queue: MakeQueue) -> None:
    plain, (_, dead) = queue("plain"), pair()
    assert refusal(sqs.start_message_move_task, SourceArn=arn(sqs, plain)) == (
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
    )
    gone = arn(sqs, plain) + "-gone"
    assert refusal(sqs.start_message_move_task, SourceArn=arn(sqs, dead), DestinationArn=gone) == (
        "ResourceNotFoundException",
        "The resource that you specified for the DestinationArn parameter doesn't exist.",
    )
    assert refusal(sqs.cancel_message_move_task, TaskHandle="foobared") == (
        "InvalidParameterValue",
        "Value for parameter TaskHandle is invalid.",
    )
