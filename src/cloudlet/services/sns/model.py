"""Topics, subscriptions and messages as values. No I/O, no clock.

Which attributes there are stands in topic_attributes.py and subscription_attributes.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.envelopes import Sealed

FIFO_SUFFIX: Final = ".fifo"
QUEUES: Final = "sqs"
FUNCTIONS: Final = "lambda"
WEB: Final = ("http", "https")


class TopicAddress(Struct, frozen=True):
    """Which topic an ARN means."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The ARN."""
        return f"arn:aws:sns:{self.region}:{self.account}:{self.name}"


class SubscriptionAddress(Struct, frozen=True):
    """Which subscription an ARN means."""

    topic: TopicAddress
    id: str


class Topic(Struct, frozen=True):
    """A topic. Its id is another one when a topic of its name is made again."""

    id: str
    account: str
    region: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What was set, as AWS writes it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    subscriptions_deleted: int = 0

    @property
    def arn(self) -> str:
        """The topic's ARN."""
        return f"arn:aws:sns:{self.region}:{self.account}:{self.name}"

    @property
    def fifo(self) -> bool:
        """Whether it keeps the order of groups."""
        return self.name.endswith(FIFO_SUFFIX)

    @property
    def deduplicates_by_content(self) -> bool:
        """Whether the hash of a message stands for a deduplication id that is not given."""
        return self.attributes.get("ContentBasedDeduplication") == "true"

    @property
    def groups_deduplicate_alone(self) -> bool:
        """Whether a deduplication id counts within its message group only."""
        return self.attributes.get("FifoThroughputScope") == "MessageGroup"

    def changed(self, attributes: Mapping[str, str]) -> Topic:
        """The topic with other attributes; an empty text takes one away."""
        merged = {**self.attributes, **attributes}
        return replace(self, attributes={name: value for name, value in merged.items() if value != ""})

    def tagged(self, tags: Mapping[str, str]) -> Topic:
        """The topic with more tags."""
        return replace(self, tags={**self.tags, **tags})

    def with_one_deleted(self) -> Topic:
        """The topic after one of its subscriptions has ended."""
        return replace(self, subscriptions_deleted=self.subscriptions_deleted + 1)

    def untagged(self, keys: Collection[str]) -> Topic:
        """The topic without some tags."""
        return replace(self, tags={key: value for key, value in self.tags.items() if key not in keys})


class Subscription(Struct, frozen=True):
    """Who gets what is published to a topic."""

    id: str
    topic_account: str
    region: str
    topic_name: str
    protocol: str
    endpoint: str
    owner: str
    """The account that subscribed."""
    principal: str
    """The ARN of whoever subscribed."""
    url_base: str
    """Where its subscriber reached SNS: the host of the URLs by which it is confirmed and ended."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What was set, as AWS writes it."""
    pending: bool = False
    confirmed_by_account: bool = False
    """Whether it was confirmed with credentials."""
    ended_by_account_only: bool = False
    """Whether nobody may end it without credentials."""
    token: str = ""
    """What confirms it, or takes it up again once it has ended."""
    token_expires_at: float = 0.0

    @property
    def address(self) -> SubscriptionAddress:
        """Which subscription it is."""
        topic = TopicAddress(self.topic_account, self.region, self.topic_name)
        return SubscriptionAddress(topic, self.id)

    @property
    def topic_arn(self) -> str:
        """The topic's ARN."""
        return self.address.topic.arn

    @property
    def arn(self) -> str:
        """The subscription's ARN."""
        return f"{self.topic_arn}:{self.id}"

    @property
    def unsubscribe_url(self) -> str:
        """The URL that ends it."""
        return f"{self.url_base}/?Action=Unsubscribe&SubscriptionArn={self.arn}"

    @property
    def subscribe_url(self) -> str:
        """The URL that confirms it."""
        return f"{self.url_base}/?Action=ConfirmSubscription&TopicArn={self.topic_arn}&Token={self.token}"

    @property
    def raw(self) -> bool:
        """Whether it gets messages without SNS's envelope."""
        return self.attributes.get("RawMessageDelivery") == "true"

    @property
    def dead_letter_target_arn(self) -> str | None:
        """The queue that gets what cannot be delivered."""
        text = self.attributes.get("RedrivePolicy")
        document: Mapping[str, Any] = json.loads(text) if text else {}
        return document.get("deadLetterTargetArn")

    def changed(self, attributes: Mapping[str, str]) -> Subscription:
        """The subscription with other attributes; an empty text takes one away."""
        merged = {**self.attributes, **attributes}
        return replace(self, attributes={name: value for name, value in merged.items() if value != ""})


class MessageAttribute(Struct, frozen=True):
    """One message attribute: a text (numbers too) or bytes."""

    data_type: str
    value: bytes
    """A text in UTF-8."""

    @property
    def is_binary(self) -> bool:
        """Whether it is no text."""
        return self.data_type.startswith("Binary")


class SealedBodies(Struct, frozen=True):
    """What a message says under the key of its topic, and who published it: it is opened by their rights."""

    publisher: Principal
    via: tuple[str, ...]
    source_arn: str | None
    content: Sealed


class Message(Struct, frozen=True):
    """What was published, or what SNS itself has to tell an endpoint."""

    id: str
    topic_arn: str
    published_at: float
    bodies: Mapping[str, str]
    """The text by protocol; under "default" that of all others."""
    type: str = "Notification"
    subject: str | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    signature_version: str = "1"
    trace_header: str | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None
    token: str = ""
    """Of a message that asks for a confirmation."""
    sealed: SealedBodies | None = None
    """In a topic with a KMS key, in the place of `bodies`."""

    def body(self, protocol: str) -> str:
        """The text for a protocol; none of what is sealed."""
        return self.bodies.get(protocol, self.bodies.get("default", ""))


class Lane(Struct, frozen=True):
    """What goes to one subscription one after the other: a message group of a FIFO topic, or one message."""

    subscription: SubscriptionAddress
    message_id: str
    """The message that comes next."""
    due: int
    """When it may be tried, in milliseconds since 1970."""
    attempts: int = 0
    epoch: int = 0
    """Grows with every claim."""
    paced: bool = False
    """Whether `due` is when its endpoint's policy lets it be sent."""

    def tried(self, due: int) -> Lane:
        """After an attempt that failed, with the time of the next."""
        return replace(self, attempts=self.attempts + 1, due=due, paced=False)

    def claimed(self, until: int) -> Lane:
        """While somebody tries it."""
        return replace(self, epoch=self.epoch + 1, due=until)

    def paced_until(self, due: int) -> Lane:
        """With the time at which its endpoint's policy lets it be sent."""
        return replace(self, due=due, paced=True)

    def held(self, until: int) -> Lane:
        """While whoever claimed it goes on trying it."""
        return replace(self, due=until)

    def followed_by(self, message_id: str, due: int) -> Lane:
        """With the next message."""
        return replace(self, message_id=message_id, attempts=0, due=due, paced=False)


class SigningKey(Struct, frozen=True):
    """A private key and its certificate, both as PEM."""

    private_key: str
    certificate: str

    @property
    def name(self) -> str:
        """The certificate's file name."""
        digest = hashlib.md5(self.certificate.encode(), usedforsecurity=False).hexdigest()
        return f"SimpleNotificationService-{digest}.pem"


def milliseconds(seconds: float) -> int:
    """A time as indexes hold it."""
    return int(seconds * 1000)
