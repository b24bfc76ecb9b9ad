"""Limits that hold against functions that mean harm, and the end of everything that a function started."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest
from process_table import descendants, runs
from sandbox_bench import LIMITS

from cloudlet.core.sandbox import Enforcement, Limits

WAIT_SECONDS = 15


def test_a_memory_hog_is_killed_and_that_is_said(bench, python):
    source = """
        def handler(event, context):
            hog = []
            while True:
                hog.append(bytearray(8 << 20))
    """

    async def scenario():
        limits = Limits(memory_bytes=96 << 20, cpu_cores=1.0, tmp_bytes=64 << 20)
        async with bench.function(python(source), limits=limits) as function:
            await function.events.put({})
            return await asyncio.wait_for(function.sandbox.wait(), WAIT_SECONDS), function.sandbox

    ended, sandbox = bench.run(scenario())
    assert (ended.status, ended.signal, ended.out_of_memory) == (None, signal.SIGKILL, True)
    assert sandbox.peak_memory_bytes() > 48 << 20


def test_a_fork_bomb_stays_within_its_number_of_processes(bench, python):
    source = """
        import os, signal, time

        def handler(event, context):
            children = 0
            try:
                while children < 500:
                    if os.fork() == 0:
                        signal.pause()
                    children += 1
            except BlockingIOError:
                return children
            return children
    """

    async def scenario():
        limits = Limits(memory_bytes=512 << 20, cpu_cores=1.0, tmp_bytes=64 << 20, pids=64)
        async with bench.function(python(source), limits=limits) as function:
            return await function.invoke({}, 30)

    kind, children = bench.run(scenario())
    assert kind == "response"
    assert 40 <= children < 64


def test_a_full_tmp_is_an_error_of_the_function_and_does_not_count_as_memory(bench, python):
    source = """
        import errno, os

        def handler(event, context):
            written = 0
            try:
                with open("/tmp/filler", "wb", 0) as file:
                    while written < 1 << 30:
                        written += file.write(bytes(1 << 20))
            except OSError as error:
                os.remove("/tmp/filler")
                return [errno.errorcode[error.errno], written]
    """

    async def scenario():
        limits = Limits(memory_bytes=128 << 20, cpu_cores=1.0, tmp_bytes=160 << 20)
        async with bench.function(python(source), limits=limits) as function:
            return await function.invoke({}, 30)

    kind, (error, written) = bench.run(scenario())
    assert (kind, error) == ("response", "ENOSPC")
    assert 150 << 20 <= written <= 170 << 20


def test_an_endless_loop_ends_with_kill(bench, python):
    source = """
        def handler(event, context):
            while True:
                pass
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            await function.events.put({})
            await function.asked.wait()
            began = time.monotonic()
            function.sandbox.kill()
            ended = await function.sandbox.wait()
            return ended, time.monotonic() - began, function.sandbox.alive

    ended, seconds, alive = bench.run(scenario())
    assert (ended.signal, ended.out_of_memory, alive) == (signal.SIGKILL, False, False)
    assert seconds < 2


def test_daemons_die_with_their_function(bench, python):
    source = """
        import os, signal, socket

        def handler(event, context):
            reading, writing = os.pipe()
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    os.write(writing, b"x")
                    signal.pause()
                os._exit(0)
            os.read(reading, 1)
            return len([name for name in os.listdir("/proc") if name.isdigit()])
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            answer = await function.invoke({})
            born = function.sandbox.born.pid
            daemons = descendants(born)
            function.sandbox.kill()
            await function.sandbox.wait()
            return answer, daemons

    (_, count), daemons = bench.run(scenario())
    assert count >= 3
    assert len(daemons) >= 2
    assert not [pid for pid in daemons if runs(pid)]


def test_a_function_that_exits_says_how(bench, python):
    source = """
        import os

        def handler(event, context):
            if event == "exit":
                os._exit(7)
            os.kill(os.getpid(), event)
    """

    async def scenario(event):
        async with bench.function(python(source)) as function:
            await function.events.put(event)
            return await asyncio.wait_for(function.sandbox.wait(), WAIT_SECONDS)

    assert bench.run(scenario("exit")).status == 7
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGABRT):
        ended = bench.run(scenario(int(number)))
        assert (ended.status, ended.signal, ended.out_of_memory) == (None, number, False)


def test_a_function_that_exits_while_it_is_loaded_says_how(bench, python):
    async def scenario():
        async with bench.function(python("import sys\nprint('bye')\nsys.exit(3)\n")) as function:
            return await asyncio.wait_for(function.sandbox.wait(), WAIT_SECONDS), function.log

    ended, log = bench.run(scenario())
    assert ended.status == 3
    assert "bye" in log


def test_a_function_may_close_all_it_has_and_harms_only_itself(bench, python):
    source = """
        import os

        def handler(event, context):
            os.closerange(0, 1024)
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            await function.events.put({})
            try:
                await asyncio.wait_for(function.sandbox.wait(), 1)
            except TimeoutError:
                function.sandbox.kill()
                await function.sandbox.wait()
        async with bench.function(python("def handler(e, c):\n    return 1\n")) as another:
            return await another.invoke({})

    assert bench.run(scenario()) == ("response", 1)


