"""Operations on one object: put, get, head, delete."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.s3 import checksums, content, descriptions, encryption, state, versions
from cloudlet.services.s3.conditions import check_read, check_write
from cloudlet.services.s3.errors import InvalidArgument, InvalidPartNumber, InvalidRequest
from cloudlet.services.s3.model import Bucket, Checksum, ObjectVersion
from cloudlet.services.s3.notifications import happenings
from cloudlet.services.s3.permissions import on_deletion, on_object, on_version
from cloudlet.services.s3.ranges import Span, find_span

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api


@operation("PutObject", permissions=on_object("PutObject", tagging="PutObjectTagging"), unsigned=True)
async def put_object(call: Call, request: api.PutObjectRequestTypeDef) -> dict[str, Any]:
    """Stores an object; nothing of it is there before all of it has been read and checked."""
    description = descriptions.describe(request)
    stated = checksums.given(request)
    algorithm = checksums.chosen(request, announced_trailer(call)) or checksums.DEFAULT
    sealing = await encryption.of_new_object(call, request)
    sent: Any = request.get("Body")
    async with content.received(call, sent, (algorithm,), key=sealing.key) as body:
        value = body.checksums[algorithm]
        checksums.check(stated, algorithm, value)
        row = ObjectVersion(
            request["Key"],
            order=0,
            modified_at=0.0,
            size=body.size,
            etag=body.etag,
            pieces=body.pieces,
            description=description,
            checksum=Checksum(algorithm, value),
            encryption=sealing.encryption,
        )
        return await call.transact(partial(_commit, request=request, row=row, inline=body.inline))


def _commit(
    call: Call, *, request: api.PutObjectRequestTypeDef, row: ObjectVersion, inline: bytes | None
) -> dict[str, Any]:
    bucket = state.bucket(call, request["Bucket"])
    check_write(state.find_current(call, bucket, row.key), row.key, request)
    added = versions.add(call, bucket, row, inline)
    happenings.created(call, bucket, added, "Put")
    return written(bucket, added)


def written(bucket: Bucket, row: ObjectVersion) -> dict[str, Any]:
    """What a write answers."""
    return {
        "ETag": f'"{row.etag}"',
        "VersionId": versions.shown_id(bucket, row),
        **(row.checksum.members if row.checksum else {}),
        **encryption.members(row.encryption),
    }


def announced_trailer(call: Call) -> str:
    """The name of the checksum that follows the body, as the client announced it."""
    return (call.http.header("x-amz-trailer") or "") if call.http else ""


@operation(
    "GetObject", permissions=on_version("GetObject", "GetObjectVersion"), read_only=True, unsigned=True
)
def get_object(call: Call, request: api.GetObjectRequestTypeDef) -> dict[str, Any]:
    """An object's bytes, or some of them. The body is bytes, a FileBody or an iterator of bytes."""
    bucket, version, span, answer = _read(call, request)
    key = encryption.key_of(call, version.encryption, request)
    answer["Body"] = content.body_of(call, bucket, version, span.offset, span.count, key)
    return answer


@operation(
    "HeadObject",
    permissions=on_version("GetObject", "GetObjectVersion"),
    read_only=True,
    unsigned=True,
)
def head_object(call: Call, request: api.HeadObjectRequestTypeDef) -> dict[str, Any]:
    """What GetObject would say, without the bytes."""
    _, version, _, answer = _read(call, request)
    encryption.check_customer_key(version.encryption, request)
    return answer


def _read(
    call: Call, request: api.GetObjectRequestTypeDef | api.HeadObjectRequestTypeDef
) -> tuple[Bucket, ObjectVersion, Span, dict[str, Any]]:
    bucket = state.bucket(call, request["Bucket"])
    method = call.http.method if call.http else "GET"
    version = versions.readable(call, bucket, request["Key"], request.get("VersionId"), method=method)
    check_read(version, request)
    answer = descriptions.answer(version, versions.shown_id(bucket, version))
    answer.update(_overrides(call, request))
    span = _span(version, request, answer)
    if span is not None:
        answer["ContentRange"] = span.content_range(version.size)
        answer["ContentLength"] = span.count
    elif request.get("ChecksumMode") == "ENABLED" and version.checksum:
        answer.update(version.checksum.members)
    return bucket, version, span or Span(0, version.size), answer


def _overrides(
    call: Call, request: api.GetObjectRequestTypeDef | api.HeadObjectRequestTypeDef
) -> dict[str, Any]:
    found = descriptions.overrides(request)
    if found and not call.principal.account:
        raise InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
    return found


def _span(
    version: ObjectVersion,
    request: api.GetObjectRequestTypeDef | api.HeadObjectRequestTypeDef,
    answer: dict[str, Any],
) -> Span | None:
    number = request.get("PartNumber")
    if number is None:
        return find_span(request.get("Range"), version.size)
    if "Range" in request:
        raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
    if number < 1 or number > 10_000:
        raise InvalidArgument(
            "Part number must be an integer between 1 and 10000, inclusive", "partNumber", number
        )
    if not version.parts:
        if number != 1:
            raise InvalidPartNumber(number, 1)
        return Span(0, version.size) if version.size else None
    if number > len(version.parts):
        raise InvalidPartNumber(number, len(version.parts))
    answer["PartsCount"] = len(version.parts)
    return Span(sum(part.size for part in version.parts[: number - 1]), version.parts[number - 1].size)


@operation("DeleteObject", permissions=on_deletion, unsigned=True)
def delete_object(call: Call, request: api.DeleteObjectRequestTypeDef) -> dict[str, Any]:
    """Deletes an object or a version of it; one that is not there is no error."""
    bucket = state.bucket(call, request["Bucket"])
    key = request["Key"]
    check_write(state.find_current(call, bucket, key), key, request)
    answer = versions.delete(call, bucket, key, request.get("VersionId"))
    happenings.deleted(call, bucket, key, request.get("VersionId"), answer)
    return answer
