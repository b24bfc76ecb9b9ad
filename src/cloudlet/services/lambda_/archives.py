"""Zip files: what is in one, and taking it apart without trusting a byte of it.

Runs in threads, never on the loop; knows nothing of functions.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_.errors import InvalidParameterValueException

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

UNZIPPED_LIMIT_BYTES: Final = 262_144_000
_ENTRIES_LIMIT: Final = 200_000
"""Of files, links and folders, also those that no entry is for."""
_NAME_LIMIT_BYTES: Final = 3500
"""Of a whole name: the system knows 4096, and the folder that it is unpacked to takes its part."""
_PART_LIMIT_BYTES: Final = 255
_SYMLINK_LIMIT_BYTES: Final = 4096
_PIECE_BYTES: Final = 256 << 10
_ENCRYPTED: Final = 0x1
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression method that nobody here knows
    UnicodeDecodeError,
    ValueError,
    OverflowError,
    RuntimeError,  # an encrypted entry
)
_IMPOSSIBLE: Final = errno.EINVAL
"""How the system names a place before the beginning of a file, where a broken directory may point."""


def could_not_unzip() -> InvalidParameterValueException:
    """AWS's word for what is no zip, or a harmful one."""
    return InvalidParameterValueException(
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )


def unzipped_size(file: BinaryIO) -> int:
    """What the zip's directory says its files take. Raises InvalidParameterValueException."""
    with _opened(file) as archive:
        entries = list(_checked(archive))
    if not entries:
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip")
    size = sum(entry.file_size for entry, _ in entries)
    if size > UNZIPPED_LIMIT_BYTES:
        raise InvalidParameterValueException(
            f"Unzipped size must be smaller than {UNZIPPED_LIMIT_BYTES} bytes"
        )
    return size


def unpack(file: BinaryIO, target: Path) -> None:
    """Writes the zip's files into a new folder; what it says of sizes is not believed."""
    target.mkdir(parents=True)
    with _opened(file) as archive:
        _unpack(archive, target)
    target.chmod(0o755)


def remove(folder: Path) -> None:
    """Removes an unpacked folder, also where its files' modes would forbid it."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """The zip, as long as it is read. Raises InvalidParameterValueException for a broken one."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except _BROKEN as error:
        raise could_not_unzip() from error
    except OSError as error:
        if error.errno != _IMPOSSIBLE:
            raise
        raise could_not_unzip() from error


def _unpack(archive: zipfile.ZipFile, target: Path) -> None:
    left = UNZIPPED_LIMIT_BYTES
    links = []
    folders = []
    for entry, name in _checked(archive):
        path = target / name
        if entry.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            folders.append((path, _mode(entry, 0o755)))
        elif _is_symlink(entry):
            links.append((entry, path))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            left -= _write(archive, entry, path, left)
            path.chmod(_mode(entry, 0o644))
    # Links come last, so that nothing is ever written through one.
    for entry, path in links:
        _link(archive, entry, path)
    for path, mode in folders:
        path.chmod(mode)


def _checked(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The entries with their names inside the folder. Raises for one that leads out of it."""
    entries = archive.infolist()
    if len(entries) > _ENTRIES_LIMIT:
        raise could_not_unzip()
    folders: set[str] = set()
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or "\0" in entry.filename or _is_too_long(name):
            raise could_not_unzip()
        _add_folders(folders, name)
        if len(entries) + len(folders) > _ENTRIES_LIMIT:
            raise could_not_unzip()
        if entry.flag_bits & _ENCRYPTED:
            raise could_not_unzip()
        if name.parts:
            yield entry, name


def _is_too_long(name: PurePosixPath) -> bool:
    return len(os.fsencode(name)) > _NAME_LIMIT_BYTES or any(
        len(os.fsencode(part)) > _PART_LIMIT_BYTES for part in name.parts
    )


def _add_folders(folders: set[str], name: PurePosixPath) -> None:
    """Adds the folders that a name lies in to those that are known."""
    folder = str(name).rpartition("/")[0]
    while folder and folder not in folders:
        folders.add(folder)
        folder = folder.rpartition("/")[0]


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, limit: int) -> int:
    written = 0
    try:
        with archive.open(entry) as source, path.open("wb") as file:
            while piece := source.read(_PIECE_BYTES):
                written += len(piece)
                if written > limit:
                    raise could_not_unzip()
                file.write(piece)
    except (IsADirectoryError, NotADirectoryError) as error:
        raise could_not_unzip() from error
    return written


def _link(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    if entry.file_size > _SYMLINK_LIMIT_BYTES:
        raise could_not_unzip()
    destination = archive.read(entry).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.exists() or not destination or "\0" in destination:
        raise could_not_unzip()
    path.symlink_to(destination)


def _is_symlink(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _mode(entry: zipfile.ZipInfo, default: int) -> int:
    """The permissions in the zip, without setuid and the like; zips made on Windows have none."""
    return (entry.external_attr >> 16) & 0o777 or default
