"""Queues for the tests of what is published: with a policy that lets topics send to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

OPEN_TO_TOPICS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            }
        ],
    }
)


@dataclass(frozen=True, slots=True)
class Queues:
    """Makes queues and reads from them."""

    sqs: Any

    def make(self, name: str, policy: str = OPEN_TO_TOPICS) -> str:
        """A queue's URL; one whose name ends with .fifo is a FIFO queue."""
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        if policy:
            attributes["Policy"] = policy
        return str(self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def arn(self, url: str) -> str:
        """A queue's ARN."""
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def next_message(self, url: str) -> dict[str, Any]:
        """The next message, which is removed."""
        answer = self.sqs.receive_message(
            QueueUrl=url,
            WaitTimeSeconds=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        [message] = answer["Messages"]
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return dict(message)

    def next_body(self, url: str) -> Any:
        """The next message's body, which is JSON."""
        return json.loads(self.next_message(url)["Body"])

    def next_text(self, url: str) -> str:
        """What was published, by the next notification."""
        return str(self.next_body(url)["Message"])
