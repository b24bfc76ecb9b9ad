"""Delivery policies: how often, and how far apart, a delivery is tried again.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
Only HTTP endpoints have policies that can be set. Knows no clock.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.services.sns.errors import InvalidParameterException

if TYPE_CHECKING:
    from cloudlet.services.sns.model import Subscription, Topic

_RETRIES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "minDelayTarget": 20,
        "maxDelayTarget": 20,
        "numRetries": 3,
        "numMaxDelayRetries": 0,
        "numNoDelayRetries": 0,
        "numMinDelayRetries": 0,
        "backoffFunction": "linear",
    }
)
_CONTENT_TYPE: Final = "text/plain; charset=UTF-8"
_BACKOFFS: Final = ("arithmetic", "exponential", "geometric", "linear")
_LONGEST_SECONDS: Final = 3600
_MOST_RETRIES: Final = 100


class RetryPolicy(Struct, frozen=True):
    """The phases in which a delivery is tried again."""

    no_delay: int
    min_delay: int
    backoff: int
    max_delay: int
    min_seconds: float
    max_seconds: float
    backoff_function: str

    def delay_seconds(self, attempts: int) -> float | None:
        """How long to wait after so many attempts that failed; None once there are no more."""
        retry = attempts - 1
        if retry < self.no_delay:
            return 0.0
        retry -= self.no_delay
        if retry < self.min_delay:
            return self.min_seconds
        retry -= self.min_delay
        if retry < self.backoff:
            return self._backoff_seconds((retry + 1) / self.backoff)
        return self.max_seconds if retry - self.backoff < self.max_delay else None

    def _backoff_seconds(self, share: float) -> float:
        """The delay when a share of the backoff phase has passed, its own retry counted."""
        rise = _RISES[self.backoff_function](share)
        return self.min_seconds + (self.max_seconds - self.min_seconds) * rise


_RISES: Final[Mapping[str, Callable[[float], float]]] = MappingProxyType(
    {
        "linear": lambda share: share,
        "arithmetic": lambda share: share * (1 + share) / 2,
        "geometric": lambda share: share**2,
        "exponential": lambda share: math.expm1(5 * share) / math.expm1(5),
    }
)
AWS_MANAGED: Final = RetryPolicy(3, 2, 10, 100_000, 1.0, 20.0, "exponential")
"""For queues and functions."""


def topic_policy(given: str) -> str:
    """A topic's delivery policy as it is kept. Raises InvalidParameterException."""
    document = _object("DeliveryPolicy", given)
    if not document:
        return ""
    _only(document, ("http",))
    http = document.get("http") or {}
    _only(
        http,
        (
            "defaultHealthyRetryPolicy",
            "defaultSicklyRetryPolicy",
            "defaultThrottlePolicy",
            "defaultRequestPolicy",
            "disableSubscriptionOverrides",
        ),
    )
    kept: dict[str, Any] = {}
    if retries := http.get("defaultHealthyRetryPolicy"):
        kept["defaultHealthyRetryPolicy"] = _checked_retries(retries)
    kept["disableSubscriptionOverrides"] = bool(http.get("disableSubscriptionOverrides", False))
    if throttle := http.get("defaultThrottlePolicy"):
        kept["defaultThrottlePolicy"] = _checked_throttle(throttle)
    if request := http.get("defaultRequestPolicy"):
        kept["defaultRequestPolicy"] = _checked_request(request)
    return json.dumps({"http": kept}, separators=(",", ":"))


def subscription_policy(given: str) -> str:
    """A subscription's delivery policy as it is kept. Raises InvalidParameterException."""
    document = _object("DeliveryPolicy", given)
    if not document:
        return ""
    _only(
        document,
        ("healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"),
    )
    retries = document.get("healthyRetryPolicy")
    throttle, request = document.get("throttlePolicy"), document.get("requestPolicy")
    kept = {
        "healthyRetryPolicy": {**_RETRIES, **_checked_retries(retries)} if retries else None,
        "sicklyRetryPolicy": None,
        "throttlePolicy": _checked_throttle(throttle) if throttle else None,
        "requestPolicy": _checked_request(request) if request else None,
        "guaranteed": False,
    }
    return json.dumps(kept, separators=(",", ":"))


def effective_topic_policy(topic: Topic) -> str:
    """EffectiveDeliveryPolicy of a topic."""
    return json.dumps({"http": _effective(topic)}, separators=(",", ":"))


