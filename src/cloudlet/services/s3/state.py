"""Where buckets, object versions and their bytes are kept: the only file that names keys.

bucket   name -> Bucket                           names are global
owned    account, name -> nothing more            the buckets of an account
object   account, bucket, key -> ObjectVersion    the current version, unless that is a delete marker
version  account, bucket, key, -order             all other versions, the latest first
content  account, bucket, key, order -> bytes     small bodies
blob     blob id -> nothing more                  every blob, as long as its file must stay
garbage  microsecond, blob id                     blobs that no version names any more
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterator
from typing import Final

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST, Key
from cloudlet.services.s3.errors import NoSuchBucket
from cloudlet.services.s3.model import NULL_VERSION, Bucket, ObjectVersion, Piece

_BUCKETS: Final = Rows(("s3", "bucket"), Bucket)
_OWNED: Final = Rows(("s3", "owned"), str)
_OBJECTS: Final = Rows(("s3", "object"), ObjectVersion)
_VERSIONS: Final = Rows(("s3", "version"), ObjectVersion)
_CONTENT: Final = ("s3", "content")
_BLOBS: Final = Rows(("s3", "blob"), str)
_GARBAGE: Final = Rows(("s3", "garbage"), str)
_SCAN: Final = 1000


def find_bucket(call: Call, name: str) -> Bucket | None:
    """A bucket, whoever owns it, or None."""
    return _BUCKETS.find(call, name)


def bucket(call: Call, name: str) -> Bucket:
    """A bucket, whoever owns it. Raises NoSuchBucket."""
    found = find_bucket(call, name)
    if found is None:
        raise NoSuchBucket(name)
    return found


def save_bucket(call: Call, row: Bucket) -> None:
    """Writes a bucket."""
    _BUCKETS.save(call, row, row.name)
    _OWNED.save(call, row.name, row.account, row.name)


def delete_bucket(call: Call, row: Bucket) -> None:
    """Removes an empty bucket."""
    _BUCKETS.delete(call, row.name)
    _OWNED.delete(call, row.account, row.name)


def list_buckets(call: Call, account: str, after: str | None = None) -> Iterator[Bucket]:
    """An account's buckets by name."""
    for name in _OWNED.below(call, account, after=(after,) if after else None):
        yield bucket(call, name)


def is_empty(call: Call, of: Bucket) -> bool:
    """Whether a bucket has neither objects nor versions."""
    below = of.account, of.name
    return not any(_OBJECTS.below(call, *below, limit=1)) and not any(_VERSIONS.below(call, *below, limit=1))


def find_current(call: Call, of: Bucket, key: str) -> ObjectVersion | None:
    """An object's current version; None if there is none or it is a delete marker."""
    return _OBJECTS.find(call, of.account, of.name, key)


def find_latest(call: Call, of: Bucket, key: str) -> ObjectVersion | None:
    """An object's current version, be it a delete marker."""
    return find_current(call, of, key) or next(_VERSIONS.below(call, of.account, of.name, key, limit=1), None)


def find_version(call: Call, of: Bucket, key: str, version_id: str) -> ObjectVersion | None:
    """One version of an object."""
    current = find_current(call, of, key)
    if current is not None and current.version_id == version_id:
        return current
    others = _VERSIONS.below(call, of.account, of.name, key)
    return next((row for row in others if row.version_id == version_id), None)


def add_version(call: Call, of: Bucket, row: ObjectVersion, content: bytes | None = None) -> None:
    """Makes a version, or a delete marker, the latest; small bodies come with it.

    What was current becomes an earlier version. Removing an earlier null version is the caller's business.
    """
    current = find_current(call, of, row.key)
    if current is not None:
        _OBJECTS.delete(call, of.account, of.name, row.key)
        _VERSIONS.save(call, current, of.account, of.name, row.key, -current.order)
    save_version(call, of, row, current=not row.delete_marker)
    keep_blobs(call, row.pieces)
    if content:
        call.transaction.put((*_CONTENT, of.account, of.name, row.key, row.order), content)


def save_version(call: Call, of: Bucket, row: ObjectVersion, *, current: bool) -> None:
    """Writes a version where it stands."""
    if current:
        _OBJECTS.save(call, row, of.account, of.name, row.key)
    else:
        _VERSIONS.save(call, row, of.account, of.name, row.key, -row.order)


def is_current(call: Call, of: Bucket, row: ObjectVersion) -> bool:
    """Whether a version is the one that is read without a version id."""
    current = find_current(call, of, row.key)
    return current is not None and current.order == row.order


def delete_version(call: Call, of: Bucket, row: ObjectVersion) -> None:
    """Removes a version for good; the one before it becomes the latest."""
    _remove(call, of, row)
    if find_current(call, of, row.key) is None:
        _promote(call, of, row.key)


