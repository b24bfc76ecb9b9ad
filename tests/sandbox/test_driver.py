"""The driver itself: what it refuses, what it survives, what it keeps in stock."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from process_table import descendants
from sandbox_bench import ENVIRONMENT, LIMITS, Bench, leads_to_cloud
from sandbox_counterpart import Function

from cloudlet.core.sandbox import Enforcement, SandboxError, SandboxSpec
from cloudlet.sandbox.host.nodes import find_nodes
from cloudlet.sandbox.opening import open_sandboxes

ONE = "def handler(event, context):\n    return 1\n"


def test_capabilities_say_what_is_enforced_here(bench):
    capabilities = bench.sandboxes.capabilities
    assert capabilities.driver == "namespaces"
    assert {capabilities.files, capabilities.processes, capabilities.network} == {Enforcement.ENFORCED}
    assert bool(capabilities.notes) == (Enforcement.ENFORCED is not capabilities.memory)


def test_tmp_may_outlive_its_sandbox(bench, python):
    source = """
        import os, pathlib

        def handler(text, context):
            file = pathlib.Path("/tmp/kept")
            if text:
                file.write_text(text)
            return [file.read_text(), os.listdir("/tmp"), os.statvfs("/tmp").f_blocks]
    """

    async def scenario(code):
        async with bench.function(code) as function:
            first = await function.invoke("here")
            tmp = function.sandbox.take_tmp()
        async with bench.function(code, tmp=tmp) as function:
            second = await function.invoke("")
        tmp.close()
        return first, second

    first, second = bench.run(scenario(python(source)))
    assert first[1][:2] == ["here", ["kept"]]
    assert second == first


@pytest.mark.parametrize("reachable", [False, True])
def test_ports_inside_are_reached_again_and_again(bench, python, reachable):
    source = """
        import socket, threading

        heard = []
        listener = socket.create_server(("127.0.0.1", 4300))

        def listen():
            while True:
                connection, _ = listener.accept()
                with connection:
                    heard.append(connection.recv(100).decode())
                    connection.sendall(b"taken")

        threading.Thread(target=listen, daemon=True).start()

        def handler(event, context):
            return heard
    """

    async def scenario(code):
        async with bench.function(code, reachable=reachable) as function:
            await function.invoke({})
            first = await function.sandbox.send(4300, b"one", answered=True)
            await function.sandbox.send(4300, b"two", answered=False)
            with pytest.raises(ConnectionRefusedError):
                await function.sandbox.send(4301, b"nobody", answered=True)
            last = await function.sandbox.send(4300, b"three", answered=True)
            return first, last, await function.invoke({})

    told = bench.run(scenario(python(source)))
    assert told == (b"taken", b"taken", ("response", ["one", "two", "three"]))


def test_an_unknown_runtime_is_refused(bench, python):
    with pytest.raises(SandboxError, match="There is no runtime 'cobol' here"):
        bench.run(bench.sandboxes.start(_spec(python(ONE), "cobol"), runtime_api=Function(), output=print))


def test_code_that_is_not_there_is_an_error_and_leaves_nothing(bench, tmp_path):
    async def scenario():
        with pytest.raises(SandboxError, match="No such file or directory"):
            await bench.sandboxes.start(_spec(tmp_path / "absent"), runtime_api=Function(), output=print)
        return [sandbox for sandbox in bench.sandboxes._running if sandbox.alive]

    before = len(bench.run(_settled(bench)))
    assert len(bench.run(scenario())) <= before + 1  # a spare may have been made meanwhile


def test_a_fork_server_that_dies_is_replaced(bench, python):
    async def scenario():
        async with bench.function(python(ONE)) as function:
            for started in bench.sandboxes._zygotes.values():
                process = started.result()._process
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            bench.sandboxes._spares.clear()
            survivor = await function.invoke({})
        async with bench.function(python(ONE)) as function:
            return survivor, await function.invoke({})

    assert bench.run(scenario()) == (("response", 1), ("response", 1))


def test_a_python_that_was_made_ahead_waits_for_its_function(bench, python):
    async def scenario():
        bench.sandboxes._spares.clear()
        await bench.stock_python()
        first = bench.sandboxes._spares._stock[0].sandbox.born.pid
        while not (waiting := children(first)):
            await asyncio.sleep(0)
        async with bench.function(python(ONE)) as function:
            return waiting, await function.invoke({}), children(function.sandbox.born.pid)

    def children(pid):
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    waiting, answer, running = bench.run(scenario())
    assert waiting == running
    assert answer == ("response", 1)


def test_many_functions_start_at_once(bench, python):
    async def one(code):
        async with bench.function(code) as function:
            return await function.invoke({})

    async def scenario(code):
        return await asyncio.gather(*(one(code) for _ in range(8)))

    assert bench.run(scenario(python(ONE))) == [("response", 1)] * 8


def test_a_start_that_nobody_waits_for_disturbs_no_other(bench, python):
    async def scenario(code):
        bench.sandboxes._spares.clear()
        abandoned = [asyncio.ensure_future(_start(bench, code)) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for each in abandoned:
            each.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        async with bench.function(code) as function:
            return [each.cancelled() for each in abandoned], await function.invoke({})

    assert bench.run(scenario(python(ONE))) == ([True] * 3, ("response", 1))


def test_no_zombie_is_left_behind(bench, python):
    async def scenario():
        async with bench.function(python(ONE)) as function:
            await function.invoke({})
        return function.sandbox.born.pid

    assert bench.run(scenario()) not in descendants(os.getpid())


def test_node_modules_of_the_runtime_are_there_for_every_function(runner, server, authority, tmp_path, node):
    package = tmp_path / "runtimes" / "nodejs" / "node_modules" / "sdk"
    package.mkdir(parents=True)
    (package / "index.js").write_text("module.exports = 'the SDK'")

    async def scenario():
        sandboxes = await open_sandboxes(
            serve=server.serve,
            state_dir=tmp_path,
            ca_certificate=authority[0],
            hosts=leads_to_cloud,
            driver="namespaces",
        )
        code = node("exports.handler = async () => require('sdk')")
        async with Bench(runner, sandboxes).function(code, runtime="nodejs") as function:
            answer = await function.invoke({})
        await sandboxes.close()
        return answer

    assert runner.run(scenario()) == ("response", "the SDK")


def test_a_node_that_is_too_old_is_passed_over(tmp_path, monkeypatch):
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v12.22.9\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = find_nodes(tmp_path)
    assert old not in [path for path, _ in found]
    assert find_nodes(tmp_path) == found


async def _settled(bench):
    await asyncio.sleep(0.2)
    return [sandbox for sandbox in bench.sandboxes._running if sandbox.alive]


def _start(bench, code):
    return bench.sandboxes.start(_spec(code), runtime_api=Function(), output=print)


def _spec(code, runtime="python"):
    return SandboxSpec(runtime, code, ENVIRONMENT, LIMITS)
