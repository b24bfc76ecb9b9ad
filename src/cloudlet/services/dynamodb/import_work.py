"""Brings the objects of imports into their tables, with the rights of those who asked for them.

How far an import is commits with the items, so that a killed server goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.core.http import FileBody
from cloudlet.core.lease import LeaseLost
from cloudlet.services.dynamodb import keys, state
from cloudlet.services.dynamodb.definitions import new_table
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.import_log import ImportLog
from cloudlet.services.dynamodb.import_sources import Record, SourceObject
from cloudlet.services.dynamodb.recovery import Restoring
from cloudlet.services.dynamodb.values import checked_item, is_too_large

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.dynamodb.imports import Import, Progress
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.state import ClaimedImport
    from cloudlet.services.dynamodb.values import Item

_LANES: Final = 4
"""How many imports are done at a time."""
_SWEEP_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 5.0
_RECORDS_A_STEP: Final = 100
_CHANGED: Final = frozenset(("S3NoSuchKey", "S3PreconditionFailed"))
"""What S3 says of an object that was removed or replaced after it was listed: one fault among the items."""
_PIECE_BYTES: Final = 256 * 1024


class ImportWork:
    """Does imports, several at a time."""

    name = "dynamodb-imports"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(_LANES):
                lanes.create_task(self._lane(self._cloud.ids.uuid()))

    async def _lane(self, owner: str) -> None:
        with self._cloud.wakeups.listening(state.IMPORT_TOPIC) as listener:
            while True:
                claim = partial(state.claim_import, owner=owner)
                claimed, is_any_left = await self._call("", "").transact(claim)
                if claimed is not None:
                    await _do(self._call(claimed.account, claimed.region), claimed)
                else:
                    pause = _RETRY_SECONDS if is_any_left else _SWEEP_SECONDS
                    await listener.wait(self._cloud.clock, pause)

    def _call(self, account: str, region: str) -> Call:
        principal = Principal.of_service("dynamodb.amazonaws.com")
        return self._cloud.call("dynamodb", principal, account, region)


async def _do(call: Call, claimed: ClaimedImport) -> None:
    """Does an import to its end, or until another worker has taken it over."""
    import_ = await call.transact(lambda inner: state.find_import(inner, claimed.id), read_only=True)
    try:
        if import_ is None:
            await call.transact(partial(state.end_import, claimed=claimed))
        else:
            await _Importing(call, claimed, import_).run()
    except LeaseLost:
        return


class _Failure(Exception):
    """Raised when an import cannot go on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Importing:
    """One import on its way."""

    def __init__(self, call: Call, claimed: ClaimedImport, import_: Import) -> None:
        self._call = call
        self._caller = call.as_principal(import_.principal).on_behalf("dynamodb.amazonaws.com")
        self._claimed = claimed
        self._import = import_
        self._log = ImportLog(self._caller, import_)

    async def run(self) -> None:
        """Does what is left to do. Raises LeaseLost."""
        try:
            if not self._import.progress.begun:
                await self._begin()
            await self._read_objects()
        except _Failure as failure:
            ended = self._import.failed(self._call.time(), failure.code, failure.message)
        else:
            ended = self._import.completed(self._call.time())
        await self._call.transact(partial(_end, claimed=self._claimed, import_=ended))

    async def _begin(self) -> None:
        """Looks whether the source and the log can be reached: if not, there will be no table."""
        await self._ask_s3("ListObjectsV2", MaxKeys=1, **self._prefix())
        try:
            await self._log.create()
        except ServiceError as error:
            raise _Failure(f"CloudWatchLogs{error.code}", error.message) from error
        begun = replace(self._import, progress=replace(self._import.progress, begun=True))
        if not await self._call.transact(partial(_make_table, claimed=self._claimed, import_=begun)):
            raise _Failure("TableAlreadyExists", f"Table already exists: {begun.table_name}")
        self._import = begun

    async def _read_objects(self) -> None:
        progress = self._import.progress
        if progress.object_key is not None:
            await self._read_object(progress.object_key, progress.etag or "")
        while True:
            after = self._import.progress.after_key
            more = {"StartAfter": after} if after else {}
            page = await self._ask_s3("ListObjectsV2", **self._prefix(), **more)
            for each in page.get("Contents", ()):
                await self._save(self._import.progress.into(each["Key"], each["ETag"]))
                await self._read_object(each["Key"], each["ETag"])
            if not page.get("IsTruncated"):
                return

    async def _read_object(self, key: str, etag: str) -> None:
        try:
            answer = await self._ask_s3("GetObject", Key=key, IfMatch=etag)
        except _Failure as failure:
            if failure.code not in _CHANGED:
                raise
            await self._take([Record(None, failure.message)], self._import.progress.records + 1)
            await self._save(self._import.progress.beyond(0))
            return
        source = SourceObject(self._import, _pieces_of(answer["Body"]))
        done, number = self._import.progress.records, 0
        step: list[Record] = []
        async for record in source.records():
            number += 1
            if number > done:
                step.append(record)
            elif number % _RECORDS_A_STEP == 0:
                await self._save(self._import.progress)
            if len(step) == _RECORDS_A_STEP:
                await self._take(step, number)
                step = []
        await self._take(step, number)
        await self._save(self._import.progress.beyond(source.read_bytes))

    async def _take(self, records: list[Record], last: int) -> None:
        """Puts the items of some records into the table, and writes the faults of the others to the log."""
        table = await self._call.transact(partial(_table_of, import_=self._import), read_only=True)
        items: list[Item] = []
        faults: list[tuple[int, str]] = []
        for index, record in enumerate(records, last - len(records)):
            try:
                items.append(_checked(table, record))
            except ValidationException as refused:
                faults.append((index, refused.message))
        progress = self._import.progress
        if faults:
            try:
                await self._log.write(progress.object_key or "", faults)
            except ServiceError as error:
                raise _Failure(f"CloudWatchLogs{error.code}", error.message) from error
        imported, errors = progress.imported + len(items), progress.errors + len(faults)
        await self._save(replace(progress, records=last, imported=imported, errors=errors), items)

    async def _save(self, progress: Progress, items: Sequence[Item] = ()) -> None:
        """Writes items, and that they are written. Raises LeaseLost."""
        changed = replace(self._import, progress=progress)
        await self._call.transact(partial(_write, claimed=self._claimed, import_=changed, items=items))
        self._import = changed

    def _prefix(self) -> dict[str, str]:
        prefix = self._import.source.get("S3KeyPrefix")
        return {} if prefix is None else {"Prefix": prefix}

    async def _ask_s3(self, operation: str, **request: Any) -> dict[str, Any]:
        source = self._import.source
        if "S3BucketOwner" in source:
            request["ExpectedBucketOwner"] = source["S3BucketOwner"]
        try:
            return await self._caller.ask("s3", operation, {"Bucket": source["S3Bucket"], **request})
        except ServiceError as error:
            raise _Failure(f"S3{error.code}", error.message) from error


