"""What happens to objects, for whoever wants to be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.services.s3.notifications import event_bus, outbox
from cloudlet.services.s3.notifications.records import Subject
from cloudlet.services.s3.versions import shown_id

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.s3.model import Bucket, ObjectVersion


def created(call: Call, bucket: Bucket, version: ObjectVersion, how: str) -> None:
    """A version was written: by Put, Copy or CompleteMultipartUpload."""
    if bucket.tells_of_objects:
        event = f"ObjectCreated:{how}"
        version_id = shown_id(bucket, version)
        subject = Subject(event, version.key, version.size, version.etag, version_id, version.order)
        _tell(call, bucket, subject)


def deleted(call: Call, bucket: Bucket, key: str, version_id: str | None, answer: Mapping[str, Any]) -> None:
    """An object or a version was deleted, or hidden by a delete marker."""
    if bucket.tells_of_objects:
        marked = version_id is None and bool(answer.get("DeleteMarker"))
        event = f"ObjectRemoved:{'DeleteMarkerCreated' if marked else 'Delete'}"
        order = int(call.time() * 1_000_000)
        _tell(call, bucket, Subject(event, key, version_id=answer.get("VersionId"), order=order))


def tagged(call: Call, bucket: Bucket, version: ObjectVersion, how: str) -> None:
    """The tags of a version changed: by Put or Delete."""
    if bucket.tells_of_objects:
        event = f"ObjectTagging:{how}"
        subject = Subject(event, version.key, etag=version.etag, version_id=shown_id(bucket, version))
        _tell(call, bucket, subject)


def _tell(call: Call, bucket: Bucket, subject: Subject) -> None:
    outbox.tell(call, bucket, subject)
    if bucket.event_bridge:
        event_bus.tell(call, bucket, subject)
