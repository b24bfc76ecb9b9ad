"""The checksums that S3 keeps with an object: which one a request chose, and what it says it is.

Compares nothing with the wire: signatures, trailers and Content-MD5 are the edge's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudlet.checksums import ALGORITHMS
from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.s3.errors import BadDigest, InvalidRequest

DEFAULT: Final = "CRC64NVME"
"""What S3 computes where a client chose nothing."""
FULL_OBJECT_ALGORITHMS: Final = frozenset({"CRC32", "CRC32C", "CRC64NVME"})
"""Those whose checksum of a whole follows from the checksums of its parts."""
_BEYOND: Final = ("SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")


def given(request: Mapping[str, object]) -> dict[str, str]:
    """The checksums that a request states. Raises NotImplementedHere for one that is not computed here."""
    for algorithm in _BEYOND:
        if f"Checksum{algorithm}" in request:
            raise _not_computed(algorithm)
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
            raise _not_computed(algorithm)
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
