"""Disk images for /tmp: one template for each size, copied without its holes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from msgspec import Struct

from cloudlet.core.sandbox import SandboxError

_OVERHEAD_BYTES: Final = 4 << 20
_OVERHEAD_SHARE: Final = 64  # inode tables and the like: one part in so many
_MKFS_PATHS: Final = "/usr/sbin:/sbin:/usr/bin:/bin"


class Image(Struct, frozen=True):
    """One copy, to be mounted once."""

    path: Path

    def close(self) -> None:
        """Removes it where it was never mounted."""
        self.path.unlink(missing_ok=True)


class Images:
    """Makes images in one folder. A copy is unlinked as soon as it is mounted, so none outlives a crash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = 0

    def copy(self, size_bytes: int) -> Image:
        """A fresh image with room for `size_bytes`. Blocks for a few milliseconds. Raises SandboxError."""
        template = self._template(size_bytes)
        self._next += 1
        copy = self._folder / f"{os.getpid()}-{self._next}.image"
        _copy_sparse(template, copy)
        return Image(copy)

    def sweep(self) -> None:
        """Removes copies that a server left when it was killed before they were mounted."""
        for image in self._folder.glob("*.image"):
            image.unlink()

    def _template(self, size_bytes: int) -> Path:
        template = self._folder / f"tmp-{size_bytes}.template"
        if not template.exists():
            draft = template.with_suffix(f".{os.getpid()}")
            _make_file_system(draft, size_bytes)
            draft.rename(template)
        return template


def _make_file_system(path: Path, size_bytes: int) -> None:
    program = shutil.which("mkfs.ext4", path=_MKFS_PATHS)
    if program is None:
        raise SandboxError("A /tmp with a size limit needs mkfs.ext4: install e2fsprogs.")
    with path.open("wb") as file:
        file.truncate(size_bytes + size_bytes // _OVERHEAD_SHARE + _OVERHEAD_BYTES)
    options = ["-q", "-F", "-b", "4096", "-m", "0", "-O", "^has_journal,^resize_inode"]
    extended = ["-E", "lazy_itable_init=1,nodiscard,root_owner=0:0"]
    result = subprocess.run(
        [program, *options, *extended, str(path)], capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise SandboxError(f"mkfs.ext4 could not make an image for /tmp: {result.stderr.strip()}")


def _copy_sparse(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        size = os.fstat(reading.fileno()).st_size
        os.truncate(writing.fileno(), size)
        start = 0
        while True:
            try:
                start = os.lseek(reading.fileno(), start, os.SEEK_DATA)
            except OSError:
                return  # only holes from here to the end
            end = os.lseek(reading.fileno(), start, os.SEEK_HOLE)
            while start < end:
                start += os.copy_file_range(
                    reading.fileno(), writing.fileno(), end - start, offset_src=start, offset_dst=start
                )
