"""Programs killed under load, and disks that refuse: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloudlet.core.store import LAST
from cloudlet.store.errors import StoreInUse
from cloudlet.store.open import open_store
from store.engines import DURABLE, run, unexpected, url

if TYPE_CHECKING:
    from cloudlet.core.store import Key, Store, Transaction

every_durable_engine = pytest.mark.parametrize("engine", DURABLE)

WRITER = Path(__file__).with_name("writer.py")
ROUNDS = 25


def start(engine: str, directory: Path, *arguments: str, limit: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), url(engine, directory), *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=None if limit is None else lambda: limit_file_size(limit),
    )


def limit_file_size(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def acknowledged(output: bytes) -> list[int]:
    """The whole lines of a writer's output: the numbers of the rows that it was told are on disk."""
    return [int(line) for line in output[: output.rfind(b"\n") + 1].split() if line.isdigit()]


async def rows_and_index(store: Store) -> tuple[dict[Key, bytes], dict[Key, bytes]]:
    def read(t: Transaction) -> tuple[dict[Key, bytes], dict[Key, bytes]]:
        rows = t.range(("row",), ("row", LAST), limit=10_000_000)
        return dict(rows), dict(t.range(("index",), ("index", LAST), limit=10_000_000))

    return await store.transact(read, read_only=True)


def check(engine: str, directory: Path, numbers: set[int]) -> None:
    """Every acknowledged row is there, and every row has its index row and the reverse."""
    rows, index = run(url(engine, directory), rows_and_index)
    found = {key[1] for key in rows}
    assert numbers - found == set()
    assert {(value, key[1]) for key, value in rows.items()} == {(key[1], key[2]) for key in index}


@pytest.mark.slow
@every_durable_engine
def test_a_killed_program_has_lost_no_acknowledged_row(engine: str, tmp_path: Path) -> None:
    source = random.Random(f"kill {engine}")
    numbers: set[int] = set()
    for round_ in range(ROUNDS):
        child = start(engine, tmp_path, str(round_ * 10_000_000))
        assert child.stdout is not None
        output = child.stdout.read(2)  # its first acknowledgement: it is under load
        deadline = time.monotonic() + source.uniform(0, 0.25)
        while (left := deadline - time.monotonic()) > 0:
            if select.select([child.stdout], [], [], left)[0]:
                output += child.stdout.read1(1 << 16)  # type: ignore[attr-defined]  # a pipe of bytes has it
        child.kill()
        output += child.stdout.read()
        child.wait()
        numbers.update(acknowledged(output))
        check(engine, tmp_path, numbers)
    assert len(numbers) > ROUNDS * 50


@every_durable_engine
def test_another_program_is_refused_while_one_has_it_open(engine: str, tmp_path: Path) -> None:
    child = start(engine, tmp_path, "0")
    try:
        assert child.stdout is not None
        child.stdout.read(2)
        with pytest.raises(StoreInUse, match="open elsewhere"):
            open_store(url(engine, tmp_path), unexpected)
        assert child.poll() is None
    finally:
        child.kill()
        child.communicate()
    check(engine, tmp_path, set())


@every_durable_engine
def test_after_a_write_that_the_disk_refuses_nothing_is_acknowledged(engine: str, tmp_path: Path) -> None:
    child = start(engine, tmp_path, "0", limit=3 << 20)
    output, _ = child.communicate(timeout=30)
    assert output.count(b"fatal\n") == 1
    assert acknowledged(output)
    # Each of the 32 clients was told, for the put that met the failure and for its next.
    assert output.count(b"failed\n") == output.count(b"refused\n") == 32
    assert child.returncode == 3
    check(engine, tmp_path, set(acknowledged(output)))
