"""Operations on multipart uploads."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.s3 import checksums, content, descriptions, encryption, state, uploads, versions
from cloudlet.services.s3.conditions import check_write
from cloudlet.services.s3.listing import Page, Wanted, check_max_keys, encoder, read_page
from cloudlet.services.s3.model import Bucket, ObjectVersion, Part, Upload, owner_of
from cloudlet.services.s3.notifications import happenings
from cloudlet.services.s3.operations.objects import announced_trailer, written
from cloudlet.services.s3.permissions import on_bucket, on_object
from cloudlet.services.s3.state import Marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import type_defs as api


@operation(
    "CreateMultipartUpload", permissions=on_object("PutObject", tagging="PutObjectTagging"), unsigned=True
)
def create_multipart_upload(call: Call, request: api.CreateMultipartUploadRequestTypeDef) -> dict[str, Any]:
    """Begins an upload."""
    bucket = state.bucket(call, request["Bucket"])
    description = descriptions.describe(request)
    algorithm, kind = uploads.checksum_type_of(request)
    row = Upload(
        request["Key"],
        call.ids.mixed(128),
        call.time(),
        call.principal.arn,
        description,
        algorithm,
        kind,
        encryption.new(call, request).encryption,
    )
    uploads.save_upload(call, bucket, row)
    return {
        "Bucket": bucket.name,
        "Key": row.key,
        "UploadId": row.upload_id,
        "ChecksumAlgorithm": algorithm,
        "ChecksumType": kind,
        **encryption.members(row.encryption),
    }


@operation("UploadPart", permissions=on_object("PutObject"), unsigned=True)
async def upload_part(call: Call, request: api.UploadPartRequestTypeDef) -> dict[str, Any]:
    """Stores a part; nothing of it is there before all of it has been read and checked."""
    uploads.check_part_number(request["PartNumber"])
    find = partial(find_upload, name=request["Bucket"], key=request["Key"], upload_id=request["UploadId"])
    row, key = await call.transact(partial(upload_and_key, find=find, request=request), read_only=True)
    stated = checksums.given(request)
    chosen = checksums.chosen(request, announced_trailer(call))
    algorithms = uploads.part_algorithms(row, chosen)
    sent: Any = request.get("Body")
    async with content.received(call, sent, algorithms, inline=False, key=key) as body:
        for algorithm in algorithms:
            checksums.check(stated, algorithm, body.checksums[algorithm])
        part = await store_part(call, find, request["Bucket"], request["PartNumber"], body)
    shown = chosen or row.checksum_algorithm
    return {
        "ETag": f'"{part.etag}"',
        **({f"Checksum{shown}": part.checksums[shown]} if shown else {}),
        **encryption.members(row.encryption),
    }


def find_upload(call: Call, *, name: str, key: str, upload_id: str) -> Upload:
    """An upload by all that names it. Raises NoSuchBucket or NoSuchUpload."""
    return uploads.upload(call, state.bucket(call, name), key, upload_id)


def upload_and_key(
    call: Call, *, find: partial[Upload], request: Mapping[str, Any]
) -> tuple[Upload, bytes | None]:
    """An upload, and the key that all its parts are encrypted with."""
    row = find(call)
    return row, encryption.key_of(call, row.encryption, request)


async def store_part(
    call: Call, find: partial[Upload], bucket: str, number: int, body: content.Received
) -> Part:
    """Writes a part's row, if its upload is still under way."""

    def commit(inner: Call) -> Part:
        part = Part(number, body.size, body.etag, inner.time(), body.pieces, body.checksums)
        uploads.save_part(inner, state.bucket(inner, bucket), find(inner), part)
        return part

    return await call.transact(commit)


@operation("CompleteMultipartUpload", permissions=on_object("PutObject"), unsigned=True)
def complete_multipart_upload(
    call: Call, request: api.CompleteMultipartUploadRequestTypeDef
) -> dict[str, Any]:
    """Makes an object of an upload's parts, whose bytes stay where they are."""
    bucket = state.bucket(call, request["Bucket"])
    row = uploads.upload(call, bucket, request["Key"], request["UploadId"])
    parts = uploads.chosen_parts(call, bucket, row, request.get("MultipartUpload", {}).get("Parts", ()))
    checksum = uploads.checksum_of(row, parts)
    size = sum(part.size for part in parts)
    uploads.check_completion(request, checksum, size)
    check_write(state.find_current(call, bucket, row.key), row.key, request)
    version = ObjectVersion(
        row.key,
        order=0,
        modified_at=0.0,
        size=size,
        etag=uploads.etag_of(parts),
        pieces=tuple(piece for part in parts for piece in part.pieces),
        description=row.description,
        checksum=checksum,
        parts=uploads.parts_of_object(row, parts),
        encryption=row.encryption,
    )
    added = versions.add(call, bucket, version)
    happenings.created(call, bucket, added, "CompleteMultipartUpload")
    uploads.forget(call, bucket, row, kept=frozenset(part.number for part in parts))
    answer = written(bucket, added)
    for name in ("SSECustomerAlgorithm", "SSECustomerKeyMD5"):
        answer.pop(name, None)  # CompleteMultipartUpload alone does not say them
    location = f"https://{bucket.name}.s3.{bucket.region}.amazonaws.com/{row.key}"
    return {"Location": location, "Bucket": bucket.name, "Key": row.key, **answer}


