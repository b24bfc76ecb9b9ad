"""The child of test_kill: 32 clients put rows and print the number of each one that is acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from cloudlet.store.errors import StoreFailed
from cloudlet.store.open import open_store
from cloudlet.store.sqlite import open_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.store import Store, Transaction


def say(text: str) -> None:
    os.write(1, text.encode() + b"\n")


def open_for_kills(url: str) -> Store:
    """SQLite with a log so short that a kill often meets its upkeep."""
    engine, _, path = url.partition(":")
    if engine == "sqlite":
        return open_sqlite(Path(path), lambda error: say("fatal"), log_pages=200)
    return open_store(url, lambda error: say("fatal"))


async def client(store: Store, numbers: Iterator[int]) -> None:
    for number in numbers:

        def put(t: Transaction, number: int = number) -> None:
            value = b"%d" % number * 50
            t.put(("row", number), value)
            t.put(("index", value, number), b"")

        try:
            await store.transact(put)
        except StoreFailed:
            say("failed")
            break
        say(str(number))
    try:
        await store.transact(put)
    except StoreFailed:
        say("refused")


async def main(url: str, first: int) -> None:
    store = open_for_kills(url)
    numbers = count(first)
    await asyncio.gather(*(client(store, numbers) for _ in range(32)))
    os._exit(3)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
