from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloudlet.core.ids import Ids
from cloudlet.core.store import BlobNotFound
from cloudlet.store.blobs import DirectoryBlobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BODY = random.Random(3).randbytes(700_001)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    return DirectoryBlobs(tmp_path, Ids(random.Random(5)))


async def whole(blobs: DirectoryBlobs, blob_id: str, offset: int = 0, count: int | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.read(blob_id, offset, count)])


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_a_blob_is_read_as_it_was_written(blobs: DirectoryBlobs) -> None:
    async def main() -> None:
        blob_id, size = await blobs.write(chunks(BODY[:5], b"", BODY[5:]))
        assert size == len(BODY)
        assert await whole(blobs, blob_id) == BODY == blobs.path(blob_id).read_bytes()
        assert await whole(blobs, blob_id, 300_000, 300_000) == BODY[300_000:600_000]
        assert await whole(blobs, blob_id, 700_000) == BODY[700_000:]
        assert await whole(blobs, blob_id, 700_000, 50) == BODY[700_000:]
        assert await whole(blobs, blob_id, 0, 0) == b""
        pieces = [len(piece) async for piece in blobs.read(blob_id)]
        assert max(pieces) <= 256 << 10
        assert (await blobs.write(chunks()))[1] == 0

    asyncio.run(main())


def test_blobs_lie_two_folders_deep_under_random_names(blobs: DirectoryBlobs, tmp_path: Path) -> None:
    first, _ = asyncio.run(blobs.write(chunks(b"a")))
    second, _ = asyncio.run(blobs.write(chunks(b"a")))
    assert first != second
    assert blobs.path(first) == tmp_path / first[:2] / first[2:4] / first


def test_a_blob_that_is_not_there_is_said_to_be(blobs: DirectoryBlobs) -> None:
    async def main() -> None:
        blob_id, _ = await blobs.write(chunks(b"a"))
        await blobs.delete(blob_id)
        await blobs.delete(blob_id)
        for absent in (blob_id, "", "../../etc/passwd", "a" * 31, blob_id.upper() + "/"):
            with pytest.raises(BlobNotFound):
                await whole(blobs, absent)
            with pytest.raises(BlobNotFound):
                blobs.path(absent)
            await blobs.delete(absent)

    asyncio.run(main())


def test_a_body_that_breaks_off_leaves_no_file(blobs: DirectoryBlobs, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield BODY
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(blobs.write(broken()))
    assert files(tmp_path) == []


def test_a_cancelled_write_leaves_no_file(blobs: DirectoryBlobs, tmp_path: Path) -> None:
    async def main() -> None:
        started = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield BODY
                started.set()

        writing = asyncio.create_task(blobs.write(endless()))
        await started.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    asyncio.run(main())
    assert files(tmp_path) == []


def test_a_full_disk_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    # In a process of its own: the limit is a whole process's, and servers of other tests live in this one.
    program = "import sys, test_blobs; test_blobs.write_beyond_the_limit(sys.argv[1])"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", program, str(tmp_path)]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=True)
    assert files(tmp_path) == []


def write_beyond_the_limit(directory: str) -> None:
    """Writes a body to a disk that holds less."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
    with pytest.raises(OSError, match="too large"):
        asyncio.run(DirectoryBlobs(Path(directory), Ids()).write(chunks(BODY[:400_000], BODY[400_000:])))


def test_a_sweep_takes_the_old_that_no_row_names_and_what_was_cut_off(
    blobs: DirectoryBlobs, tmp_path: Path
) -> None:
    async def main() -> None:
        old_used, old_unused, fresh = [(await blobs.write(chunks(b"a")))[0] for _ in range(3)]
        cut_off = tmp_path / "unfinished" / "half"
        cut_off.write_bytes(b"h")
        for file in (blobs.path(old_used), blobs.path(old_unused), cut_off):
            os.utime(file, (1, 1))
        assert await blobs.sweep(lambda blob_id: blob_id == old_used, 3600) == 1
        assert {file.name for file in files(tmp_path)} == {old_used, fresh}
        assert await blobs.sweep(lambda blob_id: blob_id == old_used, 3600) == 0

    asyncio.run(main())
