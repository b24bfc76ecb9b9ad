"""Notification configurations in requests and answers, and what is refused of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
Whether a destination is there and may be told is asked in destinations.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.arn import find_arn
from cloudlet.services.s3.errors import InvalidArgument, MalformedXML, NotificationArgument
from cloudlet.services.s3.model import Notification

if TYPE_CHECKING:
    from cloudlet.core.ids import Ids
    from cloudlet.services.s3.model import Bucket

_KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "TopicConfigurations": ("sns", "TopicArn", "Topic"),
    "QueueConfigurations": ("sqs", "QueueArn", "Queue"),
    "LambdaFunctionConfigurations": ("lambda", "LambdaFunctionArn", "CloudFunction"),
}
"""Each list's service, the member that has the ARN, and the name of that member on the wire."""
_KNOWN_EVENTS: Final = frozenset(
    f"s3:{name}"
    for name in (
        "ReducedRedundancyLostObject",
        *(f"ObjectCreated:{each}" for each in ("*", "Put", "Post", "Copy", "CompleteMultipartUpload")),
        *(f"ObjectRemoved:{each}" for each in ("*", "Delete", "DeleteMarkerCreated")),
        *(f"ObjectRestore:{each}" for each in ("*", "Post", "Completed", "Delete")),
        *(
            f"Replication:{each}"
            for each in (
                "*",
                "OperationFailedReplication",
                "OperationNotTracked",
                "OperationMissedThreshold",
                "OperationReplicatedAfterThreshold",
            )
        ),
        "LifecycleTransition",
        "IntelligentTiering",
        "ObjectAcl:Put",
        *(f"LifecycleExpiration:{each}" for each in ("*", "Delete", "DeleteMarkerCreated")),
        *(f"ObjectTagging:{each}" for each in ("*", "Put", "Delete")),
    )
)
_ID_LENGTH: Final = 48
_MOST: Final = 100
_LONGEST_RULE_BYTES: Final = 1024


def read(given: Mapping[str, Any], bucket: Bucket, ids: Ids) -> tuple[Notification, ...]:
    """The notifications of a request. Raises InvalidArgument, MalformedXML and others."""
    found = [_read(kind, each, bucket, ids) for kind in _KINDS for each in given.get(kind) or ()]
    if len(found) > _MOST:
        raise InvalidArgument(
            f"The number of notification configurations exceeds the limit of {_MOST}.",
            "NotificationConfiguration",
        )
    if len({each.id for each in found}) != len(found):
        raise NotificationArgument("Same ID used for multiple configurations. IDs must be unique")
    for one, other in combinations(found, 2):
        _check_overlap(one, other)
    return tuple(found)


def names_event_bridge(given: Mapping[str, Any]) -> bool:
    """Whether a request wants the default event bus to be told."""
    return given.get("EventBridgeConfiguration") is not None


def write(bucket: Bucket) -> dict[str, Any]:
    """A bucket's notifications as an answer tells them."""
    told: dict[str, Any] = {"EventBridgeConfiguration": {}} if bucket.event_bridge else {}
    for kind, (service, member, _) in _KINDS.items():
        of_kind = [each for each in bucket.notifications if each.service == service]
        if of_kind:
            told[kind] = [_write(each, member) for each in of_kind]
    return told


def _read(kind: str, given: Mapping[str, Any], bucket: Bucket, ids: Ids) -> Notification:
    service, member, wire_name = _KINDS[kind]
    if member not in given or not given.get("Events"):
        raise MalformedXML
    arn = find_arn(given[member])
    if arn is None or not arn.resource:
        raise InvalidArgument("The ARN could not be parsed", wire_name, given[member])
    if arn.service != service:
        raise InvalidArgument("The ARN is not well formed", wire_name, given[member])
    if arn.region != bucket.region:
        raise InvalidArgument(
            "The notification destination service region is not valid for the bucket location constraint",
            given[member],
            "null",
        )
    if service in ("sqs", "sns") and arn.resource.endswith(".fifo"):
        what = "queues" if service == "sqs" else "topics"
        raise NotificationArgument(f"FIFO {service.upper()} {what} are not supported as destinations")
    for event in given["Events"]:
        if event not in _KNOWN_EVENTS:
            raise InvalidArgument(f"The event '{event}' is not supported for notifications", "Event", event)
    rules = _rules(((given.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ())
    return Notification(
        given.get("Id") or ids.mixed(_ID_LENGTH), given[member], tuple(given["Events"]), rules
    )


def _rules(given: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    rules: dict[str, str] = {}
    for rule in given:
        name = rule.get("Name", "").capitalize()
        if name not in ("Prefix", "Suffix"):
            raise InvalidArgument(
                "filter rule name must be either prefix or suffix", "FilterRule.Name", rule.get("Name", "")
            )
        if name in rules:
            raise InvalidArgument(
                f"Cannot specify more than one {name.lower()} rule in a filter.",
                "FilterRule.Name",
                rule["Name"],
            )
        rules[name] = value = rule.get("Value", "")
        if len(value.encode()) > _LONGEST_RULE_BYTES:
            raise InvalidArgument(
                f"Size of filter rule value cannot exceed {_LONGEST_RULE_BYTES} bytes in UTF-8 "
                "representation",
                "FilterRule.Value",
                value,
            )
    return tuple(rules.items())


def _check_overlap(one: Notification, other: Notification) -> None:
    """Raises NotificationArgument if two notifications could both be about one event of one key."""
    if not any(_share(a, b) for a in one.events for b in other.events):
        return
    if not (_begins(one.prefix, other.prefix) and _ends(one.suffix, other.suffix)):
        return
    if one.rules or other.rules:
        raise NotificationArgument(
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
            "prefixes are overlapping for the same event type."
        )
    raise NotificationArgument(
        "Configurations overlap. Configurations on the same bucket cannot share a common event type."
    )


def _share(one: str, other: str) -> bool:
    """Whether two event types, of which each may end with a star, have an event in common."""
    if one == other:
        return True
    return _covers(one, other) or _covers(other, one)


def _covers(wide: str, narrow: str) -> bool:
    return wide.endswith("*") and narrow.startswith(wide[:-1])


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _ends(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _write(notification: Notification, member: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Id": notification.id,
        member: notification.arn,
        "Events": list(notification.events),
    }
    if notification.rules:
        rules = [{"Name": name, "Value": value} for name, value in notification.rules]
        told["Filter"] = {"Key": {"FilterRules": rules}}
    return told
