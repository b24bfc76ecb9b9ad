"""What happens to objects, for whoever wants to be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.services.s3.notifications import outbox
from cloudlet.services.s3.notifications.records import Subject
from cloudlet.services.s3.versions import shown_id

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.s3.model import Bucket, ObjectVersion


def created(call: Call, bucket: Bucket, version: ObjectVersion, how: str) -> None:
    """A version was written: by Put, Copy or CompleteMultipartUpload."""
    if bucket.notifications:
        event = f"ObjectCreated:{how}"
        version_id = shown_id(bucket, version)
        subject = Subject(event, version.key, version.size, version.etag, version_id, version.order)
        outbox.tell(call, bucket, subject)


def deleted(call: Call, bucket: Bucket, key: str, version_id: str | None, answer: Mapping[str, Any]) -> None:
    """An object or a version was deleted, or hidden by a delete marker."""
    if bucket.notifications:
        marked = version_id is None and bool(answer.get("DeleteMarker"))
        event = f"ObjectRemoved:{'DeleteMarkerCreated' if marked else 'Delete'}"
        order = int(call.time() * 1_000_000)
        outbox.tell(call, bucket, Subject(event, key, version_id=answer.get("VersionId"), order=order))


def tagged(call: Call, bucket: Bucket, version: ObjectVersion, how: str) -> None:
    """The tags of a version changed: by Put or Delete."""
    if bucket.notifications:
        event = f"ObjectTagging:{how}"
        subject = Subject(event, version.key, etag=version.etag, version_id=shown_id(bucket, version))
        outbox.tell(call, bucket, subject)
