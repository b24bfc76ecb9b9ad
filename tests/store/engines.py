"""The engines that the store's tests run against, and loops to run them on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cloudlet.core.store import Last
from cloudlet.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cloudlet.core.store import Key, Store

T = TypeVar("T")

DURABLE = ("rocksdb", "sqlite")
ENGINES = (*DURABLE, "memory")


def rank(key: Key) -> tuple[tuple[int, object], ...]:
    """The order that the contract promises, in Python's own terms."""
    ranked: list[tuple[int, object]] = []
    for part in key:
        if isinstance(part, bytes):
            ranked.append((0, part))
        elif isinstance(part, str):
            ranked.append((1, part.encode()))
        elif isinstance(part, Last):
            ranked.append((3, 0))
        else:
            ranked.append((2, part))
    return tuple(ranked)


def url(engine: str, directory: Path) -> str:
    return "memory:" if engine == "memory" else f"{engine}:{directory / engine}"


def unexpected(error: BaseException) -> None:
    raise AssertionError(f"the store failed: {error}")


def run(url: str, use: Callable[[Store], Awaitable[T]]) -> T:
    """Opens a store, uses it on a fresh loop, and closes it."""

    async def main() -> T:
        store = open_store(url, unexpected)
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(main())