def effective_subscription_policy(topic: Topic, subscription: Subscription) -> dict[str, Any]:
    """EffectiveDeliveryPolicy of a subscription by HTTP."""
    http = _effective(topic)
    text = subscription.attributes.get("DeliveryPolicy")
    own = json.loads(text) if text and not http["disableSubscriptionOverrides"] else {}
    return {
        "healthyRetryPolicy": own.get("healthyRetryPolicy") or http["defaultHealthyRetryPolicy"],
        "sicklyRetryPolicy": None,
        "throttlePolicy": own.get("throttlePolicy") or http.get("defaultThrottlePolicy"),
        "requestPolicy": own.get("requestPolicy") or http["defaultRequestPolicy"],
        "guaranteed": False,
    }


def retry_policy(effective: Mapping[str, Any]) -> RetryPolicy:
    """The phases of a subscription's effective delivery policy."""
    retries = effective["healthyRetryPolicy"]
    no_delay, at_min = retries["numNoDelayRetries"], retries["numMinDelayRetries"]
    at_max = retries["numMaxDelayRetries"]
    return RetryPolicy(
        no_delay,
        at_min,
        max(retries["numRetries"] - no_delay - at_min - at_max, 0),
        at_max,
        float(retries["minDelayTarget"]),
        float(retries["maxDelayTarget"]),
        retries["backoffFunction"],
    )


def _effective(topic: Topic) -> dict[str, Any]:
    text = topic.attributes.get("DeliveryPolicy")
    http: Mapping[str, Any] = json.loads(text)["http"] if text else {}
    found: dict[str, Any] = {
        "defaultHealthyRetryPolicy": {**_RETRIES, **http.get("defaultHealthyRetryPolicy", {})},
        "disableSubscriptionOverrides": http.get("disableSubscriptionOverrides", False),
    }
    if "defaultThrottlePolicy" in http:
        found["defaultThrottlePolicy"] = http["defaultThrottlePolicy"]
    found["defaultRequestPolicy"] = http.get("defaultRequestPolicy", {"headerContentType": _CONTENT_TYPE})
    return found


def _object(name: str, given: str) -> dict[str, Any]:
    if not given:
        return {}
    try:
        document = json.loads(given)
    except ValueError as error:
        raise InvalidParameterException.of(name, "failed to parse JSON.") from error
    if not isinstance(document, dict):
        raise InvalidParameterException.of(name, "failed to parse JSON.")
    return document


def _only(document: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in document:
        if name not in known:
            raise InvalidParameterException.of("DeliveryPolicy", f"unexpected JSON member: {name}")


def _checked_retries(retries: Mapping[str, Any]) -> dict[str, Any]:
    _only(retries, tuple(_RETRIES))
    merged = {**_RETRIES, **{name: value for name, value in retries.items() if value is not None}}
    for name, value in merged.items():
        if name == "backoffFunction":
            if value not in _BACKOFFS:
                raise _wrong(f"{name} must be one of {', '.join(_BACKOFFS)}")
        elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _wrong(f"{name} must be greater than or equal to 0")
    lowest, highest = merged["minDelayTarget"], merged["maxDelayTarget"]
    if not 1 <= lowest <= highest:
        raise _wrong(
            "maxDelayTarget must be greater than or equal to minDelayTarget, which must be at least 1"
        )
    if highest > _LONGEST_SECONDS:
        raise _wrong(f"maxDelayTarget must be less than or equal to {_LONGEST_SECONDS}")
    if merged["numRetries"] > _MOST_RETRIES:
        raise _wrong(f"numRetries must be less than or equal to {_MOST_RETRIES}")
    phases = merged["numNoDelayRetries"] + merged["numMinDelayRetries"] + merged["numMaxDelayRetries"]
    if phases > merged["numRetries"]:
        raise _wrong("numRetries must be greater than or equal to the retries of all phases together")
    return {name: merged[name] for name in _RETRIES if name in retries}


def _checked_throttle(throttle: Mapping[str, Any]) -> dict[str, Any]:
    _only(throttle, ("maxReceivesPerSecond",))
    rate = throttle.get("maxReceivesPerSecond")
    if not isinstance(rate, int) or isinstance(rate, bool) or rate < 1:
        raise _wrong("maxReceivesPerSecond must be greater than or equal to 1")
    return {"maxReceivesPerSecond": rate}


def _checked_request(request: Mapping[str, Any]) -> dict[str, Any]:
    _only(request, ("headerContentType",))
    content_type = request.get("headerContentType", _CONTENT_TYPE)
    if not isinstance(content_type, str) or not content_type.isprintable() or "/" not in content_type:
        raise _wrong("headerContentType must be a content type")
    return {"headerContentType": content_type}


def _wrong(reason: str) -> InvalidParameterException:
    return InvalidParameterException.of("DeliveryPolicy", reason)
