"""Making bytes and names stay on the disk, as each system wants it asked.

Nothing here retries: what a failed sync has lost stays lost.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "darwin":
    import fcntl

    def sync_file(descriptor: int) -> None:
        """Returns when a file's bytes are on the disk; macOS's fsync only hands them to the drive."""
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)

else:

    def sync_file(descriptor: int) -> None:
        """Returns when a file's bytes are on the disk."""
        os.fdatasync(descriptor)


def sync_directory(directory: Path) -> None:
    """Returns when the names in a directory are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
