"""Delivery policies: what topics and subscriptions say of deliveries to HTTP endpoints.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.sns.errors import InvalidParameterException
from cloudlet.services.sns.json_texts import NoDocument, read
from cloudlet.services.sns.retry_policies import BACKOFF_FUNCTIONS, RetryPolicy

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
CONTENT_TYPE: Final = "text/plain; charset=UTF-8"
"""Of what is posted, where no policy says otherwise."""
_LONGEST_SECONDS: Final = 3600
_MOST_RETRIES: Final = 100
_TOPIC_MEMBERS: Final = (
    "defaultHealthyRetryPolicy",
    "defaultSicklyRetryPolicy",
    "defaultThrottlePolicy",
    "defaultRequestPolicy",
    "disableSubscriptionOverrides",
)
_SUBSCRIPTION_MEMBERS: Final = (
    "healthyRetryPolicy",
    "sicklyRetryPolicy",
    "throttlePolicy",
    "requestPolicy",
    "guaranteed",
)
_THROTTLE_MEMBERS: Final = ("maxReceivesPerSecond",)
_REQUEST_MEMBERS: Final = ("headerContentType",)


def topic_policy(given: str) -> str:
    """A topic's delivery policy as it is kept.

    Raises InvalidParameterException; NotImplementedHere for sickly retries and guaranteed deliveries.
    """
    document = _document(given, ("http",))
    if not document:
        return ""
    http = _member(document, "http", _TOPIC_MEMBERS)
    _refuse(http, "defaultSicklyRetryPolicy")
    kept: dict[str, Any] = {}
    if retries := _member(http, "defaultHealthyRetryPolicy", tuple(_RETRIES)):
        kept["defaultHealthyRetryPolicy"] = _checked_retries(retries)
    kept["disableSubscriptionOverrides"] = _flag(http, "disableSubscriptionOverrides")
    if throttle := _member(http, "defaultThrottlePolicy", _THROTTLE_MEMBERS):
        kept["defaultThrottlePolicy"] = _checked_throttle(throttle)
    if request := _member(http, "defaultRequestPolicy", _REQUEST_MEMBERS):
        kept["defaultRequestPolicy"] = _checked_request(request)
    return json.dumps({"http": kept}, separators=(",", ":"))


def subscription_policy(given: str) -> str:
    """A subscription's delivery policy as it is kept. Raises as topic_policy."""
    document = _document(given, _SUBSCRIPTION_MEMBERS)
    if not document:
        return ""
    _refuse(document, "sicklyRetryPolicy")
    if _flag(document, "guaranteed"):
        _refuse(document, "guaranteed")
    retries = _member(document, "healthyRetryPolicy", tuple(_RETRIES))
    throttle = _member(document, "throttlePolicy", _THROTTLE_MEMBERS)
    request = _member(document, "requestPolicy", _REQUEST_MEMBERS)
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
    return _phases(effective["healthyRetryPolicy"])


def _phases(retries: Mapping[str, Any]) -> RetryPolicy:
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
    found["defaultRequestPolicy"] = http.get("defaultRequestPolicy", {"headerContentType": CONTENT_TYPE})
    return found


def _document(given: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        document = read(given or "{}")
    except NoDocument as error:
        raise _wrong(str(error)) from error
    return _member({"DeliveryPolicy": document}, "DeliveryPolicy", known)


def _member(document: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    """The object that a member holds, which may have the known members only."""
    found = document.get(name) or {}
    if not isinstance(found, dict):
        raise _wrong(f"{name} must be an object" if name != "DeliveryPolicy" else "failed to parse JSON.")
    for inner in found:
        if inner not in known:
            raise _wrong(f"unexpected JSON member: {inner}")
    return found


def _flag(document: Mapping[str, Any], name: str) -> bool:
    value = document.get(name) or False
    if not isinstance(value, bool):
        raise _wrong(f"{name} must be true or false")
    return value


def _refuse(document: Mapping[str, Any], name: str) -> None:
    if document.get(name):
        raise NotImplementedHere(f"cloudlet does not implement {name} of delivery policies.")


def _checked_retries(retries: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**_RETRIES, **{name: value for name, value in retries.items() if value is not None}}
    for name, value in merged.items():
        if name == "backoffFunction":
            if value not in BACKOFF_FUNCTIONS:
                raise _wrong(f"{name} must be one of {', '.join(BACKOFF_FUNCTIONS)}")
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
    if _phases(merged).total_seconds() > _LONGEST_SECONDS:
        raise _wrong(f"the total retry time must be less than or equal to {_LONGEST_SECONDS} seconds")
    return {name: merged[name] for name in _RETRIES if name in retries}


def _checked_throttle(throttle: Mapping[str, Any]) -> dict[str, Any]:
    rate = throttle.get("maxReceivesPerSecond")
    if not isinstance(rate, int) or isinstance(rate, bool) or rate < 1:
        raise _wrong("maxReceivesPerSecond must be greater than or equal to 1")
    return {"maxReceivesPerSecond": rate}


def _checked_request(request: Mapping[str, Any]) -> dict[str, Any]:
    content_type = request.get("headerContentType", CONTENT_TYPE)
    if not isinstance(content_type, str) or not content_type.isprintable() or "/" not in content_type:
        raise _wrong("headerContentType must be a content type")
    return {"headerContentType": content_type}


def _wrong(reason: str) -> InvalidParameterException:
    return InvalidParameterException.of("DeliveryPolicy", reason)