@operation("AbortMultipartUpload", permissions=on_object("AbortMultipartUpload"), unsigned=True)
def abort_multipart_upload(call: Call, request: api.AbortMultipartUploadRequestTypeDef) -> None:
    """Gives an upload up, with all its parts."""
    bucket = state.bucket(call, request["Bucket"])
    uploads.forget(call, bucket, uploads.upload(call, bucket, request["Key"], request["UploadId"]))


@operation("ListParts", permissions=on_object("ListMultipartUploadParts"), read_only=True, unsigned=True)
def list_parts(call: Call, request: api.ListPartsRequestTypeDef) -> dict[str, Any]:
    """An upload's parts by number."""
    bucket = state.bucket(call, request["Bucket"])
    row = uploads.upload(call, bucket, request["Key"], request["UploadId"])
    limit = check_max_keys(request.get("MaxParts"), "max-parts")
    marker = request.get("PartNumberMarker", 0)
    found = list(islice(uploads.list_parts(call, bucket, row, marker), limit + 1))
    shown = found[:limit]
    return {
        "Bucket": bucket.name,
        "Key": row.key,
        "UploadId": row.upload_id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": limit,
        "IsTruncated": len(found) > limit,
        "Parts": [_part(row, part) for part in shown],
        "Initiator": {**owner_of(bucket.account), "DisplayName": row.initiator},
        "Owner": bucket.owner,
        "StorageClass": row.description.storage_class,
        "ChecksumAlgorithm": row.checksum_algorithm,
        "ChecksumType": row.checksum_type,
    }


def _part(row: Upload, part: Part) -> dict[str, Any]:
    shown = row.checksum_algorithm
    return {
        "PartNumber": part.number,
        "LastModified": datetime.fromtimestamp(int(part.modified_at), UTC),
        "ETag": f'"{part.etag}"',
        "Size": part.size,
        **({f"Checksum{shown}": part.checksums[shown]} if shown else {}),
    }


@operation("ListMultipartUploads", permissions=on_bucket("ListBucketMultipartUploads"), read_only=True)
def list_multipart_uploads(call: Call, request: api.ListMultipartUploadsRequestTypeDef) -> dict[str, Any]:
    """A bucket's uploads by key, and of one key by the time of their beginning."""
    bucket = state.bucket(call, request["Bucket"])
    encode = encoder(request.get("EncodingType"))
    limit = check_max_keys(request.get("MaxUploads"), "max-uploads")
    key_marker, id_marker = request.get("KeyMarker", ""), request.get("UploadIdMarker", "")
    wanted = Wanted(
        request.get("Prefix", ""), request.get("Delimiter", ""), limit, Marker(key_marker, inclusive=True)
    )
    page: Page[Upload] = read_page(
        wanted, partial(_uploads_from, call, bucket, (key_marker, id_marker)), lambda row: row.key
    )
    more = page.truncated
    return {
        "Bucket": bucket.name,
        "KeyMarker": encode(key_marker),
        "UploadIdMarker": id_marker,
        "NextKeyMarker": encode(page.last) if more else None,
        "NextUploadIdMarker": page.rows[-1].upload_id if more and page.rows else None,
        "Prefix": encode(request.get("Prefix", "")),
        "Delimiter": request.get("Delimiter"),
        "MaxUploads": limit,
        "IsTruncated": more,
        "Uploads": [_upload(bucket, row, encode(row.key)) for row in page.rows],
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.common_prefixes],
        "EncodingType": request.get("EncodingType"),
    }


def _uploads_from(call: Call, bucket: Bucket, after: tuple[str, str], marker: Marker) -> Iterator[Upload]:
    """The uploads from a key on that come after another upload, or after all of another key."""
    ordered = sorted(uploads.list_uploads(call, bucket), key=_place)
    if after[0]:
        last = next((_place(row) for row in ordered if (row.key, row.upload_id) == after), None)
        floor = last or (after[0].encode(), float("inf"), "")
        ordered = [row for row in ordered if _place(row) > floor]
    return (row for row in ordered if row.key.encode() >= marker.key.encode())


def _place(row: Upload) -> tuple[bytes, float, str]:
    return row.key.encode(), row.started_at, row.upload_id


def _upload(bucket: Bucket, row: Upload, key: str) -> dict[str, Any]:
    return {
        "UploadId": row.upload_id,
        "Key": key,
        "Initiated": datetime.fromtimestamp(int(row.started_at), UTC),
        "StorageClass": row.description.storage_class,
        "Owner": bucket.owner,
        "Initiator": {**owner_of(bucket.account), "DisplayName": row.initiator},
        "ChecksumAlgorithm": row.checksum_algorithm,
        "ChecksumType": row.checksum_type,
    }
