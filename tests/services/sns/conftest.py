"""Clients, topics, and queues that get what is published to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from web_listener import WebListener

from iam_fixtures import as_user, iam
from running_server import Client
from sns_fixtures import Queues

__all__ = ["as_user", "iam"]


@pytest.fixture
def sns(client: Client) -> Any:
    """A client."""
    return client("sns")


@pytest.fixture
def topic(sns: Any) -> Callable[..., str]:
    """Makes a topic and tells its ARN: topic("a"), topic("b.fifo", ContentBasedDeduplication="true")."""

    def make(name: str = "news", **attributes: str) -> str:
        if name.endswith(".fifo"):
            attributes = {"FifoTopic": "true", **attributes}
        return str(sns.create_topic(Name=name, Attributes=attributes)["TopicArn"])

    return make


@pytest.fixture
def queues(client: Client) -> Queues:
    """Queues that topics may send to."""
    return Queues(client("sqs"))


@pytest.fixture
def subscribed(sns: Any, queues: Queues) -> Callable[..., str]:
    """Subscribes a new queue to a topic, and tells the queue's URL."""

    def subscribe(topic_arn: str, name: str = "inbox", **attributes: Any) -> str:
        url = queues.make(name)
        sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=queues.arn(url),
            Attributes={key: _text(value) for key, value in attributes.items()},
        )
        return url

    return subscribe


@pytest.fixture
def listener() -> Iterator[WebListener]:
    """A web server that may be subscribed."""
    made = WebListener()
    yield made
    made.close()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
