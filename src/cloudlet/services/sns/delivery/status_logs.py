"""Delivery status logs: what became of deliveries, in CloudWatch Logs, for topics that ask for it.

https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html
Lines go as the role that the topic names; one that may not write loses them, as at AWS. They are held in
memory for a moment, so that a kill loses the last of them.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.core.log_events import HeldLines, make_group, make_stream, put_lines
from cloudlet.services.sns.delivery.attempts import PRINCIPAL
from cloudlet.services.sns.model import FUNCTIONS, WEB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.sns.delivery.attempts import Answer, Delivery

_LOG: Final = logging.getLogger("cloudlet.sns")
_HELD_LIMIT_BYTES: Final = 16 << 20
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"sqs": "SQS", FUNCTIONS: "Lambda", **dict.fromkeys(WEB, "HTTP")}
)
"""What the attributes for a protocol begin with."""
_FAILURES: Final = "/Failure"


class _Target(Struct, frozen=True):
    account: str
    region: str
    group: str
    role_arn: str


class StatusLogs:
    """Lines that were not delivered yet. A component; by run(), a worker's body too."""

    name: Final = "sns-status-logs"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._stream = cloud.ids.uuid()
        self._held: HeldLines[_Target] = HeldLines("topics", _HELD_LIMIT_BYTES)

    async def close(self) -> None:
        """Delivers what is left."""
        await self.deliver()

    async def run(self) -> None:
        """Delivers, a little after there is something."""
        while True:
            await self._held.gather()
            await self.deliver()

    def tell(self, call: Call, delivery: Delivery, answer: Answer) -> None:
        """Takes the line of a delivery that has ended, once the open transaction is on disk."""
        role_arn = _role(call, delivery, answer)
        if role_arn is None:
            return
        topic = delivery.topic
        group = f"sns/{topic.region}/{topic.account}/{topic.name}{_FAILURES if answer.failed else ''}"
        target = _Target(topic.account, topic.region, group, role_arn)
        now, line = call.time(), _line(call, delivery, answer)
        call.transaction.after_commit(lambda: self._held.add(target, now, line))

    async def deliver(self) -> None:
        """Delivers all that is held now."""
        for target, lines in self._held.take().items():
            try:
                await self._put(target, lines)
            except ServiceError as error:
                _LOG.warning("the log %s gets no lines: %s", target.group, error.message)

    async def _put(self, target: _Target, lines: Iterable[tuple[int, str]]) -> None:
        service = self._cloud.call("sns", Principal.of_service(PRINCIPAL), target.account, target.region)
        session = await service.transact(
            lambda inner: inner.cloud.identities.assume_role(inner, target.role_arn, "SNSFeedback")
        )
        call = service.as_principal(session.principal)
        await make_group(call, target.group)
        await make_stream(call, target.group, self._stream)
        await put_lines(call, target.group, self._stream, sorted(lines, key=lambda line: line[0]))


def _role(call: Call, delivery: Delivery, answer: Answer) -> str | None:
    """The role that writes of such a delivery; None where nothing is to be written of this one."""
    attributes = delivery.topic.attributes
    kind = _KINDS[delivery.subscription.protocol]
    if answer.failed:
        return attributes.get(f"{kind}FailureFeedbackRoleArn")
    percent = int(attributes.get(f"{kind}SuccessFeedbackSampleRate", "100"))
    if call.ids.random.random() * 100 >= percent:
        return None
    return attributes.get(f"{kind}SuccessFeedbackRoleArn")


def _line(call: Call, delivery: Delivery, answer: Answer) -> str:
    message, to = delivery.message, delivery.subscription
    text = message.body(to.protocol).encode()
    at = datetime.fromtimestamp(message.published_at, UTC)
    told: dict[str, Any] = {
        "deliveryId": call.ids.uuid(),
        "destination": to.endpoint,
        "providerResponse": answer.provider_response,
        "dwellTimeMs": int((call.time() - message.published_at) * 1000),
        "statusCode": answer.status_code,
    }
    document = {
        "notification": {
            "messageMD5Sum": hashlib.md5(text, usedforsecurity=False).hexdigest(),
            "messageId": message.id,
            "topicArn": message.topic_arn,
            "timestamp": f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}",
        },
        "delivery": {name: value for name, value in told.items() if value is not None},
        "status": "FAILURE" if answer.failed else "SUCCESS",
    }
    return json.dumps(document, separators=(",", ":"))
