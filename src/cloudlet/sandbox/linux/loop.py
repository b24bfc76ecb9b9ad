"""Loop devices: a file as a disk, gone by itself with its last mount."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOP_CTL_GET_FREE: Final = 0x4C82
_LOOP_CONFIGURE: Final = 0x4C0A
_LO_FLAGS_AUTOCLEAR: Final = 4
_CONFIG_SIZE: Final = 304
_FLAGS_OFFSET: Final = 8 + 52  # struct loop_config: fd, block_size, then loop_info64 whose lo_flags is at 52
_ATTEMPTS: Final = 64


@contextmanager
def attach(root: str, image: str) -> Iterator[str]:
    """A free loop device holding `image`. It lives on after the block only while it is mounted."""
    backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        device, path = _configure(root, backing)
    finally:
        os.close(backing)
    try:
        yield path
    finally:
        os.close(device)


def _configure(root: str, backing: int) -> tuple[int, str]:
    config = bytearray(_CONFIG_SIZE)
    struct.pack_into("=I", config, 0, backing)
    struct.pack_into("=I", config, _FLAGS_OFFSET, _LO_FLAGS_AUTOCLEAR)
    controller = os.open(f"{root}/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_ATTEMPTS):
            path = f"{root}/dev/loop{fcntl.ioctl(controller, _LOOP_CTL_GET_FREE)}"
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _LOOP_CONFIGURE, bytes(config))
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:  # another sandbox was quicker
                    raise
                continue
            return device, path
    finally:
        os.close(controller)
    raise OSError(errno.EBUSY, "no loop device stayed free long enough")
