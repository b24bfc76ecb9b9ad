"""Adding and finding versions of objects by the rules of the bucket's versioning.

Keys are state.py's business; nothing here reads a request's body.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.s3 import state
from cloudlet.services.s3.conditions import modified
from cloudlet.services.s3.errors import InvalidArgument, MethodNotAllowed, NoSuchKey, NoSuchVersion
from cloudlet.services.s3.model import NULL_VERSION, Bucket, ObjectVersion

_ID_LENGTH = 32


def add(call: Call, bucket: Bucket, row: ObjectVersion, content: bytes | None = None) -> ObjectVersion:
    """Makes a version, or a delete marker, the latest of its key; with the version id it gets."""
    enabled = bucket.versioning == "Enabled"
    if not enabled:
        state.replace_null(call, bucket, row.key)
    latest = state.find_latest(call, bucket, row.key)
    order = int(call.time() * 1_000_000)
    added = replace(
        row,
        version_id=call.ids.mixed(_ID_LENGTH) if enabled else NULL_VERSION,
        order=max(order, latest.order + 1) if latest else order,
        modified_at=call.time(),
    )
    state.add_version(call, bucket, added, content)
    return added


def shown_id(bucket: Bucket, row: ObjectVersion) -> str | None:
    """A version's id as answers say it: buckets that were never versioned say none."""
    return None if bucket.versioning is None else row.version_id


def readable(
    call: Call, bucket: Bucket, key: str, version_id: str | None, *, method: str = "GET"
) -> ObjectVersion:
    """The version a request means, which can be read.

    Raises NoSuchKey, NoSuchVersion, MethodNotAllowed or InvalidArgument.
    """
    if version_id is None:
        return _current(call, bucket, key)
    found = named(call, bucket, key, version_id)
    if found is None:
        raise NoSuchVersion(key, version_id)
    if found.delete_marker:
        raise MethodNotAllowed(method, "DeleteMarker", DeleteMarker=True, LastModified=modified(found))
    return found


def _current(call: Call, bucket: Bucket, key: str) -> ObjectVersion:
    found = state.find_latest(call, bucket, key)
    if found is None:
        raise NoSuchKey(key)
    if found.delete_marker:
        raise NoSuchKey(key, DeleteMarker=True, VersionIdOfMarker=found.version_id)
    return found


def named(call: Call, bucket: Bucket, key: str, version_id: str) -> ObjectVersion | None:
    """A version by its id, be it a delete marker. Raises InvalidArgument for what is no version id."""
    if version_id == "":
        raise InvalidArgument("Version id cannot be the empty string", "versionId", version_id)
    if version_id != NULL_VERSION and not (len(version_id) == _ID_LENGTH and version_id.isalnum()):
        raise InvalidArgument("Invalid version id specified", "versionId", version_id)
    return state.find_version(call, bucket, key, version_id)


def delete(call: Call, bucket: Bucket, key: str, version_id: str | None) -> dict[str, Any]:
    """Deletes a version for good or, without its id, as the bucket's versioning demands; the answer."""
    if version_id is not None:
        found = named(call, bucket, key, version_id)
        if found is not None:
            state.delete_version(call, bucket, found)
        marker = found is not None and found.delete_marker
        return {"VersionId": version_id, "DeleteMarker": marker or None}
    if bucket.versioning is None:
        state.replace_null(call, bucket, key)
        return {}
    marker_row = add(call, bucket, ObjectVersion(key, 0, 0.0, delete_marker=True))
    return {"VersionId": marker_row.version_id, "DeleteMarker": True}
