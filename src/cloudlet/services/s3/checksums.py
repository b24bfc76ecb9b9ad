"""The checksums that S3 keeps with an object, computed while its bytes pass by.

Compares nothing with the wire: signatures, trailers and Content-MD5 are the edge's business.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import crcmod
import google_crc32c

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.s3.errors import BadDigest, InvalidRequest


class Hasher(Protocol):
    """A checksum in the making."""

    def update(self, data: bytes, /) -> None:
        """Adds the next bytes."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far."""


class Crc:
    """A cyclic redundancy check; its digest is big-endian, as S3 writes it."""

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


DEFAULT: Final = "CRC64NVME"
"""What S3 computes where a client chose nothing."""
ALGORITHMS: Final[Mapping[str, Callable[[], Hasher]]] = {
    "CRC32": lambda: Crc(zlib.crc32, 4),
    "CRC32C": lambda: Crc(_extend_crc32c, 4),
    "CRC64NVME": lambda: Crc(_crc64nvme, 8),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
}
FULL_OBJECT_ALGORITHMS: Final = frozenset({"CRC32", "CRC32C", "CRC64NVME"})
"""Those whose checksum of a whole follows from the checksums of its parts."""
_BEYOND: Final = ("SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")


def encoded(hasher: Hasher) -> str:
    """A checksum as answers write it."""
    return base64.b64encode(hasher.digest()).decode()


def given(request: Mapping[str, object]) -> dict[str, str]:
    """The checksums that a request states. Raises NotImplementedHere for one that is not computed here."""
    for algorithm in _BEYOND:
        if f"Checksum{algorithm}" in request:
            raise NotImplementedHere(
                f"cloudlet does not compute {algorithm} checksums (yet). Nothing was done."
            )
    return {name: str(request[f"Checksum{name}"]) for name in ALGORITHMS if f"Checksum{name}" in request}


def chosen(request: Mapping[str, object], trailer: str) -> str | None:
    """The algorithm that a request chose by a checksum, an announced trailer or a name; None if none."""
    stated = given(request)
    if len(stated) > 1:
        raise InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    announced = trailer.lower().removeprefix("x-amz-checksum-").upper() if trailer else ""
    named = str(request.get("ChecksumAlgorithm") or "").upper()
    algorithm = next(iter(stated), "") or announced or named
    if algorithm and algorithm not in ALGORITHMS:
        if algorithm in _BEYOND:
            raise NotImplementedHere(
                f"cloudlet does not compute {algorithm} checksums (yet). Nothing was done."
            )
        raise InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    return algorithm or None


def check(stated: Mapping[str, str], algorithm: str, value: str) -> None:
    """Raises BadDigest if a body's checksum is not what was stated."""
    if stated.get(algorithm, value) != value:
        raise BadDigest(f"The {algorithm} you specified did not match the calculated checksum.")


def _not_computed(algorithm: str) -> NotImplementedHere:
    return NotImplementedHere(f"cloudlet does not compute {algorithm} checksums (yet). Nothing was done.")
