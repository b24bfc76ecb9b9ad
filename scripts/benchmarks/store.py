"""How fast the store is, next to what the disk can do: `bench_store.py [rocksdb|sqlite|memory]...`.

Each line is one engine: durable puts (a row of 1 KiB and an index row) by 64 clients, then single reads.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import uvloop

from cloudlet.core.store import LAST
from cloudlet.store.disk import sync_file
from cloudlet.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.store import Key, Store, Transaction

CLIENTS = 64
ROWS = 100_000
SECONDS = 3.0
VALUE = random.Random(1).randbytes(1024)


def row(number: int) -> Key:
    return ("dynamodb", "000000000000", "eu-west-1", "orders", "item", f"customer-{number:012d}")


def put(number: int) -> Callable[[Transaction], None]:
    def work(t: Transaction) -> None:
        t.put(row(number), VALUE)
        t.put(("dynamodb", "000000000000", "eu-west-1", "orders", "by_number", number), b"")

    return work


def put_all(numbers: range, t: Transaction) -> None:
    for number in numbers:
        put(number)(t)


def disk(directory: Path) -> None:
    """What the disk can do: append 1 KiB, sync, again."""
    with (directory / "plain").open("wb", buffering=0) as file:
        delays, end = [], perf_counter() + 1
        while (begun := perf_counter()) < end:
            file.write(VALUE)
            sync_file(file.fileno())
            delays.append(perf_counter() - begun)
    print(f"{'disk':8} {len(delays):9,} write+sync/s   p50 {at(delays, 50):.3f}  p99 {at(delays, 99):.3f} ms")


def at(delays: list[float], percent: int) -> float:
    """A percentile in milliseconds."""
    return sorted(delays)[len(delays) * percent // 100] * 1e3


async def fill(store: Store) -> None:
    for first in range(0, ROWS, 500):
        await store.transact(partial(put_all, range(first, first + 500)))


async def puts(store: Store, clients: int, seconds: float) -> tuple[list[float], float]:
    """Delays of puts, and the processor's seconds in all threads."""
    delays: list[float] = []
    end = perf_counter() + seconds
    source = random.Random(2)

    async def client() -> None:
        while (begun := perf_counter()) < end:
            await store.transact(put(source.randrange(2 * ROWS)))
            delays.append(perf_counter() - begun)

    before = process_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    return delays, process_time() - before


async def reads(store: Store, work: Callable[[int], Callable[[Transaction], object]], count: int) -> float:
    """Microseconds for one read-only transaction."""
    source = random.Random(3)
    works = [work(source.randrange(ROWS - 100)) for _ in range(count)]
    begun = perf_counter()
    for one in works:
        await store.transact(one, read_only=True)
    return (perf_counter() - begun) / count * 1e6


def a_range(length: int) -> Callable[[int], Callable[[Transaction], object]]:
    end = (*row(0)[:-1], LAST)
    return lambda number: lambda t: list(t.range(row(number), end, limit=length))


async def bench(engine: str, directory: Path) -> None:
    store = open_store("memory:" if engine == "memory" else f"{engine}:{directory / engine}", print)
    await fill(store)
    delays, processor = await puts(store, CLIENTS, SECONDS)
    alone, _ = await puts(store, 1, 1.0)
    get = await reads(store, lambda number: lambda t: t.get(row(number)), 20_000)
    ranges = [await reads(store, a_range(length), 5_000) for length in (1, 10, 100)]
    await store.close()
    rate, cost = len(delays) / SECONDS, processor / len(delays) * 1e6
    print(
        f"{engine:8} {rate:9,.0f} puts/s   p50 {at(delays, 50):.2f}  p99 {at(delays, 99):.2f}"
        f"  max {max(delays) * 1e3:.0f} ms   processor {cost:.1f} us/put   alone {len(alone):,}/s"
    )
    print(f"{'':8} get {get:.1f} us   range(1, 10, 100) {', '.join(f'{time:.1f}' for time in ranges)} us")


def main() -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("CLOUDLET_BENCH_DIRECTORY")) as directory:
        disk(Path(directory))
        for engine in sys.argv[1:] or ("rocksdb", "sqlite", "memory"):
            uvloop.run(bench(engine, Path(directory)))


if __name__ == "__main__":
    main()
