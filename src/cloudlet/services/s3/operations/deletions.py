"""Deleting many objects at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import Permission
from cloudlet.core.call import Call
from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.core.operation import operation
from cloudlet.services.s3.errors import InvalidRequest, MalformedXML
from cloudlet.services.s3.permissions import reachable

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api

_MOST: Final = 1000


def _each_by_itself(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """Nothing yet: each object is judged when its turn comes, and refused alone."""
    reachable(call, request["Bucket"], request.get("ExpectedBucketOwner"))
    return []


@operation("DeleteObjects", permissions=_each_by_itself, unsigned=True)
def delete_objects(call: Call, request: api.DeleteObjectsRequestTypeDef) -> dict[str, Any]:
    """Deletes up to 1,000 objects or versions; what cannot be deleted is told beside what was."""
    told = request["Delete"]
    named = told.get("Objects") or ()
    if not 1 <= len(named) <= _MOST:
        raise MalformedXML
    _check_integrity(call)
    deleted, errors = [], []
    for each in named:
        try:
            deleted.append(_delete(call, request["Bucket"], each))
        except ServiceError as error:
            errors.append(_refused(each, error))
    return {"Deleted": None if told.get("Quiet") else deleted, "Errors": errors or None}


def _check_integrity(call: Call) -> None:
    """Raises InvalidRequest for a body without a checksum, which S3 demands here."""
    if call.http is None:
        return
    names = {name.lower() for name, _ in call.http.headers}
    if "content-md5" not in names and not any(
        name.startswith(("x-amz-checksum-", "x-amz-sdk-checksum-", "x-amz-trailer")) for name in names
    ):
        raise InvalidRequest("Missing required header for this request: Content-MD5")


def _delete(call: Call, bucket: str, named: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: named[name] for name in ("Key", "VersionId") if name in named}
    if named.get("ETag"):
        asked["IfMatch"] = named["ETag"]
    answer = call.ask_within("s3", "DeleteObject", {"Bucket": bucket, **asked})
    told: dict[str, Any] = {"Key": named["Key"]}
    if "VersionId" in named:
        told["VersionId"] = named["VersionId"]
    if answer.get("DeleteMarker"):
        told |= {"DeleteMarker": True, "DeleteMarkerVersionId": answer.get("VersionId")}
    return told


def _refused(named: Mapping[str, Any], error: ServiceError) -> dict[str, Any]:
    code = "AccessDenied" if isinstance(error, AccessDenied) else error.code
    told = {"Key": named["Key"], "Code": code, "Message": error.message}
    return {**told, "VersionId": named["VersionId"]} if "VersionId" in named else told