def replace_null(call: Call, of: Bucket, key: str) -> None:
    """Removes an object's null version, to make room for the next one."""
    found = find_version(call, of, key, NULL_VERSION)
    if found is not None:
        _remove(call, of, found)


def _remove(call: Call, of: Bucket, row: ObjectVersion) -> None:
    if row.pieces:
        discard_blobs(call, row.pieces)
    elif row.size:
        call.transaction.delete((*_CONTENT, of.account, of.name, row.key, row.order))
    if is_current(call, of, row):
        _OBJECTS.delete(call, of.account, of.name, row.key)
    else:
        _VERSIONS.delete(call, of.account, of.name, row.key, -row.order)


def _promote(call: Call, of: Bucket, key: str) -> None:
    latest = next(_VERSIONS.below(call, of.account, of.name, key, limit=1), None)
    if latest is not None and not latest.delete_marker:
        _VERSIONS.delete(call, of.account, of.name, key, -latest.order)
        _OBJECTS.save(call, latest, of.account, of.name, key)


def content(call: Call, of: Bucket, row: ObjectVersion) -> bytes:
    """The bytes of a version that has no blobs."""
    if not row.size:
        return b""
    found = call.transaction.get((*_CONTENT, of.account, of.name, row.key, row.order))
    if found is None:
        raise LookupError(f"the content of {of.name}/{row.key} is lost")
    return found


def keep_blobs(call: Call, pieces: tuple[Piece, ...]) -> None:
    """Says that blobs are in use, under a key that stays where it is when they move to another row."""
    for piece in pieces:
        _BLOBS.save(call, "", piece.blob_id)


async def blobs_in_use(call: Call) -> AsyncIterator[str]:
    """Every blob that is named, or was until a reader may still be at it."""
    async for key, _ in _BLOBS.scan(call):
        yield str(key[0])


def discard_blobs(call: Call, pieces: tuple[Piece, ...]) -> None:
    """Leaves blobs to the worker that removes them once no reader can be left."""
    now = int(call.time() * 1_000_000)
    for piece in pieces:
        _GARBAGE.save(call, piece.blob_id, now, piece.blob_id)


def list_garbage(call: Call, before: float, limit: int) -> list[tuple[Key, str]]:
    """Blobs that were discarded before a time, with what forgets them."""
    rows = call.transaction.range(_GARBAGE.prefix, (*_GARBAGE.prefix, int(before * 1_000_000)), limit=limit)
    return [(key, _GARBAGE.decode(value)) for key, value in rows]


def forget_garbage(call: Call, keys: list[Key]) -> None:
    """Removes entries of list_garbage() whose blobs are gone."""
    for key in keys:
        call.transaction.delete(key)
        _BLOBS.delete(call, key[-1])


class Marker(Struct, frozen=True):
    """Where a listing begins: with the first key from `key` on, or with the first after it."""

    key: str = ""
    inclusive: bool = True
    order: int | None = None
    """Of versions: those of the same key that are older than this one come, too."""


def objects_from(call: Call, of: Bucket, marker: Marker) -> Iterator[ObjectVersion]:
    """Current objects in the order of their keys."""
    prefix = (*_OBJECTS.prefix, of.account, of.name)
    start: Key = (*prefix, marker.key) if marker.inclusive else (*prefix, marker.key, LAST)
    return map(_OBJECTS.decode, _values(call, start, (*prefix, LAST)))


def versions_from(call: Call, of: Bucket, marker: Marker) -> Iterator[tuple[ObjectVersion, bool]]:
    """All versions in the order of their keys, the latest first; and whether each is the latest."""
    earlier = _earlier_from(call, of, marker)
    current = objects_from(call, of, Marker(marker.key, marker.inclusive))
    merged = heapq.merge(current, earlier, key=lambda row: (row.key.encode(), -row.order))
    previous = None if marker.order is None else marker.key
    for row in merged:
        if marker.order is not None and row.key == marker.key and row.order >= marker.order:
            continue
        yield row, row.key != previous
        previous = row.key


def _earlier_from(call: Call, of: Bucket, marker: Marker) -> Iterator[ObjectVersion]:
    prefix = (*_VERSIONS.prefix, of.account, of.name)
    start: Key = (*prefix, marker.key) if marker.inclusive else (*prefix, marker.key, LAST)
    return map(_VERSIONS.decode, _values(call, start, (*prefix, LAST)))


def _values(call: Call, start: Key, end: Key) -> Iterator[bytes]:
    """All values of a range, without asking the store for all of them at once."""
    while True:
        found = 0
        for key, value in call.transaction.range(start, end, limit=_SCAN):
            yield value
            found, start = found + 1, (*key, LAST)
        if found < _SCAN:
            return
