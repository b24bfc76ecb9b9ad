"""Events of buckets as documents, in AWS's order of members.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

import msgspec
from msgspec import Struct

from cloudlet.core.access import PrincipalKind
from cloudlet.core.ids import host_id

if TYPE_CHECKING:
    from cloudlet.core.access import Principal
    from cloudlet.core.call import Call
    from cloudlet.services.s3.model import Bucket, Notification

_VERSION: Final = "2.1"
_LATER_VERSIONS: Final = {"ObjectTagging": "2.3"}
"""The versions of the kinds of events that came later."""


class Subject(Struct, frozen=True):
    """What happened to an object."""

    event: str
    """Such as ObjectCreated:Put."""
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    order: int | None = None
    """Later events of a key have greater ones."""


def event(call: Call, bucket: Bucket, notification: Notification, subject: Subject) -> bytes:
    """The event that a destination gets."""
    record = {
        "eventVersion": _LATER_VERSIONS.get(subject.event.partition(":")[0], _VERSION),
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": _time(call),
        "eventName": subject.event,
        "userIdentity": {"principalId": _principal_id(call.principal)},
        "requestParameters": {"sourceIPAddress": call.source_ip},
        "responseElements": {
            "x-amz-request-id": call.request_id,
            "x-amz-id-2": host_id(call.request_id),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": notification.id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": _owner_id(bucket.account)},
                "arn": bucket.arn,
            },
            "object": _object(subject),
        },
    }
    return msgspec.json.encode({"Records": [record]})


def test_event(call: Call, bucket: Bucket) -> bytes:
    """What queues and topics get when they are made destinations."""
    return msgspec.json.encode(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": _time(call),
            "Bucket": bucket.name,
            "RequestId": call.request_id,
            "HostId": host_id(call.request_id),
        }
    )


def _object(subject: Subject) -> dict[str, Any]:
    members = {
        "key": quote_plus(subject.key, safe="/*"),
        "size": subject.size,
        "eTag": subject.etag,
        "versionId": subject.version_id,
        "sequencer": None if subject.order is None else f"{subject.order:018X}",
    }
    return {name: value for name, value in members.items() if value is not None}


def _time(call: Call) -> str:
    now = call.now()
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"


def _principal_id(principal: Principal) -> str:
    if principal.kind is PrincipalKind.ANONYMOUS:
        return "Anonymous"
    if principal.kind is PrincipalKind.ROOT:
        return _owner_id(principal.account)
    return f"AWS:{principal.unique_id or principal.arn}"


def _owner_id(account: str) -> str:
    """An account as a customer of Amazon's: a text that is the account's alone."""
    digest = hashlib.sha256(account.encode()).digest()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "A" + "".join(alphabet[byte % 36] for byte in digest[:13])
