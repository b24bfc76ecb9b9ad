"""Queues that get what rules of event buses send, for the tests of all who put events there."""

from __future__ import annotations

import json
from typing import Any


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
