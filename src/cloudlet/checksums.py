"""The checksum algorithms that the edge and S3 both compute, by the names that AWS gives them.

Compares nothing and knows no header. It stands beside core because it needs two libraries written in C.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import crcmod
import google_crc32c


class Hasher(Protocol):
    """A checksum in the making."""

    def update(self, data: bytes, /) -> None:
        """Adds the next bytes."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far."""


class Crc:
    """A cyclic redundancy check as a Hasher; its digest is big-endian, as AWS writes it."""

    __slots__ = ("_extend", "_size_bytes", "_value")

    def __init__(self, extend: Callable[[bytes, int], int], size_bytes: int) -> None:
        self._extend = extend
        self._size_bytes = size_bytes
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Adds the next bytes."""
        self._value = self._extend(data, self._value)

    def digest(self) -> bytes:
        """The checksum of all bytes so far."""
        return self._value.to_bytes(self._size_bytes, "big")


_crc64nvme: Final = crcmod.mkCrcFun(0x1AD93D23594C93659, initCrc=0, rev=True, xorOut=0xFFFFFFFFFFFFFFFF)


def _extend_crc32c(data: bytes, value: int) -> int:
    return int(google_crc32c.extend(value, data))


ALGORITHMS: Final[Mapping[str, Callable[[], Hasher]]] = {
    "CRC32": lambda: Crc(zlib.crc32, 4),
    "CRC32C": lambda: Crc(_extend_crc32c, 4),
    "CRC64NVME": lambda: Crc(_crc64nvme, 8),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
}


def encoded(hasher: Hasher) -> str:
    """A checksum as headers and answers write it."""
    return base64.b64encode(hasher.digest()).decode()
