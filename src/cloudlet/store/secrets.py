"""Secrets as files of their own beside the state, which only the server's user may read.

Knows nothing of what they protect.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from cloudlet.store.disk import sync_directory, sync_file

_SIZE_BYTES: Final = 32


class DirectorySecrets:
    """Implements core.secrets.Secrets."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def secret(self, name: str) -> bytes:
        """The 32 bytes of that name, made when first asked for. Raises ValueError for a broken file."""
        path = self._directory / name
        if not path.exists():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, secrets.token_bytes(_SIZE_BYTES))
            # What is sealed with it may be on disk before the folders' own entries are.
            sync_directory(self._directory)
            sync_directory(self._directory.parent)
        found = path.read_bytes()
        if len(found) != _SIZE_BYTES:
            raise ValueError(f"{path} does not have {_SIZE_BYTES} bytes: what it protects cannot be read.")
        return found


def _write_once(path: Path, content: bytes) -> None:
    """Puts the whole file in place at once; one that another process has put there meanwhile stays."""
    # mkstemp makes the file with mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            sync_file(file.fileno())
        path.hardlink_to(temporary)
    except FileExistsError:
        return
    finally:
        temporary.unlink()
