"""What happens in a bucket as events on its account's default event bus, for buckets that tell it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
An event is put there by the transaction in which it happened; who wants it is EventBridge's affair.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.s3.notifications.destinations import as_s3

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.s3.model import Bucket
    from cloudlet.services.s3.notifications.records import Subject

_KINDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "ObjectCreated:Put": ("Object Created", {"reason": "PutObject"}),
    "ObjectCreated:Post": ("Object Created", {"reason": "POST Object"}),
    "ObjectCreated:Copy": ("Object Created", {"reason": "CopyObject"}),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", {"reason": "CompleteMultipartUpload"}),
    "ObjectRemoved:Delete": (
        "Object Deleted",
        {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"},
    ),
    "ObjectRemoved:DeleteMarkerCreated": (
        "Object Deleted",
        {"reason": "DeleteObject", "deletion-type": "Delete Marker Created"},
    ),
    "ObjectTagging:Put": ("Object Tags Added", {}),
    "ObjectTagging:Delete": ("Object Tags Deleted", {}),
}
"""What a happening is called on event buses, and what is told of it beside."""


def tell(call: Call, bucket: Bucket, subject: Subject) -> None:
    """Puts what happened to an object on the event bus, in the open transaction."""
    detail_type, more = _KINDS[subject.event]
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": _object(subject),
        "request-id": call.request_id,
        "requester": call.principal.account or call.principal.arn,
        "source-ip-address": call.source_ip,
        **more,
    }
    entry = {
        "Source": "aws.s3",
        "DetailType": detail_type,
        "Resources": [bucket.arn],
        "Detail": json.dumps(detail, separators=(",", ":")),
    }
    there = as_s3(call, bucket.account, bucket.region, bucket.name, call.trace_id)
    there.ask_within("events", "PutEvents", {"Entries": [entry]})


def _object(subject: Subject) -> dict[str, Any]:
    members = {
        "key": subject.key,
        "size": subject.size,
        "etag": subject.etag,
        "version-id": subject.version_id,
        "sequencer": None if subject.order is None else f"{subject.order:018X}",
    }
    return {name: value for name, value in members.items() if value is not None}
