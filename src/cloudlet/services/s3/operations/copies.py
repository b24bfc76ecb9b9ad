"""Operations that copy what is there already: whole objects, and parts of objects into uploads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import Permission
from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.s3 import checksums, content, descriptions, encryption, state, uploads, versions
from cloudlet.services.s3.conditions import check_source, check_write, modified
from cloudlet.services.s3.errors import InvalidArgument, InvalidRequest
from cloudlet.services.s3.model import (
    LARGEST_BODY_BYTES,
    Bucket,
    Checksum,
    Description,
    ObjectVersion,
)
from cloudlet.services.s3.notifications import happenings
from cloudlet.services.s3.operations.multipart import find_upload, store_part, upload_and_key
from cloudlet.services.s3.operations.objects import written
from cloudlet.services.s3.permissions import context_of, on_object, owned, read_permissions
from cloudlet.services.s3.ranges import Span, copy_span

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api

_REPLACING = ("StorageClass", "ServerSideEncryption", "WebsiteRedirectLocation", "ChecksumAlgorithm")


class Source(Struct, frozen=True):
    """What a copy is made of."""

    bucket: Bucket
    version: ObjectVersion
    inline: bytes
    """In the clear."""
    key: bytes | None
    """What its bytes are encrypted with."""

    def body(self, call: Call, span: Span) -> content.StoredBody:
        """Some of its bytes."""
        runs = content.runs_of(self.version.pieces, span.offset, span.count)
        inline = self.inline[span.offset : span.offset + span.count]
        return content.StoredBody(call.cloud.blobs, inline, runs, self.key)


def read_source(text: Any) -> tuple[str, str, str | None]:
    """Bucket, key and version id of x-amz-copy-source. Raises InvalidArgument."""
    path, _, query = str(text).partition("?")
    bucket, slash, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not slash or not key:
        raise InvalidArgument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            "x-amz-copy-source",
            text,
        )
    return bucket, key, parse_qs(query, keep_blank_values=True).get("versionId", [None])[0]


def _to_copy(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """Reading the source, and writing the destination."""
    writing = on_object("PutObject", tagging="PutObjectTagging")(call, request)
    name, key, version_id = read_source(request["CopySource"])
    source = owned(call, name, request.get("ExpectedSourceBucketOwner"))
    actions = ("GetObject", "GetObjectVersion")
    reading = read_permissions(call, source, key, version_id, actions, context_of(call, request))
    return [*reading, *writing]


def _source(call: Call, request: Mapping[str, Any]) -> Source:
    name, key, version_id = read_source(request["CopySource"])
    bucket = state.bucket(call, name)
    version = versions.readable(call, bucket, key, version_id)
    check_source(version, request)
    data_key = encryption.key_of(call, version.encryption, request, "CopySource")
    inline = b"" if version.pieces else content.small_body(call, bucket, version, data_key)
    return Source(bucket, version, inline, data_key)


@operation("CopyObject", permissions=_to_copy)
async def copy_object(call: Call, request: api.CopyObjectRequestTypeDef) -> dict[str, Any]:
    """Copies an object, with what is said of it or with something else."""
    source = await call.transact(partial(_source, request=request), read_only=True)
    version = source.version
    _check_copy(request, source)
    algorithm = checksums.chosen(request, "") or (
        version.checksum.algorithm if version.checksum else checksums.DEFAULT
    )
    sealing = await encryption.of_new_object(call, request)
    whole = source.body(call, Span(0, version.size))
    async with content.received(call, whole, (algorithm,), key=sealing.key) as body:
        row = ObjectVersion(
            request["Key"],
            order=0,
            modified_at=0.0,
            size=body.size,
            etag=body.etag,
            pieces=body.pieces,
            description=_description(request, version),
            checksum=Checksum(algorithm, body.checksums[algorithm]),
            encryption=sealing.encryption,
        )
        commit = partial(_commit, request=request, source=source, row=row, inline=body.inline)
        return await call.transact(commit)


def _check_copy(request: Mapping[str, Any], source: Source) -> None:
    for name in ("MetadataDirective", "TaggingDirective"):
        if request.get(name, "COPY") not in ("COPY", "REPLACE"):
            what = name.removesuffix("Directive").lower()
            raise InvalidArgument(f"Unknown {what} directive.", f"x-amz-{what}-directive", request[name])
    if source.version.size > LARGEST_BODY_BYTES:
        raise InvalidRequest(
            f"The specified copy source is larger than the maximum allowable size for a copy source: "
            f"{LARGEST_BODY_BYTES}"
        )
    same = (source.bucket.name, source.version.key) == (request["Bucket"], request["Key"])
    changed = request.get("MetadataDirective") == "REPLACE" or any(name in request for name in _REPLACING)
    if same and not changed and "versionId=" not in str(request["CopySource"]):
        raise InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing "
            "the object's metadata, storage class, website redirect location or encryption settings."
        )


def _description(request: Mapping[str, Any], version: ObjectVersion) -> Description:
    """What is said of the copy: the source's words or the request's, as the directives have it."""
    told, kept = descriptions.describe(request), version.description
    if request.get("MetadataDirective") == "REPLACE":
        chosen = replace(told, tags=kept.tags)
    else:
        headers = {name: text for name, text in kept.headers.items() if name != "WebsiteRedirectLocation"}
        if "WebsiteRedirectLocation" in told.headers:
            headers["WebsiteRedirectLocation"] = told.headers["WebsiteRedirectLocation"]
        chosen = replace(kept, headers=headers, storage_class=told.storage_class)
    return replace(chosen, tags=told.tags) if request.get("TaggingDirective") == "REPLACE" else chosen


def _commit(
    call: Call,
    *,
    request: api.CopyObjectRequestTypeDef,
    source: Source,
    row: ObjectVersion,
    inline: bytes | None,
) -> dict[str, Any]:
    bucket = state.bucket(call, request["Bucket"])
    check_write(state.find_current(call, bucket, row.key), row.key, request)
    added = versions.add(call, bucket, row, inline)
    happenings.created(call, bucket, added, "Copy")
    answer = written(bucket, added)
    names = ("ETag", "ChecksumType", *(name for name in answer if name.startswith("Checksum")))
    result = {name: answer.pop(name) for name in dict.fromkeys(names)}
    return {
        **answer,
        "CopyObjectResult": {**result, "LastModified": modified(added)},
        "CopySourceVersionId": versions.shown_id(source.bucket, source.version),
    }


@operation("UploadPartCopy", permissions=_to_copy)
async def upload_part_copy(call: Call, request: api.UploadPartCopyRequestTypeDef) -> dict[str, Any]:
    """Copies an object, or some of its bytes, into an upload as a part."""
    uploads.check_part_number(request["PartNumber"])
    find = partial(find_upload, name=request["Bucket"], key=request["Key"], upload_id=request["UploadId"])
    row, key = await call.transact(partial(upload_and_key, find=find, request=request), read_only=True)
    source = await call.transact(partial(_source, request=request), read_only=True)
    size = source.version.size
    span = copy_span(request["CopySourceRange"], size) if "CopySourceRange" in request else Span(0, size)
    algorithms = uploads.part_algorithms(row, None)
    async with content.received(call, source.body(call, span), algorithms, inline=False, key=key) as body:
        part = await store_part(call, find, request["Bucket"], request["PartNumber"], body)
    shown = row.checksum_algorithm
    return {
        "CopyPartResult": {
            "ETag": f'"{part.etag}"',
            "LastModified": datetime.fromtimestamp(int(part.modified_at), UTC),
            **({f"Checksum{shown}": part.checksums[shown]} if shown else {}),
        },
        "CopySourceVersionId": versions.shown_id(source.bucket, source.version),
        **encryption.members(row.encryption),
    }
