"""Blobs as files of one directory: `ab/cd/abcd...`, written under another name first.

Knows no row: whether a blob is in use is the caller's to say. No file is touched on the loop.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from functools import partial
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from cloudlet.core.store import BlobNotFound
from cloudlet.store.disk import sync_directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

    from cloudlet.core.ids import Ids

T = TypeVar("T")

_PIECE: Final = 256 << 10
_ID: Final = re.compile("[0-9a-f]{32}")


class DirectoryBlobs:
    """cloudlet.core.store.Blobs on a directory."""

    def __init__(self, root: Path, ids: Ids) -> None:
        self._root = root
        self._unfinished = root / "unfinished"
        self._ids = ids
        self._unfinished.mkdir(parents=True, exist_ok=True)

    async def write(self, chunks: AsyncIterable[bytes]) -> tuple[str, int]:
        """Writes a new blob, on disk when this returns; its id and its size in bytes."""
        blob_id = self._ids.hexadecimal(32)
        unfinished = self._unfinished / blob_id
        size = 0
        file = await _in_thread(partial(FileIO, unfinished, "xb"))
        try:
            try:
                async for chunk in chunks:
                    await _in_thread(partial(_write_all, file, chunk))
                    size += len(chunk)
                await _in_thread(partial(os.fsync, file.fileno()))
            finally:
                file.close()
            await _in_thread(partial(_publish, unfinished, self._file(blob_id), self._root))
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        return blob_id, size

    async def read(self, blob_id: str, offset: int = 0, count: int | None = None) -> AsyncIterator[bytes]:
        """A blob's bytes piece by piece. Raises BlobNotFound."""
        path = self.path(blob_id)
        try:
            file = await _in_thread(partial(FileIO, path, "rb"))
        except FileNotFoundError as error:
            raise BlobNotFound(blob_id) from error
        try:
            while count is None or count > 0:
                wanted = _PIECE if count is None else min(_PIECE, count)
                piece = await _in_thread(partial(os.pread, file.fileno(), wanted, offset))
                if not piece:
                    return
                yield piece
                offset += len(piece)
                count = None if count is None else count - len(piece)
        finally:
            file.close()

    def path(self, blob_id: str) -> Path:
        """The file that holds a blob, for reading only. Raises BlobNotFound."""
        if not _ID.fullmatch(blob_id) or not self._file(blob_id).is_file():
            raise BlobNotFound(blob_id)
        return self._file(blob_id)

    async def delete(self, blob_id: str) -> None:
        """Removes a blob; one that is not there is no error."""
        if _ID.fullmatch(blob_id):
            await _in_thread(partial(self._file(blob_id).unlink, missing_ok=True))

    async def sweep(self, in_use: Callable[[str], bool], older_than_seconds: float) -> int:
        """Removes the blobs that no row names and that are older than the grace; how many.

        Ages are by the file system's own clock: moving the cloud's clock must not age a blob whose row is
        still to come. Writes that were cut off go by the same grace and are not counted.
        """
        return await _in_thread(partial(self._sweep, in_use, older_than_seconds))

    def _sweep(self, in_use: Callable[[str], bool], older_than_seconds: float) -> int:
        old, cut_off = self._older_than(older_than_seconds)
        unused = [file for file in old if not in_use(file.name)]
        for file in unused + cut_off:
            file.unlink(missing_ok=True)
        return len(unused)

    def _older_than(self, seconds: float) -> tuple[list[Path], list[Path]]:
        with tempfile.NamedTemporaryFile(dir=self._root) as probe:
            before = os.fstat(probe.fileno()).st_mtime - seconds
        blobs = [file for file in self._root.glob("??/??/*") if _modified(file) < before]
        return blobs, [file for file in self._unfinished.iterdir() if _modified(file) < before]

    def _file(self, blob_id: str) -> Path:
        return self._root / blob_id[:2] / blob_id[2:4] / blob_id


async def _in_thread(call: Callable[[], T]) -> T:
    """Does not return before the call has, not even when cancelled: the file it uses is closed then."""
    running = asyncio.get_running_loop().run_in_executor(None, call)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _write_all(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _publish(unfinished: Path, file: Path, root: Path) -> None:
    made = list(_missing_directories(file.parent, root))
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished.rename(file)
    sync_directory(file.parent)
    for directory in made:
        sync_directory(directory.parent)


def _missing_directories(directory: Path, root: Path) -> Iterator[Path]:
    while directory != root and not directory.exists():
        yield directory
        directory = directory.parent


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # removed, or renamed to its blob, in the meantime
        return float("inf")