def test_garbage_and_floods_on_every_output_come_in_bounded_pieces(bench, python):
    source = """
        import os

        def handler(event, context):
            os.write(1, bytes(range(256)) * 16 + b"\\n")
            os.write(3, b"\\xa5\\x5a\\x00\\x03\\xff\\xff\\xff\\xff12345678")
            for _ in range(64):
                os.write(2, b"x" * 65536)
                os.write(3, b"y" * 65536)
            return "done"
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            answer = await function.invoke({})
        return answer, function.written

    answer, written = bench.run(scenario())
    assert answer == ("response", "done")
    assert max(len(piece) for piece in written) <= 256 << 10
    assert sum(piece.count(b"x") for piece in written) >= 64 * 65536
    assert sum(piece.count(b"y") for piece in written) >= 64 * 65536


def test_frozen_means_no_progress_and_thawed_means_going_on(bench, python):
    source = """
        import threading, time

        counted = 0

        def count():
            global counted
            while True:
                counted += 1
                time.sleep(0.001)

        threading.Thread(target=count, daemon=True).start()

        def handler(event, context):
            return counted
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            await function.invoke({})
            function.sandbox.freeze()
            pending = asyncio.ensure_future(function.invoke({}))
            done, _ = await asyncio.wait([pending], timeout=0.2)
            function.sandbox.thaw()
            return not done, await pending

    stopped, (kind, _) = bench.run(scenario())
    assert stopped
    assert kind == "response"


def test_a_frozen_function_can_be_killed(bench, python):
    async def scenario():
        async with bench.function(python("def handler(e, c):\n    return 1\n")) as function:
            await function.invoke({})
            function.sandbox.freeze()
            function.sandbox.kill()
            return await asyncio.wait_for(function.sandbox.wait(), WAIT_SECONDS)

    assert bench.run(scenario()).signal == signal.SIGKILL


def test_the_processor_is_shared_out_by_quota(bench, python):
    source = """
        import time

        def handler(event, context):
            wall, used = time.monotonic(), time.process_time()
            while time.monotonic() - wall < 0.6:
                pass
            return (time.process_time() - used) / (time.monotonic() - wall)
    """

    if bench.sandboxes.capabilities.cpu is not Enforcement.ENFORCED:
        pytest.skip("no control group may be made here")

    async def scenario():
        async with bench.function(python(source)) as function:
            function.sandbox.limit_cpu(0.25)
            return await function.invoke({})

    _, share = bench.run(scenario())
    assert share < 0.4


def test_a_limit_on_open_files_holds(bench, python):
    source = """
        def handler(event, context):
            files = []
            try:
                while True:
                    files.append(open("/dev/null"))
            except OSError as error:
                return len(files)
    """

    async def scenario():
        limits = Limits(LIMITS.memory_bytes, 1.0, LIMITS.tmp_bytes, open_files=100)
        async with bench.function(python(source), limits=limits) as function:
            return await function.invoke({})

    kind, count = bench.run(scenario())
    assert kind == "response"
    assert 80 < count < 100


def test_a_function_that_is_being_ended_cannot_be_frozen_any_more(bench, python):
    async def scenario():
        async with bench.function(python("def handler(event, context):\n    pass\n")) as function:
            await function.invoke({})
            function.sandbox.kill()
            function.sandbox.freeze()
            return await asyncio.wait_for(function.sandbox.wait(), 10)

    assert bench.run(scenario()).signal == 9
