"""RocksDB, the default engine: a transaction is one WriteBatch, written on the loop; one log sync a group.

Only `flush_wal` may run in a thread: rocksdict holds the interpreter's lock in `write`, syncing or not.
Never opens with repair.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, Rdict, ReadOptions, WriteBatch

from cloudlet.store.embedded import EmbeddedStore
from cloudlet.store.errors import StoreFailed, StoreInUse
from cloudlet.store.gaps import Gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BASE_OPTIONS: Final = Path(__file__).parent / "rocksdb_options"
"""A folder as RocksDB keeps its own options in: the newest OPTIONS file there is read."""
_MEBIBYTE: Final = 1 << 20
_WRITE_BUFFER: Final = 32 * _MEBIBYTE
_WHOLE_LOG: Final = 64 * _MEBIBYTE
_BLOCK_CACHE: Final = 256 * _MEBIBYTE
_LOCK_ERRORS: Final = ("While lock file", "lock hold by current process")


def open_rocksdb(
    directory: Path, on_fatal: Callable[[StoreFailed], None], *, skippable: int | None = None
) -> EmbeddedStore:
    """Opens or makes a store. Raises StoreInUse."""
    return EmbeddedStore(RocksEngine(directory, skippable=skippable), on_fatal)


class RocksEngine:
    """The rows of one RocksDB directory. `skippable`, for tests, fails scans that meet more deleted keys."""

    def __init__(self, directory: Path, *, skippable: int | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._gaps = Gaps()
        self._skippable = skippable
        try:
            self._db = Rdict(str(directory), _options())
        except Exception as error:  # rocksdict raises nothing more exact
            if any(text in str(error) for text in _LOCK_ERRORS):
                raise StoreInUse(f"The store {directory} is open elsewhere.") from error
            raise

    def find(self, key: bytes) -> bytes | None:
        """A row's value."""
        value: bytes | None = self._db.get(key)
        return value

    def scan(self, start: bytes, end: bytes, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start <= key < end, in order or backwards."""
        return self._scan_back(start, end) if reverse else self._scan_on(start, end)

    def write(self, erased: list[tuple[bytes, bytes]], writes: dict[bytes, bytes | None]) -> None:
        """Removes the ranges, then writes the rows: all or nothing, visible at once."""
        batch = WriteBatch(raw_mode=True)
        for first, last in erased:
            batch.delete_range(first, last)
        for key, value in writes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
                self._gaps.fill(key)
        try:
            self._db.write(batch)
        except Exception as error:  # rocksdict raises nothing more exact
            raise StoreFailed(str(error)) from error

    def seal(self) -> None:
        """Nothing to do: `sync` takes what was written before it began."""

    def sync(self) -> None:
        """Returns when all that was written is on disk."""
        self._db.flush_wal(True)

    def wants_upkeep(self) -> bool:
        """Never: RocksDB's own threads compact."""
        return False

    def upkeep(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Syncs and closes."""
        try:
            self._db.flush_wal(True)
        finally:
            self._db.close()

    def _scan_on(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        sought = self._gaps.after(start)
        if sought >= end:
            return
        # The bound keeps the iterator from crossing deleted keys beyond the range.
        options = self._read_options()
        options.set_iterate_upper_bound(end)
        rows = self._db.iter(options)
        rows.seek(sought)
        head = rows.key() if rows.valid() else None
        if head is None:
            rows.status()
        if head != start:
            self._gaps.add(start, end if head is None else head)
        if head is None:
            return
        yield head, rows.value()
        # A late row in a drained stretch stands alone: what was deleted after it need not be crossed again.
        following = head + b"\x00"
        if (sought := self._gaps.after(following)) == following:
            rows.next()
        else:
            rows.seek(sought)
        while rows.valid():
            yield rows.key(), rows.value()
            rows.next()
        rows.status()

    def _scan_back(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        sought = self._gaps.before(end)
        if sought <= start:
            return
        options = self._read_options()
        options.set_iterate_upper_bound(sought)
        rows = self._db.iter(options)
        rows.seek_to_last()
        tail = rows.key() if rows.valid() else None
        if tail is None:
            rows.status()
        below = start if tail is None else tail + b"\x00"
        if below < end:
            self._gaps.add(below, end)
        if tail is None or tail < start:
            return
        yield tail, rows.value()
        if (lower := self._gaps.before(tail)) == tail:
            rows.prev()
        else:
            rows.seek_for_prev(lower)
        while rows.valid() and (key := rows.key()) >= start:
            yield key, rows.value()
            rows.prev()
        rows.status()

    def _read_options(self) -> ReadOptions:
        options = ReadOptions()
        if self._skippable is not None:
            options.set_max_skippable_internal_keys(self._skippable)
        return options


def _options() -> Options:
    options, _ = Options.load_latest(str(_BASE_OPTIONS))
    options.create_if_missing(True)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_size(_WRITE_BUFFER)
    # Opening replays the log, so its size is the time that a start takes.
    options.set_max_total_wal_size(_WHOLE_LOG)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.add_compact_on_deletion_collector_factory(1000, 500, 0.5)
    table = BlockBasedOptions()
    table.set_bloom_filter(10, False)
    table.set_block_cache(Cache(_BLOCK_CACHE))
    options.set_block_based_table_factory(table)
    return options
