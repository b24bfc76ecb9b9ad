"""Packages: taking uploads in as blobs, and having them unpacked when a function needs them.

It never looks into the store; which blobs are in use state.py says.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from cloudlet.services.lambda_ import archives
from cloudlet.services.lambda_.model import Package

if TYPE_CHECKING:
    from pathlib import Path

    from cloudlet.core.call import Cloud

_CACHE_LIMIT_BYTES: Final = 8 << 30


class _Unpacked(Struct):
    """One package on its way to a folder, or there."""

    folder: Path
    size_bytes: int
    ready: asyncio.Future[None]
    users: set[str] = field(default_factory=set)


class Packages:
    """The folders that packages are unpacked in, by digest. When they grow too many, unused ones go."""

    def __init__(self, cloud: Cloud) -> None:
        self._blobs = cloud.blobs
        self._root = cloud.work_dir / "code"
        self._root.mkdir(parents=True, exist_ok=True)
        self._held: dict[str, _Unpacked] = {}

    async def close(self) -> None:
        """Nothing is running."""

    async def take_in(self, content: bytes) -> Package:
        """Checks and unpacks a zip, and keeps it as a blob. Raises InvalidParameterValueException."""
        unzipped_bytes, digest = await asyncio.to_thread(_inspect, content)
        blob_id, size_bytes = await self._blobs.write(_once(content))
        package = Package(blob_id, digest, size_bytes, unzipped_bytes)
        await self.folder(package, user="")
        self.leave("")
        return package

    async def folder(self, package: Package, user: str) -> Path:
        """The folder of a package, kept until `user` leaves. Raises InvalidParameterValueException."""
        held = self._held.pop(package.sha256, None)
        if held is None:
            folder = self._root / base64.b64decode(package.sha256).hex()
            ready = asyncio.ensure_future(asyncio.to_thread(self._unpack, package.blob_id, folder))
            held = _Unpacked(folder, package.unzipped_bytes, ready)
        self._held[package.sha256] = held  # the last used one stands last
        held.users.add(user)
        try:
            await asyncio.shield(held.ready)
        except Exception:
            self._held.pop(package.sha256, None)
            raise
        self._evict()
        return held.folder

    def leave(self, user: str) -> None:
        """Says that a user needs its folders no more."""
        for held in self._held.values():
            held.users.discard(user)

    def _evict(self) -> None:
        size = sum(held.size_bytes for held in self._held.values())
        for digest, held in list(self._held.items()):
            if size <= _CACHE_LIMIT_BYTES:
                return
            if not held.users and held.ready.done():
                del self._held[digest]
                size -= held.size_bytes
                # Renamed first, so that a new unpacking of the same package finds the place empty.
                doomed = held.folder.with_name(f"{held.folder.name}.old")
                held.folder.rename(doomed)
                self._removal = asyncio.ensure_future(asyncio.to_thread(archives.remove, doomed))

    def _unpack(self, blob_id: str, folder: Path) -> None:
        if folder.is_dir():
            return
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}.new")
        archives.remove(unfinished)
        with self._blobs.path(blob_id).open("rb") as file:
            archives.unpack(file, unfinished)
        unfinished.rename(folder)


def _inspect(content: bytes) -> tuple[int, str]:
    unzipped_bytes = archives.unzipped_size(io.BytesIO(content))
    return unzipped_bytes, base64.b64encode(hashlib.sha256(content).digest()).decode()


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
