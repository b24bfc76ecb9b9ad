"""What core/store.py promises, asked of every engine."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from bisect import bisect_left
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudlet.core.store import LAST, Key, Store, Transaction
from cloudlet.store.errors import EngineMissing, StoreClosed, StoreInUse
from cloudlet.store.open import open_store
from cloudlet.store.sqlite import open_sqlite
from cloudlet.store.unpleasant import UnpleasantStore
from store.engines import DURABLE, ENGINES, rank, run, unexpected, url

if TYPE_CHECKING:
    from collections.abc import Iterator

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_durable_engine = pytest.mark.parametrize("engine", DURABLE)

A_FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

PARTS = st.one_of(
    st.sampled_from(["", "a", "a\0", "b", b"", b"\0", b"\xff", b"\0\xff", 0, -1, 1, 300, -300, 1 << 80])
)
KEYS = st.lists(PARTS, min_size=1, max_size=3).map(tuple)
BOUNDS = st.builds(lambda key, last: (*key, LAST) if last else key, KEYS, st.booleans())
CHANGES = st.one_of(
    st.tuples(st.just("put"), KEYS, st.binary(max_size=3)),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("delete_range"), BOUNDS, BOUNDS),
    st.tuples(st.just("range"), BOUNDS, BOUNDS, st.integers(0, 5), st.booleans()),
    st.tuples(st.just("get"), KEYS),
)
TRANSACTIONS = st.lists(st.tuples(st.lists(CHANGES, max_size=8), st.booleans()), max_size=6)


class Model:
    """The same promises, kept by a dict that is sorted for each question."""

    def __init__(self) -> None:
        self.rows: dict[Key, bytes] = {}

    def within(self, start: Key, end: Key) -> list[Key]:
        return [key for key in sorted(self.rows, key=rank) if rank(start) <= rank(key) < rank(end)]

    def apply(self, change: tuple[Any, ...]) -> object:
        match change:
            case ("put", key, value):
                self.rows[key] = value
            case ("delete", key):
                self.rows.pop(key, None)
            case ("delete_range", start, end):
                for key in self.within(start, end):
                    del self.rows[key]
            case ("get", key):
                return self.rows.get(key)
            case ("range", start, end, limit, reverse):
                keys = self.within(start, end)
                keys = keys[::-1] if reverse else keys
                return [(key, self.rows[key]) for key in keys[:limit]]
        return None


def apply(transaction: Transaction, change: tuple[Any, ...]) -> object:
    match change:
        case ("put", key, value):
            transaction.put(key, value)
        case ("delete", key):
            transaction.delete(key)
        case ("delete_range", start, end):
            transaction.delete_range(start, end)
        case ("get", key):
            return transaction.get(key)
        case ("range", start, end, limit, reverse):
            return list(transaction.range(start, end, limit=limit, reverse=reverse))
    return None


class Refused(Exception):
    """What a transaction raises to be undone."""


def rows(store_rows: Iterator[tuple[Key, bytes]]) -> list[Key]:
    return [key for key, _ in store_rows]


async def everything(store: Store) -> list[tuple[Key, bytes]]:
    return await store.transact(lambda t: list(t.range((), (LAST,), limit=1_000_000)), read_only=True)


async def put(store: Store, *keys: Key) -> None:
    def work(t: Transaction) -> None:
        for key in keys:
            t.put(key, b"value")

    await store.transact(work)


@every_engine
@A_FEW
@given(transactions=TRANSACTIONS)
def test_transactions_of_any_kind_answer_as_a_sorted_dict_does(engine: str, transactions: list[Any]) -> None:
    async def use(store: Store) -> dict[Key, bytes]:
        model = Model()
        for changes, is_undone in transactions:
            before = dict(model.rows)

            def work(t: Transaction, changes: Any = changes, is_undone: bool = is_undone) -> None:
                for change in changes:
                    assert apply(t, change) == model.apply(change)
                if is_undone:
                    raise Refused

            try:
                await store.transact(work)
            except Refused:
                model.rows = before
        assert await everything(store) == [(key, model.rows[key]) for key in sorted(model.rows, key=rank)]
        return model.rows

    with tempfile.TemporaryDirectory() as directory:
        expected = run(url(engine, Path(directory)), use)
        if engine in DURABLE:
            assert dict(run(url(engine, Path(directory)), everything)) == expected


@every_engine
def test_ranges_go_both_ways_and_stop_at_the_limit(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        keys: list[Key] = [("r", number) for number in range(-5, 5)]
        await put(store, ("q",), *keys, ("s",))

        def work(t: Transaction) -> None:
            assert rows(t.range(("r",), ("r", LAST), limit=100)) == keys
            assert rows(t.range(("r",), ("r", LAST), limit=3)) == keys[:3]
            assert rows(t.range(("r",), ("r", LAST), limit=3, reverse=True)) == keys[:-4:-1]
            assert rows(t.range(("r", 0), ("r", 3), limit=9)) == [("r", 0), ("r", 1), ("r", 2)]
            assert rows(t.range(("r", 0), ("r", 3), limit=9, reverse=True)) == [("r", 2), ("r", 1), ("r", 0)]
            assert rows(t.range(("r", 3), ("r", 0), limit=9)) == []
            assert rows(t.range(("r",), ("r", LAST), limit=0)) == []

        await store.transact(work, read_only=True)

    run(url(engine, tmp_path), use)


@every_engine
def test_a_range_shows_the_transactions_own_puts_and_deletes_in_their_places(
    engine: str, tmp_path: Path
) -> None:
    async def use(store: Store) -> None:
        await put(store, ("a", 1), ("a", 3), ("a", 5))

        def work(t: Transaction) -> None:
            t.put(("a", 0), b"own")
            t.put(("a", 3), b"own")
            t.put(("a", 4), b"own")
            t.delete(("a", 5))
            expected = [(("a", 0), b"own"), (("a", 1), b"value"), (("a", 3), b"own"), (("a", 4), b"own")]
            assert list(t.range(("a",), ("a", LAST), limit=9)) == expected
            assert list(t.range(("a",), ("a", LAST), limit=2)) == expected[:2]
            assert list(t.range(("a",), ("a", LAST), limit=9, reverse=True)) == expected[::-1]
            for key, _ in t.range(("a",), ("a", LAST), limit=9):
                t.delete(key)
            assert rows(t.range(("a",), ("a", LAST), limit=9)) == []

        await store.transact(work)
        assert await everything(store) == []

    run(url(engine, tmp_path), use)


@every_engine
def test_delete_range_takes_what_was_there_and_leaves_what_is_put_after_it(
    engine: str, tmp_path: Path
) -> None:
    async def use(store: Store) -> None:
        await put(store, ("a",), ("b", 1), ("b", 2), ("c",))

        def work(t: Transaction) -> None:
            t.put(("b", 3), b"own")
            t.delete_range(("b",), ("b", LAST))
            assert t.get(("b", 1)) is None
            assert t.get(("b", 3)) is None
            t.put(("b", 2), b"again")
            assert rows(t.range((), (LAST,), limit=9)) == [("a",), ("b", 2), ("c",)]

        await store.transact(work)
        assert await everything(store) == [(("a",), b"value"), (("b", 2), b"again"), (("c",), b"value")]

    run(url(engine, tmp_path), use)


@every_engine
def test_an_exception_undoes_the_transaction_and_reaches_the_caller(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        await put(store, ("kept",))
        ran: list[str] = []

        def work(t: Transaction) -> None:
            t.put(("lost",), b"")
            t.delete_range((), (LAST,))
            t.after_commit(lambda: ran.append("never"))
            raise Refused

        with pytest.raises(Refused):
            await store.transact(work)
        assert await everything(store) == [(("kept",), b"value")]
        assert ran == []

    run(url(engine, tmp_path), use)


@every_engine
def test_a_read_only_transaction_refuses_to_write(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        await put(store, ("a",))
        for change in (("put", ("a",), b""), ("delete", ("a",)), ("delete_range", (), (LAST,))):
            with pytest.raises(TypeError, match="read-only"):
                await store.transact(lambda t, change=change: apply(t, change), read_only=True)
        assert await everything(store) == [(("a",), b"value")]

    run(url(engine, tmp_path), use)


@every_engine
def test_64_tasks_that_add_to_one_counter_lose_none(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> int:
        def add(t: Transaction) -> int:
            count = int(t.get(("counter",)) or b"0") + 1
            t.put(("counter",), b"%d" % count)
            return count

        async def client() -> list[int]:
            return [await store.transact(add) for _ in range(20)]

        counts = await asyncio.gather(*(client() for _ in range(64)))
        assert sorted(count for part in counts for count in part) == list(range(1, 64 * 20 + 1))
        return int(await store.transact(lambda t: t.get(("counter",)), read_only=True) or b"")

    assert run(url(engine, tmp_path), use) == 64 * 20


@every_engine
def test_transactions_that_are_run_again_do_the_same_once(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> int:
        unpleasant = UnpleasantStore(store, random.Random(7))
        runs = 0

        def add(t: Transaction) -> None:
            nonlocal runs
            runs += 1
            t.put(("counter",), b"%d" % (int(t.get(("counter",)) or b"0") + 1))
            t.put(("row", runs), b"")

        await asyncio.gather(*(unpleasant.transact(add) for _ in range(50)))
        found = await everything(unpleasant)
        assert len(found) == 51
        assert found[0] == (("counter",), b"50")
        return runs

    assert 60 < run(url(engine, tmp_path), use) < 90


@every_engine
def test_big_and_empty_values_and_odd_keys_come_back_whole(engine: str, tmp_path: Path) -> None:
    big = random.Random(1).randbytes(3_000_000)
    keys: list[Key] = [
        (),
        ("",),
        (b"",),
        (b"\0",),
        (b"\0\xff",),
        ("\0",),
        ("a" * 5000,),
        (-(1 << 200),),
        (LAST, "x"),
    ]

    async def use(store: Store) -> None:
        def write(t: Transaction) -> None:
            for place, key in enumerate(keys):
                t.put(key, b"%d" % place)
            t.put(("big",), big)
            t.put(("empty",), b"")

        await store.transact(write)

    async def check(store: Store) -> None:
        def read(t: Transaction) -> None:
            assert [t.get(key) for key in keys] == [b"%d" % place for place in range(len(keys))]
            assert t.get(("big",)) == big
            assert t.get(("empty",)) == b""
            assert t.get(("absent",)) is None

        await store.transact(read, read_only=True)

    async def both(store: Store) -> None:
        await use(store)
        await check(store)

    run(url(engine, tmp_path), both)
    if engine in DURABLE:
        run(url(engine, tmp_path), check)


@every_engine
def test_actions_run_once_and_before_the_answer(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        ran: list[str] = []

        def write(t: Transaction) -> None:
            t.put(("a",), b"")
            t.after_commit(lambda: ran.append("written"))

        await store.transact(write)
        assert ran == ["written"]
        await store.transact(lambda t: t.after_commit(lambda: ran.append("read")), read_only=True)
        assert ran == ["written", "read"]

    run(url(engine, tmp_path), use)


@every_engine
def test_a_cancelled_caller_leaves_the_others_their_answers(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        tasks = [asyncio.create_task(put(store, ("task", number))) for number in range(10)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [result for place, result in enumerate(results) if place != 3] == [None] * 9
        assert len(await everything(store)) >= 9

    run(url(engine, tmp_path), use)


@every_engine
def test_a_closed_store_refuses(engine: str, tmp_path: Path) -> None:
    async def main() -> None:
        store = open_store(url(engine, tmp_path), unexpected)
        writing = asyncio.create_task(put(store, ("a",)))
        await asyncio.sleep(0)
        await store.close()
        await writing
        with pytest.raises(StoreClosed):
            await put(store, ("b",))
        await store.close()

    asyncio.run(main())


@every_engine
def test_a_random_queue_is_found_in_order_through_all_its_deletes(engine: str, tmp_path: Path) -> None:
    source = random.Random(11)

    async def use(store: Store) -> None:
        model: list[int] = []
        for _ in range(400):
            number = source.randrange(1000)
            reverse = source.random() < 0.3

            def work(t: Transaction, number: int = number, reverse: bool = reverse) -> list[Key]:
                found = rows(t.range(("queue",), ("queue", LAST), limit=2, reverse=reverse))
                if number % 2 and found:
                    t.delete(found[0])
                else:
                    t.put(("queue", number), b"")
                return found

            order = sorted(model, reverse=reverse)
            assert await store.transact(work) == [("queue", place) for place in order[:2]]
            if number % 2 and order:
                model.remove(order[0])
            elif number not in model:
                insert = bisect_left(model, number)
                model.insert(insert, number)

    run(url(engine, tmp_path), use)


@every_durable_engine
def test_a_second_open_is_refused_and_leaves_the_first_at_work(engine: str, tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        await put(store, ("a",))
        with pytest.raises(StoreInUse, match="open elsewhere"):
            open_store(url(engine, tmp_path), unexpected)
        await put(store, ("b",))

    run(url(engine, tmp_path), use)
    assert len(run(url(engine, tmp_path), everything)) == 2


def test_the_sqlite_log_stays_short_however_much_is_written(tmp_path: Path) -> None:
    def body(
        number: int,
    ) -> bytes:  # unlike the last: SQLite leaves out of its log a page that stays as it was
        return random.Random(number).randbytes(1 << 20)

    async def use(store: Store) -> int:
        for number in range(100):
            await store.transact(lambda t, number=number: t.put(("body", number % 10), body(number)))
        return Path(f"{tmp_path}/sqlite-wal").stat().st_size

    assert run(url("sqlite", tmp_path), use) < 40 << 20
    found = run(url("sqlite", tmp_path), everything)
    assert found == [(("body", number), body(90 + number)) for number in range(10)]


def test_a_reader_beside_sqlite_delays_its_upkeep_and_harms_nothing(tmp_path: Path) -> None:
    file = tmp_path / "sqlite"
    log = tmp_path / "sqlite-wal"

    async def main() -> None:
        store = open_sqlite(file, unexpected, log_pages=20)
        await put(store, ("a",))
        reader = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM rows").fetchone() == (1,)
        source = random.Random(4)
        for number in range(30):
            await store.transact(lambda t, number=number: t.put(("b", number), source.randbytes(8000)))
        assert reader.execute("SELECT count(*) FROM rows").fetchone() == (1,)
        reader.execute("COMMIT")
        grown = log.stat().st_size
        for number in range(200):
            await store.transact(lambda t, number=number: t.put(("b", number % 30), source.randbytes(8000)))
        assert log.stat().st_size < 2 * grown
        reader.close()
        await store.close()

    asyncio.run(main())
    assert len(run(url("sqlite", tmp_path), everything)) == 31


def test_a_url_that_names_no_engine_is_refused() -> None:
    for wrong in ("memory:/x", "rocksdb:", "sqlite:", "postgres:/x", ""):
        with pytest.raises(ValueError, match="names no store"):
            open_store(wrong, unexpected)


def test_a_missing_library_is_said_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudlet.store.rocksdb", None)
    with pytest.raises(EngineMissing, match="rocksdict"):
        open_store(f"rocksdb:{tmp_path}", unexpected)
    assert list(tmp_path.iterdir()) == []
