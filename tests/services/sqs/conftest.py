"""A client of SQS and queues of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from running_server import Client

MakeQueue = Callable[..., str]
"""Makes a queue and tells its URL: queue("name"), queue("name.fifo", DelaySeconds="5")."""


@pytest.fixture
def sqs(client: Client) -> Any:
    """A client."""
    return client("sqs")


@pytest.fixture
def queue(sqs: Any) -> MakeQueue:
    """Makes queues."""

    def make(name: str = "work", **attributes: str) -> str:
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", **attributes}
        url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    return make


@pytest.fixture
def bodies(sqs: Any) -> Callable[..., list[str]]:
    """Receives, and tells the bodies."""

    def receive(url: str, limit: int = 10, **request: Any) -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=limit, **request)
        return [message["Body"] for message in answer.get("Messages", ())]

    return receive
