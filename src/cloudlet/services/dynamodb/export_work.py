"""Writes exports to S3, with the rights of those who asked for them.

A killed server begins again with the same names, so that nothing stands there twice.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from cloudlet.core.errors import ServiceError
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.exports import (
    COMPLETED,
    DYNAMODB_JSON,
    FAILED,
    ION,
    KMS,
    DataFile,
    change_line,
    files_manifest,
    item_line,
    md5_of,
    summary_manifest,
)
from cloudlet.services.dynamodb.ion_text import ion_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.backups import Job
    from cloudlet.services.dynamodb.exports import Export

_ITEMS_A_STEP: Final = 200
_FILE_BYTES: Final = 8 << 20
_ENDINGS: Final[Mapping[str, str]] = MappingProxyType({DYNAMODB_JSON: "json.gz", ION: "ion.gz"})
_KMS_AT_S3: Final = "aws:kms"
_JSON: Final = "application/json"
_BYTES: Final = "application/octet-stream"


class _Page(Struct, frozen=True):
    """Some lines of the data, and the position up to which they are."""

    lines: list[bytes]
    last: tuple[bytes, ...]


async def write_export(call: Call, job: Job) -> None:
    """Writes the items of a copy, or collected changes, and ends the work whether that went well or not."""
    export_id = job.export_id or ""
    export = await call.transact(lambda inner: state.find_export(inner, export_id), read_only=True)
    if export is None:
        await call.transact(partial(_end, job=job, export=None))
        return
    try:
        ended = await _Writing(call, export, job.rows).write()
    except ServiceError as error:
        ended = structs.replace(
            export,
            status=FAILED,
            ended=call.time(),
            failure_code=f"S3{error.code}",
            failure_message=error.message,
        )
    await call.transact(partial(_end, job=job, export=ended))


def _end(call: Call, job: Job, export: Export | None) -> None:
    if export is not None:
        state.save_export(call, export)
    state.forget_rows(call, job.rows)
    state.forget_collected(call, job.rows)
    state.end_job(call, job)


class _Writing:
    """One export on its way."""

    def __init__(self, call: Call, export: Export, rows: str) -> None:
        self._call = call
        self._export = export
        self._rows = rows
        self._files: list[DataFile] = []

    async def write(self) -> Export:
        """Writes everything; the export as it is then. Raises ServiceError."""
        export = self._export
        await self._put("_started", b"")
        await self._write_data()
        files = files_manifest(self._files)
        await self._put("manifest-files.json", files, _JSON)
        await self._put("manifest-files.md5", md5_of(files).encode())
        ended = structs.replace(
            export,
            status=COMPLETED,
            ended=self._call.time(),
            item_count=sum(each.item_count for each in self._files),
            size_bytes=sum(each.size_bytes for each in self._files),
        )
        call = self._call
        table_arn = call.arn(f"table/{export.table_name}")
        summary = summary_manifest(ended, call.arn(export.resource), table_arn)
        await self._put("manifest-summary.json", summary, _JSON)
        await self._put("manifest-summary.md5", md5_of(summary).encode())
        return ended

    async def _write_data(self) -> None:
        after: tuple[bytes, ...] = ()
        text, count = b"", 0
        while page := await self._call.transact(partial(self._page, after=after), read_only=True):
            text += b"".join(page.lines)
            count, after = count + len(page.lines), page.last
            if len(text) >= _FILE_BYTES:
                await self._write_file(text, count)
                text, count = b"", 0
        if count:
            await self._write_file(text, count)

    def _page(self, call: Call, after: tuple[bytes, ...]) -> _Page | None:
        """The next lines, or None at the end."""
        period = self._export.period
        if period is None:
            items = list(state.items_below(call, self._rows, after, _ITEMS_A_STEP))
            line = ion_line if self._export.format == ION else item_line
            return _Page([line(item) for _, item in items], items[-1][0]) if items else None
        changes = state.collected_changes(call, self._rows, after, _ITEMS_A_STEP)
        if not changes:
            return None
        written = (change_line(change, self._export.keys, period.view_type) for _, change in changes)
        return _Page([line for line in written if line], changes[-1][0])

    async def _write_file(self, text: bytes, count: int) -> None:
        data = await asyncio.to_thread(gzip.compress, text, mtime=0)
        place = f"{self._export.id}/{len(self._files)}".encode()
        name = f"{hashlib.blake2b(place, digest_size=13).hexdigest()}.{_ENDINGS[self._export.format]}"
        key = self._export.data_key(name)
        answer = await self._put_at(key, data)
        etag = str(answer["ETag"]).strip('"')
        self._files.append(DataFile(key, count, len(text), md5_of(data), etag))

    async def _put(self, name: str, body: bytes, content_type: str = _BYTES) -> None:
        await self._put_at(self._export.key(name), body, content_type)

    async def _put_at(self, key: str, body: bytes, content_type: str = _BYTES) -> Mapping[str, Any]:
        request: dict[str, Any] = {
            "Bucket": self._export.bucket,
            "Key": key,
            "Body": body,
            "ContentType": content_type,
        }
        if self._export.sse_algorithm == KMS:
            request["ServerSideEncryption"] = _KMS_AT_S3
            if self._export.kms_key_id is not None:
                request["SSEKMSKeyId"] = self._export.kms_key_id
        if self._export.bucket_owner is not None:
            request["ExpectedBucketOwner"] = self._export.bucket_owner
        caller = self._call.as_principal(self._export.principal).on_behalf("dynamodb.amazonaws.com")
        return await caller.ask("s3", "PutObject", request)