async def _pieces_of(body: bytes | FileBody | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, AsyncIterator):
        async for piece in body:
            yield piece
    elif isinstance(body, FileBody):
        with body.path.open("rb") as file:
            file.seek(body.offset)
            left = body.count
            while left > 0 and (piece := await asyncio.to_thread(file.read, min(left, _PIECE_BYTES))):
                left -= len(piece)
                yield piece
    else:
        yield body


def _checked(table: Table, record: Record) -> Item:
    """The item of a record as the table keeps it. Raises ValidationException."""
    if record.item is None:
        raise ValidationException(record.error)
    item = checked_item(record.item)
    keys.check_item(table, item)
    if is_too_large(item):
        raise ValidationException("Item size has exceeded the maximum allowed size")
    return item


def _table_of(call: Call, import_: Import) -> Table:
    table = state.find_table(call, import_.table_name)
    if table is None or table.id != import_.table_id:
        raise KeyError(f"table {import_.table_name}, which import {import_.id} fills, is not there")
    return table


def _make_table(call: Call, claimed: ClaimedImport, import_: Import) -> bool:
    """Makes the table, which nobody uses until it is filled; False where there is one of that name."""
    state.hold_import(call, claimed)
    if state.find_table(call, import_.table_name) is not None:
        return False
    table = new_table(import_.parameters, import_.table_id, call.time())
    restoring = Restoring(None, call.time())
    state.add_table(call, replace(table, encryption=import_.encryption, restoring=restoring))
    state.save_import(call, import_)
    return True


def _write(call: Call, claimed: ClaimedImport, import_: Import, items: Sequence[Item]) -> None:
    state.hold_import(call, claimed)
    table = _table_of(call, import_)
    for item in items:
        state.replace_item(call, table, item, state.find_item(call, table, item), item, None)
    state.save_import(call, import_)


def _end(call: Call, claimed: ClaimedImport, import_: Import) -> None:
    """Ends an import: its table can be used, if there ever was one."""
    state.end_import(call, claimed)
    state.save_import(call, import_)
    if import_.progress.begun:
        state.save_table(call, replace(_table_of(call, import_), restoring=None))
