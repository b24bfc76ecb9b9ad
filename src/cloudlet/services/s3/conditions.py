"""Conditional requests: whether what a client says of an object holds. Pure rules.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.s3.errors import NoSuchKey, NotModified, PreconditionFailed

if TYPE_CHECKING:
    from cloudlet.services.s3.model import ObjectVersion


def modified(version: ObjectVersion) -> datetime:
    """When a version was written, in the whole seconds that headers can say."""
    return datetime.fromtimestamp(int(version.modified_at), UTC)


def has_etag(version: ObjectVersion, header: str) -> bool:
    """Whether a version's ETag is among those of an If-Match or If-None-Match header."""
    named = {part.strip().removeprefix("W/").strip('"') for part in header.split(",")}
    return "*" in named or version.etag in named


def check_read(version: ObjectVersion, request: Mapping[str, Any]) -> None:
    """Raises PreconditionFailed, or NotModified, by a read's four headers; ETags go before dates."""
    if "IfMatch" in request:
        if not has_etag(version, request["IfMatch"]):
            raise PreconditionFailed("If-Match")
    elif _changed_since(version, request.get("IfUnmodifiedSince")):
        raise PreconditionFailed("If-Unmodified-Since")
    if "IfNoneMatch" in request:
        unchanged = has_etag(version, request["IfNoneMatch"])
    else:
        unchanged = _unchanged_since(version, request.get("IfModifiedSince"))
    if unchanged:
        raise NotModified(ETagOfObject=f'"{version.etag}"', LastModified=modified(version))


def check_source(version: ObjectVersion, request: Mapping[str, Any]) -> None:
    """The same of an object that is to be copied, where nothing is ever "not modified"."""
    if "CopySourceIfMatch" in request:
        if not has_etag(version, request["CopySourceIfMatch"]):
            raise PreconditionFailed("x-amz-copy-source-If-Match")
    elif _changed_since(version, request.get("CopySourceIfUnmodifiedSince")):
        raise PreconditionFailed("x-amz-copy-source-If-Unmodified-Since")
    if "CopySourceIfNoneMatch" in request:
        if has_etag(version, request["CopySourceIfNoneMatch"]):
            raise PreconditionFailed("x-amz-copy-source-If-None-Match")
    elif _unchanged_since(version, request.get("CopySourceIfModifiedSince")):
        raise PreconditionFailed("x-amz-copy-source-If-Modified-Since")


def _changed_since(version: ObjectVersion, moment: datetime | None) -> bool:
    return moment is not None and modified(version) > moment


def _unchanged_since(version: ObjectVersion, moment: datetime | None) -> bool:
    return moment is not None and modified(version) <= moment


def check_write(current: ObjectVersion | None, key: str, request: Mapping[str, Any]) -> None:
    """Raises PreconditionFailed, or NoSuchKey, by If-Match and If-None-Match of a write."""
    if "IfNoneMatch" in request:
        if request["IfNoneMatch"] != "*":
            raise NotImplementedHere(
                "A header you provided implies functionality that is not implemented", Header="If-None-Match"
            )
        if current is not None:
            raise PreconditionFailed("If-None-Match")
    if "IfMatch" in request:
        if current is None:
            raise NoSuchKey(key)
        if not has_etag(current, request["IfMatch"]):
            raise PreconditionFailed("If-Match")
