"""Operations that list objects and their versions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.s3 import state, versions
from cloudlet.services.s3.conditions import modified
from cloudlet.services.s3.errors import InvalidArgument
from cloudlet.services.s3.listing import (
    Page,
    Wanted,
    check_max_keys,
    encoder,
    key_of_token,
    read_page,
    token_of,
)
from cloudlet.services.s3.model import Bucket, ObjectVersion
from cloudlet.services.s3.permissions import on_bucket
from cloudlet.services.s3.state import Marker

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import type_defs as api


@operation("ListObjectsV2", permissions=on_bucket("ListBucket"), read_only=True, unsigned=True)
def list_objects_v2(call: Call, request: api.ListObjectsV2RequestTypeDef) -> dict[str, Any]:
    """Lists objects, going on by tokens."""
    bucket = state.bucket(call, request["Bucket"])
    encode = encoder(request.get("EncodingType"))
    token = request.get("ContinuationToken")
    if token == "":
        raise InvalidArgument("The continuation token provided is incorrect", "continuation-token")
    after = key_of_token(token) if token else request.get("StartAfter", "")
    page, limit = _objects(call, bucket, request, after)
    owner = bucket.owner if request.get("FetchOwner") else None
    answer = _listed(bucket, request, page, encode, owner)
    answer.update(
        MaxKeys=limit,
        KeyCount=page.count,
        ContinuationToken=token,
        NextContinuationToken=token_of(page.last) if page.truncated else None,
        StartAfter=encode(request["StartAfter"]) if "StartAfter" in request else None,
    )
    return answer


@operation("ListObjects", permissions=on_bucket("ListBucket"), read_only=True, unsigned=True)
def list_objects(call: Call, request: api.ListObjectsRequestTypeDef) -> dict[str, Any]:
    """Lists objects, going on by markers."""
    bucket = state.bucket(call, request["Bucket"])
    encode = encoder(request.get("EncodingType"))
    page, limit = _objects(call, bucket, request, request.get("Marker", ""))
    answer = _listed(bucket, request, page, encode, bucket.owner)
    answer.update(MaxKeys=limit, Marker=encode(request.get("Marker", "")))
    if page.truncated and request.get("Delimiter"):
        answer["NextMarker"] = encode(page.last)
    return answer


def _objects(
    call: Call,
    bucket: Bucket,
    request: api.ListObjectsV2RequestTypeDef | api.ListObjectsRequestTypeDef,
    after: str,
) -> tuple[Page[ObjectVersion], int]:
    limit = check_max_keys(request.get("MaxKeys"))
    wanted = Wanted(
        request.get("Prefix", ""), request.get("Delimiter", ""), limit, Marker(after, inclusive=not after)
    )
    return read_page(wanted, partial(state.objects_from, call, bucket), lambda row: row.key), limit


def _listed(
    bucket: Bucket,
    request: api.ListObjectsV2RequestTypeDef | api.ListObjectsRequestTypeDef,
    page: Page[ObjectVersion],
    encode: Callable[[str], str],
    owner: dict[str, str] | None,
) -> dict[str, Any]:
    return {
        "IsTruncated": page.truncated,
        "Contents": [_entry(row, encode, owner) for row in page.rows],
        "Name": bucket.name,
        "Prefix": encode(request.get("Prefix", "")),
        "Delimiter": encode(request["Delimiter"]) if request.get("Delimiter") else None,
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.common_prefixes],
        "EncodingType": request.get("EncodingType"),
    }


def _entry(row: ObjectVersion, encode: Callable[[str], str], owner: dict[str, str] | None) -> dict[str, Any]:
    entry = {
        "Key": encode(row.key),
        "LastModified": modified(row),
        "ETag": f'"{row.etag}"',
        "Size": row.size,
        "StorageClass": row.description.storage_class,
    }
    if row.checksum:
        entry["ChecksumAlgorithm"] = [row.checksum.algorithm]
        entry["ChecksumType"] = row.checksum.type
    if owner:
        entry["Owner"] = owner
    return entry


@operation("ListObjectVersions", permissions=on_bucket("ListBucketVersions"), read_only=True, unsigned=True)
def list_object_versions(call: Call, request: api.ListObjectVersionsRequestTypeDef) -> dict[str, Any]:
    """Lists all versions and delete markers, those of a key from the latest on."""
    bucket = state.bucket(call, request["Bucket"])
    encode = encoder(request.get("EncodingType"))
    limit = check_max_keys(request.get("MaxKeys"))
    key_marker, id_marker = request.get("KeyMarker", ""), request.get("VersionIdMarker")
    wanted = Wanted(
        request.get("Prefix", ""),
        request.get("Delimiter", ""),
        limit,
        _version_marker(call, bucket, key_marker, id_marker),
    )
    page = read_page(wanted, partial(state.versions_from, call, bucket), lambda found: found[0].key)
    entries = [(_version(bucket, row, latest, encode), row.delete_marker) for row, latest in page.rows]
    more = page.truncated
    return {
        "IsTruncated": more,
        "KeyMarker": encode(key_marker),
        "VersionIdMarker": id_marker or "",
        "NextKeyMarker": encode(page.last) if more else None,
        "NextVersionIdMarker": _next_version_id(page) if more else None,
        "Versions": [entry for entry, marker in entries if not marker],
        "DeleteMarkers": [entry for entry, marker in entries if marker],
        "Name": bucket.name,
        "Prefix": encode(request.get("Prefix", "")),
        "Delimiter": encode(request["Delimiter"]) if request.get("Delimiter") else None,
        "MaxKeys": limit,
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.common_prefixes],
        "EncodingType": request.get("EncodingType"),
    }


def _version_marker(call: Call, bucket: Bucket, key: str, version_id: str | None) -> Marker:
    if version_id is None:
        return Marker(key, inclusive=not key)
    if not key:
        raise InvalidArgument(
            "A version-id marker cannot be specified without a key marker.", "version-id-marker", version_id
        )
    found = versions.named(call, bucket, key, version_id)
    return Marker(key, inclusive=found is not None, order=found.order if found else None)


def _next_version_id(page: Page[tuple[ObjectVersion, bool]]) -> str | None:
    last = page.rows[-1][0] if page.rows else None
    return last.version_id if last is not None and last.key == page.last else None


def _version(
    bucket: Bucket, row: ObjectVersion, latest: bool, encode: Callable[[str], str]
) -> dict[str, Any]:
    if row.delete_marker:
        entry: dict[str, Any] = {"Key": encode(row.key), "LastModified": modified(row), "Owner": bucket.owner}
    else:
        entry = _entry(row, encode, bucket.owner)
    return {**entry, "VersionId": row.version_id, "IsLatest": latest}
