"""SQLite through apsw, the second engine: transactions gather in one of SQLite's; one COMMIT a group.

Never the standard library's sqlite3: its SQLite may corrupt a database that another connection checkpoints.
Never opens the database file itself: closing any descriptor of it would drop SQLite's locks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import apsw

from cloudlet.store.disk import sync_directory, sync_file
from cloudlet.store.embedded import EmbeddedStore
from cloudlet.store.errors import StoreFailed, StoreInUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PAGE: Final = 8192
_LOG_PAGES: Final = (32 << 20) // _PAGE
_CACHE_KIBIBYTES: Final = 256 << 10
_BUSY_MILLISECONDS: Final = 100

_SETTINGS: Final = (
    f"PRAGMA page_size={_PAGE}",
    "PRAGMA journal_mode=WAL",
    # OFF would skip the sync of the log's header when it starts anew, and an old log could be replayed.
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA cache_spill=OFF",
    f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}",
)
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS upkeep (id INTEGER PRIMARY KEY, runs INTEGER NOT NULL);
"""
_MARK: Final = "INSERT INTO upkeep VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET runs = runs + 1"
_PUT: Final = "INSERT INTO rows VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_DELETE: Final = "DELETE FROM rows WHERE key = ?"
_DELETE_RANGE: Final = "DELETE FROM rows WHERE key >= ? AND key < ?"
_FIND: Final = "SELECT value FROM rows WHERE key = ?"
_SCAN: Final = "SELECT key, value FROM rows WHERE key >= ? AND key < ? ORDER BY key"
_SCAN_BACK: Final = _SCAN + " DESC"


def open_sqlite(
    file: Path, on_fatal: Callable[[StoreFailed], None], *, log_pages: int = _LOG_PAGES
) -> EmbeddedStore:
    """Opens or makes a store. Raises StoreInUse."""
    return EmbeddedStore(SqliteEngine(file, log_pages=log_pages), on_fatal)


class SqliteEngine:
    """The rows of one SQLite database, owned by one process for as long as it holds `<file>.lock`."""

    def __init__(self, file: Path, *, log_pages: int = _LOG_PAGES) -> None:
        self._log_pages = self._upkeep_due = log_pages
        file.parent.mkdir(parents=True, exist_ok=True)
        self._owner = _own(file)
        self._logged_pages = 0
        self._open = False
        self._connection = _connect(file)
        self._connection.execute(_TABLES)
        self._connection.set_wal_hook(self._on_commit)
        self._upkeep = _connect(file)
        # Makes the -wal exist; it keeps its inode from here on.
        self._upkeep.execute(_MARK)
        self._log = os.open(f"{file}-wal", os.O_RDWR)
        sync_file(self._log)
        sync_directory(file.parent)

    def find(self, key: bytes) -> bytes | None:
        """A row's value."""
        row = self._connection.execute(_FIND, (key,)).fetchone()
        return None if row is None else row[0]

    def scan(self, start: bytes, end: bytes, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start <= key < end, in order or backwards."""
        rows = self._connection.execute(_SCAN_BACK if reverse else _SCAN, (start, end))
        try:
            yield from rows
        finally:
            rows.close()

    def write(self, erased: list[tuple[bytes, bytes]], writes: dict[bytes, bytes | None]) -> None:
        """Removes the ranges, then writes the rows. An error costs the whole group: the store has failed."""
        execute = self._connection.execute
        try:
            if not self._open:
                execute("BEGIN IMMEDIATE")
                self._open = True
            for bounds in erased:
                execute(_DELETE_RANGE, bounds)
            for key, value in writes.items():
                if value is None:
                    execute(_DELETE, (key,))
                else:
                    execute(_PUT, (key, value))
        except apsw.Error as error:
            raise StoreFailed(str(error)) from error

    def seal(self) -> None:
        """Commits the group: its pages go to the log, unsynced."""
        if not self._open:
            return
        self._open = False
        try:
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            raise StoreFailed(str(error)) from error

    def sync(self) -> None:
        """Returns when all that was sealed is on disk."""
        sync_file(self._log)

    def wants_upkeep(self) -> bool:
        """Whether the log has grown past its bound."""
        return self._logged_pages >= self._upkeep_due

    def upkeep(self) -> None:
        """Copies the log into the database and starts it anew, so that neither happens on the loop.

        A reader beside us (a backup, say) can be in the way: then later, when as much again is logged.
        """
        try:
            self._upkeep.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
            self._upkeep.execute(_MARK)
        except apsw.BusyError:
            self._upkeep_due = self._logged_pages + self._log_pages
        else:
            self._logged_pages, self._upkeep_due = 0, self._log_pages

    def close(self) -> None:
        """Syncs and closes; SQLite removes the log as its last connection goes."""
        sync_file(self._log)
        self._upkeep.close()
        self._connection.close()
        os.close(self._log)
        self._owner.close()

    def _on_commit(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._logged_pages = pages
        return apsw.SQLITE_OK


def _connect(file: Path) -> apsw.Connection:
    connection = apsw.Connection(str(file))
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    for setting in _SETTINGS:
        connection.execute(setting).fetchall()
    return connection


def _own(file: Path) -> apsw.Connection:
    owner = apsw.Connection(f"{file}.lock")
    try:
        owner.execute("BEGIN EXCLUSIVE")
    except apsw.BusyError as error:
        owner.close()
        raise StoreInUse(f"The store {file} is open elsewhere.") from error
    return owner
