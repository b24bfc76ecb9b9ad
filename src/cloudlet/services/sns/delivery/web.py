"""Carries messages over HTTP and HTTPS.

https://docs.aws.amazon.com/sns/latest/dg/http-header.html
What an answer means is said here; whether and when to try again, in outcomes.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cloudlet.core.http import BackendTimeout, BackendUnreachable
from cloudlet.services.sns import delivery_policies, notifications
from cloudlet.services.sns.delivery.attempts import Answer
from cloudlet.services.sns.delivery.claims import ClaimingCarrier

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.http import Headers, HttpResponse
    from cloudlet.services.sns.delivery.attempts import Delivery
    from cloudlet.services.sns.notifications import Signer

_TIMEOUT_SECONDS: Final = 15.0
_TOO_MANY_REQUESTS: Final = 429
_NO_ANSWER: Final = 0
_TOLD_BYTES: Final = 1024
"""How much of an answer is told in the status log."""
_NOTIFICATION: Final = "Notification"
_CONFIRMATION: Final = "SubscriptionConfirmation"
_OWN_DOMAINS: Final = (".amazonaws.com", ".api.aws", ".on.aws")


def web_carrier(cloud: Cloud) -> ClaimingCarrier:
    """The worker that posts to web servers."""
    return ClaimingCarrier(cloud, "sns-web", "web", _post)


async def _post(call: Call, delivery: Delivery, signer: Signer) -> Answer:
    message, to = delivery.message, delivery.subscription
    raw = to.raw and message.type == _NOTIFICATION
    body = message.body(to.protocol) if raw else notifications.document(message, to, signer)
    url, headers = _reached(call, to.endpoint, _headers(delivery, raw=raw))
    try:
        response = await call.cloud.http_client.send("POST", url, headers, body.encode(), _TIMEOUT_SECONDS)
    except (BackendUnreachable, BackendTimeout) as error:
        return Answer(_NO_ANSWER, str(error), failed=True, may_succeed_later=True)
    failed = not 200 <= response.status < 300
    later = response.status >= 500 or response.status == _TOO_MANY_REQUESTS
    return Answer(response.status, _text(response), failed, later)


def _text(response: HttpResponse) -> str:
    body = response.body if isinstance(response.body, bytes) else b""
    return body[:_TOLD_BYTES].decode("utf-8", "replace")


def _reached(call: Call, endpoint: str, headers: Headers) -> tuple[str, Headers]:
    """Where an endpoint is: a name of AWS's is the cloud's own, whatever it means outside."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if not host.endswith(_OWN_DOMAINS):
        return endpoint, headers
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return f"{call.cloud.endpoint}{target}", [("Host", host), *headers]


def _headers(delivery: Delivery, *, raw: bool) -> Headers:
    message, to = delivery.message, delivery.subscription
    headers = [
        ("x-amz-sns-message-type", message.type),
        ("x-amz-sns-message-id", message.id),
        ("x-amz-sns-topic-arn", message.topic_arn),
    ]
    if message.type != _CONFIRMATION:
        headers.append(("x-amz-sns-subscription-arn", to.arn))
    if raw:
        headers.append(("x-amz-sns-rawdelivery", "true"))
    return [
        *headers,
        ("Content-Type", _content_type(delivery)),
        ("User-Agent", "Amazon Simple Notification Service Agent"),
        ("Accept-Encoding", "gzip,deflate"),
    ]


def _content_type(delivery: Delivery) -> str:
    if delivery.message.type != _NOTIFICATION:
        return delivery_policies.CONTENT_TYPE
    effective = delivery_policies.effective_subscription_policy(delivery.topic, delivery.subscription)
    return str(effective["requestPolicy"]["headerContentType"])
