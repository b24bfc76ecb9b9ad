"""Clients, rules, and queues that get what rules send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from iam_fixtures import as_user, iam
from running_server import Client

__all__ = ["as_user", "iam"]

PATTERN = json.dumps({"source": ["shop"]})


class Inbox:
    """A queue that lets EventBridge send to it."""

    def __init__(self, sqs: Any, name: str, condition: dict[str, Any] | None = None) -> None:
        self._sqs = sqs
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
            **({"Condition": condition} if condition else {}),
        }
        attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
        if name.endswith(".fifo"):
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = answer["Attributes"]["QueueArn"]

    def next_message(self) -> dict[str, Any]:
        """The next message, which is removed."""
        answer = self._sqs.receive_message(
            QueueUrl=self.url,
            WaitTimeSeconds=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        [message] = answer["Messages"]
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return dict(message)

    def next_text(self) -> str:
        """The body of the next message."""
        return str(self.next_message()["Body"])

    def next_event(self) -> Any:
        """The body of the next message, which is JSON."""
        return json.loads(self.next_text())


@pytest.fixture
def events(client: Client) -> Any:
    """A client."""
    return client("events")


@pytest.fixture
def inbox(client: Client) -> Callable[..., Inbox]:
    """Makes a queue: inbox("name")."""
    return lambda name="inbox", condition=None: Inbox(client("sqs"), name, condition)


@pytest.fixture
def rule(events: Any) -> Callable[..., str]:
    """Makes a rule with one target, and tells its ARN: rule("name", arn, InputPath="$.detail")."""

    def make(name: str, target: str, *, bus: str = "default", pattern: str = PATTERN, **settings: Any) -> str:
        made = events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "target", "Arn": target, **settings}])
        return str(made["RuleArn"])

    return make


@pytest.fixture
def put(events: Any) -> Callable[..., str]:
    """Puts an event, and tells its id: put({"a": 1}, Source="x")."""

    def put(detail: Any = None, **entry: Any) -> str:
        given = {"Source": "shop", "DetailType": "sold", "Detail": json.dumps(detail or {}), **entry}
        [answer] = events.put_events(Entries=[given])["Entries"]
        return str(answer["EventId"])

    return put
