"""Operations on what is known of an object beside its bytes: tags, attributes, access lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list
from cloudlet.services.s3 import encryption, state, versions
from cloudlet.services.s3.conditions import modified
from cloudlet.services.s3.errors import AccessControlListNotSupported, InvalidArgument
from cloudlet.services.s3.model import Bucket, ObjectVersion
from cloudlet.services.s3.notifications import happenings
from cloudlet.services.s3.operations.configurations import full_control
from cloudlet.services.s3.permissions import on_version
from cloudlet.services.s3.tags import MOST_OF_OBJECT, read_tags

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api

_ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


@operation("PutObjectTagging", permissions=on_version("PutObjectTagging", "PutObjectVersionTagging"))
def put_object_tagging(call: Call, request: api.PutObjectTaggingRequestTypeDef) -> dict[str, Any]:
    """Replaces an object's tags."""
    tags = read_tags(request["Tagging"]["TagSet"], most=MOST_OF_OBJECT)
    return _tag(call, request, tags, "Put")


@operation("DeleteObjectTagging", permissions=on_version("DeleteObjectTagging", "DeleteObjectVersionTagging"))
def delete_object_tagging(call: Call, request: api.DeleteObjectTaggingRequestTypeDef) -> dict[str, Any]:
    """Takes an object's tags away."""
    return _tag(call, request, {}, "Delete")


def _tag(call: Call, request: Mapping[str, Any], tags: dict[str, str], happened: str) -> dict[str, Any]:
    bucket = state.bucket(call, request["Bucket"])
    version = versions.readable(call, bucket, request["Key"], request.get("VersionId"))
    current = state.is_current(call, bucket, version)
    state.save_version(call, bucket, version.tagged(tags), current=current)
    happenings.tagged(call, bucket, version, happened)
    return {"VersionId": versions.shown_id(bucket, version)}


@operation(
    "GetObjectTagging",
    permissions=on_version("GetObjectTagging", "GetObjectVersionTagging"),
    read_only=True,
    unsigned=True,
)
def get_object_tagging(call: Call, request: api.GetObjectTaggingRequestTypeDef) -> dict[str, Any]:
    """An object's tags."""
    bucket = state.bucket(call, request["Bucket"])
    version = versions.readable(call, bucket, request["Key"], request.get("VersionId"))
    tags = tag_list(version.description.tags)
    return {"TagSet": tags, "VersionId": versions.shown_id(bucket, version)}


@operation("GetObjectAcl", permissions=on_version("GetObjectAcl", "GetObjectVersionAcl"), read_only=True)
def get_object_acl(call: Call, request: api.GetObjectAclRequestTypeDef) -> dict[str, Any]:
    """The access control list: the bucket's owner may do everything."""
    bucket = state.bucket(call, request["Bucket"])
    versions.readable(call, bucket, request["Key"], request.get("VersionId"))
    return full_control(bucket.owner)


@operation("PutObjectAcl", permissions=on_version("PutObjectAcl", "PutObjectVersionAcl"))
def put_object_acl(call: Call, request: api.PutObjectAclRequestTypeDef) -> None:
    """Refused: objects in buckets whose owner owns everything have no access control lists of their own."""
    raise AccessControlListNotSupported


@operation(
    "GetObjectAttributes",
    permissions=on_version("GetObjectAttributes", "GetObjectVersionAttributes"),
    read_only=True,
)
def get_object_attributes(call: Call, request: api.GetObjectAttributesRequestTypeDef) -> dict[str, Any]:
    """The attributes that are asked for."""
    bucket = state.bucket(call, request["Bucket"])
    wanted = request["ObjectAttributes"]
    if not wanted or any(name not in _ATTRIBUTES for name in wanted):
        raise InvalidArgument("Invalid attribute name specified.", "x-amz-object-attributes")
    version = versions.readable(call, bucket, request["Key"], request.get("VersionId"))
    encryption.check_customer_key(version.encryption, request)
    known = {
        "ETag": version.etag,
        "Checksum": version.checksum.members if version.checksum else None,
        "ObjectParts": _parts(version, request.get("PartNumberMarker", 0), request.get("MaxParts", 1000)),
        "StorageClass": version.description.storage_class,
        "ObjectSize": version.size,
    }
    answer = {name: known[name] for name in _ATTRIBUTES if name in wanted}
    return {**answer, **_heading(bucket, version)}


def _heading(bucket: Bucket, version: ObjectVersion) -> dict[str, Any]:
    return {"LastModified": modified(version), "VersionId": versions.shown_id(bucket, version)}


def _parts(version: ObjectVersion, marker: int, limit: int) -> dict[str, Any] | None:
    """The parts an object was completed from; S3 lists them only where they have checksums of their own."""
    if not version.parts:
        return None
    composite = version.checksum is not None and version.checksum.type == "COMPOSITE"
    if not composite:
        return {"TotalPartsCount": len(version.parts)}
    algorithm = version.checksum.algorithm if version.checksum else ""
    rest = [part for part in version.parts if part.number > marker]
    shown = rest[:limit]
    return {
        "TotalPartsCount": len(version.parts),
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": limit,
        "IsTruncated": len(rest) > len(shown),
        "Parts": [
            {"PartNumber": part.number, "Size": part.size, f"Checksum{algorithm}": part.checksum}
            for part in shown
        ],
    }
