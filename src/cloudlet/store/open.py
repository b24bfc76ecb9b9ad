"""Opens the engine that a URL names: `rocksdb:/path`, `sqlite:/path` or `memory:`.

Never takes another engine than the one asked for: which to fall back on is the caller's choice.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cloudlet.store.errors import EngineMissing, StoreFailed
from cloudlet.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.store import Store


def open_store(url: str, on_fatal: Callable[[StoreFailed], None]) -> Store:
    """The store at a URL, made if need be. Raises StoreInUse, EngineMissing, or ValueError for the URL.

    `on_fatal` is called once, on the loop, when the disk has failed: the program should then end.
    """
    engine, _, path = url.partition(":")
    if engine == "memory" and not path:
        return MemoryStore()
    if engine == "rocksdb" and path:
        return _rocksdb(Path(path), on_fatal)
    if engine == "sqlite" and path:
        return _sqlite(Path(path), on_fatal)
    raise ValueError(f"{url!r} names no store: use rocksdb:/path, sqlite:/path or memory:.")


def _rocksdb(directory: Path, on_fatal: Callable[[StoreFailed], None]) -> Store:
    try:
        from cloudlet.store.rocksdb import open_rocksdb  # noqa: PLC0415 (its wheel may be missing; loads 11 MB)
    except ModuleNotFoundError as error:
        raise EngineMissing("RocksDB needs the package rocksdict, which is not installed here.") from error
    return open_rocksdb(directory, on_fatal)


def _sqlite(file: Path, on_fatal: Callable[[StoreFailed], None]) -> Store:
    try:
        from cloudlet.store.sqlite import open_sqlite  # noqa: PLC0415 (its wheel may be missing)
    except ModuleNotFoundError as error:
        raise EngineMissing("SQLite needs the package apsw, which is not installed here.") from error
    return open_sqlite(file, on_fatal)
