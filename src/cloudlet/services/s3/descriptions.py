"""What requests and answers say of an object beside its bytes: headers, metadata, tags, encryption.

Pure: reads members, gives members; no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.s3 import encryption
from cloudlet.services.s3.conditions import modified
from cloudlet.services.s3.errors import AccessControlListNotSupported, InvalidArgument, InvalidStorageClass
from cloudlet.services.s3.model import Description, ObjectVersion, check_metadata
from cloudlet.services.s3.tags import check_tags

_HEADERS: Final = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
_OVERRIDES: Final = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}
_STORAGE_CLASSES: Final = frozenset(
    {"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"}
)
_ARCHIVES: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_UNSUPPORTED: Final = (
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
    "WriteOffsetBytes",
)
_GRANTS: Final = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")
_HARMLESS_ACLS: Final = frozenset({"private", "bucket-owner-full-control"})


def describe(request: Mapping[str, Any]) -> Description:
    """What a write says of its object. Raises what S3 says to the impossible."""
    _refuse_unsupported(request)
    check_acl(request)
    metadata = dict(request.get("Metadata") or {})
    check_metadata(metadata)
    headers = {name: request[name] for name in _HEADERS if request.get(name)}
    headers.setdefault("ContentType", "binary/octet-stream")
    if headers.get("ContentEncoding"):
        encoding = _without_framing(headers.pop("ContentEncoding"))
        if encoding:
            headers["ContentEncoding"] = encoding
    storage_class = request.get("StorageClass") or "STANDARD"
    if storage_class in _ARCHIVES:
        raise NotImplementedHere(f"cloudlet has no storage class {storage_class} (yet). Nothing was done.")
    if storage_class not in _STORAGE_CLASSES:
        raise InvalidStorageClass
    return Description(headers, metadata, storage_class, tags_of_header(request.get("Tagging")))


def _without_framing(encoding: str) -> str:
    # aws-chunked is how the body came, not what it is.
    parts = [part.strip() for part in encoding.split(",")]
    return ",".join(part for part in parts if part and part != "aws-chunked")


def _refuse_unsupported(request: Mapping[str, Any]) -> None:
    given = [name for name in _UNSUPPORTED if name in request]
    if given:
        raise NotImplementedHere(
            f"cloudlet does not implement {given[0]} of objects (yet). Nothing was done."
        )


def check_acl(request: Mapping[str, Any]) -> None:
    """Raises AccessControlListNotSupported for any but the owner's own access."""
    if request.get("ACL", "private") not in _HARMLESS_ACLS or any(name in request for name in _GRANTS):
        raise AccessControlListNotSupported


def tags_of_header(header: str | None) -> dict[str, str]:
    """The tags of an x-amz-tagging header. Raises InvalidArgument or InvalidTag."""
    if not header:
        return {}
    pairs = parse_qsl(header, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise InvalidArgument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
            "without tag name duplicates.",
            "x-amz-tagging",
            header,
        )
    tags = dict(pairs)
    check_tags(tags, most=10)
    return tags


def answer(version: ObjectVersion, version_id: str | None) -> dict[str, Any]:
    """What a read says of a version, but for its bytes."""
    description = version.description
    members: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": modified(version),
        "ContentLength": version.size,
        "ETag": f'"{version.etag}"',
        "VersionId": version_id,
        "Metadata": description.metadata,
        "TagCount": len(description.tags) or None,
        **description.headers,
        **encryption.members(version.encryption),
    }
    if description.storage_class != "STANDARD":
        members["StorageClass"] = description.storage_class
    return members


def overrides(request: Mapping[str, Any]) -> dict[str, Any]:
    """The headers that a read asks to have otherwise than they are kept."""
    return {name: request[key] for key, name in _OVERRIDES.items() if key in request}
