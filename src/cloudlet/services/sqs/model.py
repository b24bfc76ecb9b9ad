"""Queues and messages as values. No I/O, no clock.

How attributes are judged stands in attributes.py, what a message may hold in contents.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.envelopes import Sealed

DEFAULTS: Final[Mapping[str, str]] = {
    "VisibilityTimeout": "30",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
}
FIFO_DEFAULTS: Final[Mapping[str, str]] = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
FIFO_SUFFIX: Final = ".fifo"
DEDUPLICATION_SECONDS: Final = 300
_MICROSECONDS: Final = 1_000_000


class RedrivePolicy(Struct, frozen=True):
    """Where messages go that were received too often."""

    dead_letter_target_arn: str
    max_receive_count: int


class Queue(Struct, frozen=True):
    """A queue. Its id is another one when a queue of its name is made again."""

    id: str
    account: str
    region: str
    name: str
    created_at: float
    modified_at: float
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What was set, as AWS writes it; what was not set is in DEFAULTS."""
    tags: Mapping[str, str] = field(default_factory=dict)
    purged_at: float | None = None

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return f"arn:aws:sqs:{self.region}:{self.account}:{self.name}"

    @property
    def fifo(self) -> bool:
        """Whether it keeps the order of groups."""
        return self.name.endswith(FIFO_SUFFIX)

    def attribute(self, name: str) -> str | None:
        """A settable attribute as it counts."""
        value = self.attributes.get(name)
        if value is not None:
            return value
        if self.fifo and name in FIFO_DEFAULTS:
            return FIFO_DEFAULTS[name]
        return DEFAULTS.get(name)

    def seconds(self, name: str) -> int:
        """An attribute that counts seconds, or bytes."""
        return int(self.attributes.get(name) or DEFAULTS[name])

    @property
    def groups_deduplicate_alone(self) -> bool:
        """Whether a deduplication id counts within its message group only."""
        return self.attribute("DeduplicationScope") == "messageGroup"

    @property
    def has_high_throughput(self) -> bool:
        """Whether its message groups are limited each by itself, rather than the queue as a whole."""
        return self.attribute("FifoThroughputLimit") == "perMessageGroupId"

    @property
    def redrive_policy(self) -> RedrivePolicy | None:
        """The redrive policy, if there is one."""
        text = self.attributes.get("RedrivePolicy")
        if not text:
            return None
        document: Mapping[str, Any] = json.loads(text)
        return RedrivePolicy(document["deadLetterTargetArn"], int(document["maxReceiveCount"]))

    def changed(self, attributes: Mapping[str, str], now: float) -> Queue:
        """The queue with other attributes; an empty text takes one away."""
        merged = {**self.attributes, **attributes}
        kept = {name: value for name, value in merged.items() if value != ""}
        return replace(self, attributes=kept, modified_at=now)

    def tagged(self, tags: Mapping[str, str]) -> Queue:
        """The queue with more tags."""
        return replace(self, tags={**self.tags, **tags})

    def untagged(self, keys: Collection[str]) -> Queue:
        """The queue without some tags."""
        return replace(self, tags={key: value for key, value in self.tags.items() if key not in keys})

    def purged(self, now: float) -> Queue:
        """The queue after a purge."""
        return replace(self, purged_at=now)

    def takes_dead_letters_of(self, arn: str) -> bool:
        """Whether its redrive allow policy lets a queue use it."""
        text = self.attributes.get("RedriveAllowPolicy")
        document: Mapping[str, Any] = json.loads(text) if text else {}
        permission = document.get("redrivePermission", "allowAll")
        return permission == "allowAll" or (permission == "byQueue" and arn in document["sourceQueueArns"])


class MessageAttribute(Struct, frozen=True):
    """One message attribute: a text (numbers too) or bytes."""

    data_type: str
    value: bytes
    """A text in UTF-8."""

    @property
    def is_binary(self) -> bool:
        """Whether it is no text."""
        return self.data_type.startswith("Binary")


class Position(Struct, frozen=True):
    """A message's place in its queue: when it was sent, in microseconds, and its id as bytes."""

    order: int
    id: bytes


def order_of(seconds: float) -> int:
    """The order of what is sent at a time."""
    return int(seconds * _MICROSECONDS)


class SealedBody(Struct, frozen=True):
    """The body of a message that was sent to a queue with a KMS key."""

    queue_arn: str
    """Of the queue that it was sent to, which KMS binds the data key to."""
    body: Sealed


class Message(Struct, frozen=True):
    """What was sent. It never changes; how often it was received stands in its Delivery."""

    id: str
    body: str
    """Empty where it is stored sealed."""
    md5: str
    sent_at: float
    """The original time, which a move to a dead-letter queue does not change."""
    sender_id: str
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    trace_header: str | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None
    visible_from: int = 0
    """When a delayed message becomes visible, in milliseconds; 0 for one without a delay of its own."""
    source_arn: str | None = None
    """Of a message in a dead-letter queue: the queue that it could not be handled from."""
    sealed: SealedBody | None = None


class Delivery(Struct, frozen=True):
    """How often a message was received, and until when it cannot be again. One never received has none."""

    due: int = 0
    """When its visibility timeout ends, in milliseconds; 0 while it is visible."""
    receive_count: int = 0
    first_received_at: float = 0.0
    received_at: float = 0.0
    group_id: str = ""

    @property
    def in_flight(self) -> bool:
        """Whether somebody has it."""
        return self.due > 0

    def received(self, now: float, due: int) -> Delivery:
        """After one more receive."""
        first = self.first_received_at or now
        return Delivery(due, self.receive_count + 1, first, now, self.group_id)

    def not_received(self) -> Delivery:
        """As if the last receive had not been."""
        return replace(self, receive_count=self.receive_count - 1)

    def hidden_until(self, due: int) -> Delivery:
        """With another end of its visibility timeout; 0 means it is visible."""
        return replace(self, due=due)


class Received(Struct, frozen=True):
    """A message and the receive that gives it out."""

    position: Position
    message: Message
    delivery: Delivery


class MoveTask(Struct, frozen=True):
    """A message move task: from a dead-letter queue to one queue, or to where each message came from."""

    id: str
    source_arn: str
    destination_arn: str | None
    messages_per_second: int | None
    started_at: float
    to_move: int
    moved: int = 0
    status: str = "RUNNING"
    failure_reason: str | None = None
    next_at: float = 0.0
    """When the next messages may be moved."""

    @property
    def runs(self) -> bool:
        """Whether it goes on."""
        return self.status == "RUNNING"

    def ended(self, status: str, failure_reason: str | None = None) -> MoveTask:
        """The task with nothing more to do."""
        return replace(self, status=status, failure_reason=failure_reason)


def milliseconds(seconds: float) -> int:
    """A time as indexes hold it."""
    return int(seconds * 1000)
