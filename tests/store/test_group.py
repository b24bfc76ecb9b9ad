"""When answers are given, on an engine whose disk does as the test says."""

from __future__ import annotations

import asyncio
import queue
from typing import TYPE_CHECKING

import pytest

from cloudlet.core.store import LAST
from cloudlet.store.embedded import EmbeddedStore
from cloudlet.store.errors import StoreClosed, StoreFailed
from cloudlet.store.memory import SortedRows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cloudlet.core.store import Transaction


class SlowDisk(SortedRows):
    """An engine whose syncs end, well or with an error, when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.syncs = 0
        self.sealed = 0
        self.upkeep_due = False
        self.upkeeps = 0
        self.outcomes: queue.Queue[Exception | None] = queue.Queue()

    def seal(self) -> None:
        self.sealed += 1

    def sync(self) -> None:
        self.syncs += 1
        if error := self.outcomes.get(timeout=10):
            raise error

    def wants_upkeep(self) -> bool:
        return self.upkeep_due

    def upkeep(self) -> None:
        self.upkeeps += 1
        self.upkeep_due = False
        if error := self.outcomes.get(timeout=10):
            raise error

    def close(self) -> None:
        pass


class Bench:
    """A store on a slow disk."""

    def __init__(self) -> None:
        self.disk = SlowDisk()
        self.failures: list[StoreFailed] = []
        self.store = EmbeddedStore(self.disk, self.failures.append)

    def put(self, name: str) -> asyncio.Task[None]:
        return asyncio.create_task(self.store.transact(lambda t: t.put((name,), b"")))

    def read(self, work: Callable[[Transaction], object]) -> asyncio.Task[object]:
        return asyncio.create_task(self.store.transact(work, read_only=True))


def on_a_slow_disk(test: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        bench = Bench()
        await test(bench)

    asyncio.run(asyncio.wait_for(main(), 20))


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


def test_a_put_is_answered_only_after_its_sync() -> None:
    async def test(bench: Bench) -> None:
        put = bench.put("a")
        await until(lambda: bench.disk.syncs == 1)
        await turns()
        assert not put.done()
        bench.disk.outcomes.put(None)
        await put

    on_a_slow_disk(test)


def test_all_that_arrives_during_a_sync_shares_the_next() -> None:
    async def test(bench: Bench) -> None:
        first = [bench.put("a"), bench.put("b")]
        await until(lambda: bench.disk.syncs == 1)
        second = [bench.put(name) for name in "cdefg"]
        await turns()
        bench.disk.outcomes.put(None)
        await asyncio.gather(*first)
        await until(lambda: bench.disk.syncs == 2)
        assert not any(put.done() for put in second)
        bench.disk.outcomes.put(None)
        await asyncio.gather(*second)
        assert bench.disk.syncs == bench.disk.sealed == 2

    on_a_slow_disk(test)


@pytest.mark.parametrize(
    "work",
    [
        lambda t: t.get(("a",)),
        lambda t: list(t.range(("",), ("b",), limit=1)),
        lambda t: [t.get(("a",)), t.get(("z",))],
    ],
)
def test_a_read_of_what_is_not_on_disk_waits_for_it(work: Callable[[Transaction], object]) -> None:
    async def test(bench: Bench) -> None:
        put = bench.put("a")
        await until(lambda: bench.disk.syncs == 1)
        read = bench.read(work)
        await turns()
        assert not read.done()
        bench.disk.outcomes.put(None)
        await read
        assert put.done()

    on_a_slow_disk(test)


@pytest.mark.parametrize(
    "work", [lambda t: t.get(("z",)), lambda t: list(t.range(("b",), (LAST,), limit=1)), lambda t: None]
)
def test_a_read_of_other_rows_does_not_wait(work: Callable[[Transaction], object]) -> None:
    async def test(bench: Bench) -> None:
        put = bench.put("a")
        await until(lambda: bench.disk.syncs == 1)
        await bench.store.transact(work, read_only=True)
        assert not put.done()
        bench.disk.outcomes.put(None)
        await put

    on_a_slow_disk(test)


def test_a_read_on_clean_data_returns_without_a_turn_of_the_loop() -> None:
    bench = Bench()
    step = bench.store.transact(lambda t: t.get(("a",)), read_only=True)
    with pytest.raises(StopIteration):
        step.send(None)


def test_a_read_waits_for_the_newest_of_the_groups_that_it_saw() -> None:
    async def test(bench: Bench) -> None:
        bench.put("a")
        await until(lambda: bench.disk.syncs == 1)
        second = bench.put("b")
        await turns()
        read = bench.read(lambda t: (t.get(("b",)), t.get(("a",))))
        await turns()
        bench.disk.outcomes.put(None)
        await until(lambda: bench.disk.syncs == 2)
        await turns()
        assert not read.done()
        bench.disk.outcomes.put(None)
        await asyncio.gather(read, second)

    on_a_slow_disk(test)


def test_an_error_that_unsynced_data_caused_waits_for_it_too() -> None:
    async def test(bench: Bench) -> None:
        def refuse(t: Transaction) -> None:
            if t.get(("a",)) is not None:
                raise KeyError("a")

        bench.put("a")
        await until(lambda: bench.disk.syncs == 1)
        read = bench.read(refuse)
        await turns()
        assert not read.done()
        bench.disk.outcomes.put(None)
        with pytest.raises(KeyError):
            await read

    on_a_slow_disk(test)


def test_a_failed_sync_is_told_to_all_and_never_tried_again() -> None:
    async def test(bench: Bench) -> None:
        ran: list[str] = []

        def put(t: Transaction) -> None:
            t.put(("a",), b"")
            t.after_commit(lambda: ran.append("never"))

        first = asyncio.create_task(bench.store.transact(put))
        await until(lambda: bench.disk.syncs == 1)
        waiting = [first, bench.put("b"), bench.read(lambda t: t.get(("a",)))]
        await turns()
        bench.disk.outcomes.put(OSError(5, "Input/output error"))
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results] == [StoreFailed] * 3
        with pytest.raises(StoreFailed, match="Input/output error"):
            await bench.put("c")
        with pytest.raises(StoreFailed):
            await bench.read(lambda t: None)
        assert len(bench.failures) == bench.disk.syncs == 1
        assert ran == []
        await bench.store.close()
        with pytest.raises(StoreClosed):
            await bench.put("d")

    on_a_slow_disk(test)


def test_upkeep_holds_writers_back_but_not_readers() -> None:
    async def test(bench: Bench) -> None:
        first = bench.put("a")
        bench.disk.upkeep_due = True
        bench.disk.outcomes.put(None)
        await first
        await until(lambda: bench.disk.upkeeps == 1)
        second = bench.put("b")
        await turns()
        assert await bench.read(lambda t: (t.get(("a",)), t.get(("b",)))) == (b"", None)
        bench.disk.outcomes.put(None)
        bench.disk.outcomes.put(None)
        await second
        await bench.store.close()

    on_a_slow_disk(test)


def test_close_waits_for_the_sync_of_what_was_written() -> None:
    async def test(bench: Bench) -> None:
        put = bench.put("a")
        await until(lambda: bench.disk.syncs == 1)
        closing = asyncio.create_task(bench.store.close())
        await turns()
        assert not closing.done()
        bench.disk.outcomes.put(None)
        await asyncio.gather(put, closing)

    on_a_slow_disk(test)
