"""Multipart uploads: their rows, and the rules by which parts become an object.

upload  account, bucket, key, upload id -> Upload
part    account, bucket, upload id, number -> Part
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from cloudlet.checksums import ALGORITHMS, encoded
from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.s3 import checksums, crc, state
from cloudlet.services.s3.errors import (
    EntityTooSmall,
    InvalidArgument,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    MalformedXML,
    NoSuchUpload,
)
from cloudlet.services.s3.model import (
    MOST_PARTS,
    SMALLEST_PART_BYTES,
    Bucket,
    Checksum,
    Part,
    PartOfObject,
    Upload,
)

_UPLOADS: Final = Rows(("s3", "upload"), Upload)
_PARTS: Final = Rows(("s3", "part"), Part)
_COMPOSITE: Final = "COMPOSITE"
_FULL_OBJECT: Final = "FULL_OBJECT"


def upload(call: Call, bucket: Bucket, key: str, upload_id: str) -> Upload:
    """An upload that is under way. Raises NoSuchUpload."""
    found = _UPLOADS.find(call, bucket.account, bucket.name, key, upload_id)
    if found is None:
        raise NoSuchUpload(upload_id)
    return found


def save_upload(call: Call, bucket: Bucket, row: Upload) -> None:
    """Writes an upload."""
    _UPLOADS.save(call, row, bucket.account, bucket.name, row.key, row.upload_id)


def list_uploads(call: Call, bucket: Bucket) -> Iterator[Upload]:
    """A bucket's uploads by key."""
    return _UPLOADS.below(call, bucket.account, bucket.name)


def save_part(call: Call, bucket: Bucket, row: Upload, part: Part) -> None:
    """Writes a part; it replaces one of the same number."""
    replaced = _PARTS.find(call, bucket.account, bucket.name, row.upload_id, part.number)
    if replaced is not None:
        state.discard_blobs(call, replaced.pieces)
    state.keep_blobs(call, part.pieces)
    _PARTS.save(call, part, bucket.account, bucket.name, row.upload_id, part.number)


def list_parts(call: Call, bucket: Bucket, row: Upload, after: int = 0) -> Iterator[Part]:
    """An upload's parts by number."""
    return _PARTS.below(call, bucket.account, bucket.name, row.upload_id, after=(after,))


def forget(call: Call, bucket: Bucket, row: Upload, kept: frozenset[int] = frozenset()) -> None:
    """Ends an upload; the bytes of parts that became none of an object's go, too."""
    for part in list_parts(call, bucket, row):
        if part.number not in kept:
            state.discard_blobs(call, part.pieces)
    _PARTS.delete_below(call, bucket.account, bucket.name, row.upload_id)
    _UPLOADS.delete(call, bucket.account, bucket.name, row.key, row.upload_id)


def check_part_number(number: int) -> None:
    """Raises InvalidArgument."""
    if not 1 <= number <= MOST_PARTS:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive", "partNumber", number
        )


def checksum_type_of(request: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The algorithm and type that a new upload chooses. Raises InvalidRequest for pairs that do not fit."""
    algorithm, kind = checksums.chosen(request, ""), request.get("ChecksumType")
    if algorithm is None:
        if kind is not None:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return None, None
    if kind is None:
        kind = _FULL_OBJECT if algorithm == checksums.DEFAULT else _COMPOSITE
    fits = algorithm in checksums.FULL_OBJECT_ALGORITHMS if kind == _FULL_OBJECT else algorithm != "CRC64NVME"
    if kind not in (_FULL_OBJECT, _COMPOSITE) or not fits:
        raise InvalidRequest(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return algorithm, kind


def part_algorithms(row: Upload, chosen: str | None) -> tuple[str, ...]:
    """What is computed of a part. Raises InvalidRequest if the client chose otherwise than for the upload."""
    if row.checksum_algorithm is None:
        return tuple({checksums.DEFAULT, chosen or checksums.DEFAULT})
    if chosen is not None and chosen != row.checksum_algorithm:
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {row.checksum_algorithm.lower()}, "
            f"actual checksum Type: {chosen.lower()}"
        )
    return (row.checksum_algorithm,)


def chosen_parts(call: Call, bucket: Bucket, row: Upload, named: Sequence[Mapping[str, Any]]) -> list[Part]:
    """The parts that complete an upload, in order.

    Raises MalformedXML, InvalidPartOrder, InvalidPart, InvalidRequest or EntityTooSmall.
    """
    if not named:
        raise MalformedXML
    numbers = [entry.get("PartNumber") or 0 for entry in named]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise InvalidPartOrder(row.upload_id)
    there = {part.number: part for part in list_parts(call, bucket, row)}
    parts = [_named_part(row, there, entry) for entry in named]
    for part in parts[:-1]:
        if part.size < SMALLEST_PART_BYTES:
            raise EntityTooSmall(part.size, SMALLEST_PART_BYTES, part.number, part.etag)
    return parts


def _named_part(row: Upload, there: Mapping[int, Part], entry: Mapping[str, Any]) -> Part:
    number, etag = entry.get("PartNumber") or 0, (entry.get("ETag") or "").strip('"')
    part = there.get(number)
    if part is None or part.etag != etag:
        raise InvalidPart(row.upload_id, number, etag)
    stated = checksums.given(entry)
    if any(part.checksums.get(algorithm) != value for algorithm, value in stated.items()):
        raise InvalidPart(row.upload_id, number, etag)
    if row.checksum_type == _COMPOSITE and not stated:
        raise InvalidRequest(
            f"The upload was created using a {(row.checksum_algorithm or '').lower()} checksum. The complete "
            "request must include the checksum for each part. It was missing for part "
            f"{number} in the request."
        )
    return part


def etag_of(parts: Sequence[Part]) -> str:
    """The ETag of an object that was completed from parts."""
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(parts)}"


def checksum_of(row: Upload, parts: Sequence[Part]) -> Checksum:
    """The checksum of an object that was completed from parts."""
    algorithm = row.checksum_algorithm or checksums.DEFAULT
    values = [part.checksums[algorithm] for part in parts]
    if row.checksum_type != _COMPOSITE:
        sizes = (part.size for part in parts)
        return Checksum(algorithm, crc.joined(algorithm, zip(values, sizes, strict=True)))
    hasher = ALGORITHMS[algorithm]()
    for value in values:
        hasher.update(base64.b64decode(value))
    return Checksum(algorithm, f"{encoded(hasher)}-{len(parts)}", _COMPOSITE)


def parts_of_object(row: Upload, parts: Sequence[Part]) -> tuple[PartOfObject, ...]:
    """What an object remembers of its parts."""
    algorithm = row.checksum_algorithm or checksums.DEFAULT
    return tuple(
        PartOfObject(number, part.size, part.checksums[algorithm])
        for number, part in enumerate(parts, start=1)
    )


def check_completion(request: Mapping[str, Any], checksum: Checksum, size: int) -> None:
    """Raises if what the client says of the whole object is not so."""
    checksums.check(checksums.given(request), checksum.algorithm, checksum.value)
    if request.get("ChecksumType", checksum.type) != checksum.type:
        raise InvalidRequest("The checksum type does not match the one of the upload.")
    if request.get("MpuObjectSize", size) != size:
        raise InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {request['MpuObjectSize']} does not match "
            f"what was computed: {size}"
        )
