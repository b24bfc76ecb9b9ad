"""Notifications as endpoints get them: SNS's own JSON for queues and the web, Lambda's event for functions.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
Signs nothing itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from cloudlet.services.sns import confirmations

if TYPE_CHECKING:
    from cloudlet.services.sns.model import Message, MessageAttribute, Subscription


class Signer(Protocol):
    """What proves that a message is SNS's."""

    def sign(self, text: str, version: str) -> str:
        """The signature of a text in base64."""

    def certificate_url(self, region: str) -> str:
        """Where the certificate is that a signature can be verified by."""


_WITH_URL: Final = frozenset({confirmations.SUBSCRIPTION, confirmations.UNSUBSCRIPTION})
_SIGNED: Final = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
"""What a signature covers, in its order."""


def timestamp(message: Message) -> str:
    """When it was published."""
    at = datetime.fromtimestamp(int(message.published_at), UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{int(message.published_at * 1000) % 1000:03}Z"


def document(message: Message, to: Subscription, signer: Signer) -> str:
    """A notification, or a request for a confirmation, as queues and web servers get it."""
    members = _members(message, to, to.protocol)
    if message.sequence_number is None:
        members |= _signature(members, message.signature_version, to.region, signer)
    if message.type not in _WITH_URL:
        members["UnsubscribeURL"] = to.unsubscribe_url
    lines = [f'  "{name}" : {_json(value)}' for name, value in members.items()]
    if message.attributes:
        lines.append(f'  "MessageAttributes" : {{\n{_attribute_lines(message.attributes)}\n  }}')
    return "{\n" + ",\n".join(lines) + "\n}"


def event(message: Message, to: Subscription, signer: Signer) -> bytes:
    """The event of a function."""
    members = _members(message, to, to.protocol)
    # Functions get the old signature whatever the topic says.
    signature = _signature(members, "1", to.region, signer)
    sns = {
        "Type": message.type,
        "MessageId": message.id,
        "TopicArn": message.topic_arn,
        "Subject": message.subject,
        "Message": message.body(to.protocol),
        "Timestamp": members["Timestamp"],
        "SignatureVersion": signature["SignatureVersion"],
        "Signature": signature["Signature"],
        "SigningCertUrl": signature["SigningCertURL"],
        "UnsubscribeUrl": to.unsubscribe_url,
        "MessageAttributes": {name: _attribute(each) for name, each in message.attributes.items()},
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": to.arn,
        "Sns": sns,
    }
    return json.dumps({"Records": [record]}, separators=(",", ":"), ensure_ascii=False).encode()


def _members(message: Message, to: Subscription, protocol: str) -> dict[str, str]:
    """What stands before the signature, in SNS's order."""
    asks = message.type in _WITH_URL
    members = {
        "Type": message.type,
        "MessageId": message.id,
        "Token": message.token if asks else None,
        "SequenceNumber": message.sequence_number,
        "TopicArn": message.topic_arn,
        "Subject": message.subject,
        "Message": message.body(protocol),
        "SubscribeURL": to.subscribe_url if asks else None,
        "Timestamp": timestamp(message),
    }
    return {name: value for name, value in members.items() if value is not None}


def _signature(members: Mapping[str, str], version: str, region: str, signer: Signer) -> dict[str, str]:
    text = "".join(f"{name}\n{members[name]}\n" for name in _SIGNED if name in members)
    return {
        "SignatureVersion": version,
        "Signature": signer.sign(text, version),
        "SigningCertURL": signer.certificate_url(region),
    }


def _attribute_lines(attributes: Mapping[str, MessageAttribute]) -> str:
    return ",\n".join(
        f"    {_json(name)} : {_json(_attribute(each), separators=(',', ':'))}"
        for name, each in attributes.items()
    )


def _attribute(attribute: MessageAttribute) -> dict[str, str]:
    value = base64.b64encode(attribute.value) if attribute.is_binary else attribute.value
    return {"Type": attribute.data_type, "Value": value.decode()}


def _json(value: Any, separators: tuple[str, str] | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, separators=separators)
