"""The driver for machines that have no namespaces: it runs the same functions and promises less."""

from __future__ import annotations

import asyncio
import resource
import signal

import pytest
from process_table import descendants, runs
from sandbox_bench import Bench, leads_to_cloud

from cloudlet.core.sandbox import Enforcement, SandboxError
from cloudlet.sandbox.opening import open_sandboxes


@pytest.fixture(scope="module")
def bare(runner, server, authority, tmp_path_factory):
    state_dir = tmp_path_factory.mktemp("bare")
    sandboxes = runner.run(
        open_sandboxes(
            serve=server.serve,
            state_dir=state_dir,
            ca_certificate=authority[0],
            hosts=leads_to_cloud,
            driver="process",
        )
    )
    yield Bench(runner, sandboxes)
    runner.run(sandboxes.close())
    assert not list((state_dir / "sandbox").glob("sandbox-*"))


def test_it_says_that_there_is_no_wall(bare):
    capabilities = bare.sandboxes.capabilities
    assert capabilities.driver == "process"
    assert {capabilities.files, capabilities.network, capabilities.processes} == {Enforcement.NONE}
    assert "behind no wall" in capabilities.notes[0]


def test_a_server_may_open_as_many_files_as_the_machine_allows(runner, server, authority, tmp_path):
    async def scenario():
        before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(before, hard - 1), hard))
        opened = await open_sandboxes(
            serve=server.serve,
            state_dir=tmp_path,
            ca_certificate=authority[0],
            hosts=leads_to_cloud,
            driver="process",
        )
        await opened.close()
        return resource.getrlimit(resource.RLIMIT_NOFILE)

    soft, hard = runner.run(scenario())
    assert soft == hard


def test_an_unknown_driver_is_refused(runner, server, authority, tmp_path):
    with pytest.raises(SandboxError, match="There is no sandbox driver 'docker'"):
        runner.run(
            open_sandboxes(
                serve=server.serve,
                state_dir=tmp_path,
                ca_certificate=authority[0],
                hosts=leads_to_cloud,
                driver="docker",
            )
        )


def test_python_functions_run(bare, python):
    source = """
        import os, urllib.request, json, layered

        def handler(event, context):
            print("seen")
            with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/a") as answer:
                return [event, json.load(answer)["path"], layered.origin]
    """
    code = python(source)
    layer = code.parent / "layer" / "python"
    layer.mkdir(parents=True)
    (layer / "layered.py").write_text("origin = 'layer'\n")

    async def scenario():
        environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
        async with bare.function(code, environment=environment, layers=(layer.parent,)) as function:
            answer = await function.invoke({"n": 1})
        return answer, function.written

    answer, written = bare.run(scenario())
    assert answer == ("response", [{"n": 1}, "/a", "layer"])
    assert b"seen" in written


def test_node_functions_run(bare, node):
    async def scenario():
        async with bare.function(
            node("exports.handler = async (e) => e.n + 1"), runtime="nodejs"
        ) as function:
            return await function.invoke({"n": 1})

    assert bare.run(scenario()) == ("response", 2)


def test_shell_functions_run(bare, shell):
    async def scenario():
        async with bare.function(shell("#!/bin/sh\necho hello\nexit 4\n"), runtime="provided") as function:
            return await function.sandbox.wait(), function.written

    ended, written = bare.run(scenario())
    assert (ended.status, written) == (4, [b"hello"])


def test_a_bootstrap_that_cannot_be_run_is_told_by_the_name_a_function_knows(bare, shell):
    async def scenario():
        async with bare.function(code, runtime="provided") as function:
            return await asyncio.wait_for(function.sandbox.wait(), 10)

    code = shell("#!/bin/sh\nexit 4\n")
    (code / "bootstrap").chmod(0o644)
    assert bare.run(scenario()).not_started == "fork/exec /var/task/bootstrap: permission denied"
    (code / "bootstrap").unlink()
    assert bare.run(scenario()).not_started == (
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    )


def test_kill_ends_descendants_too(bare, shell):
    async def scenario():
        script = "#!/bin/sh\nsetsid sleep 600 &\necho started\nwait\n"
        async with bare.function(shell(script), runtime="provided") as function:
            while not function.written:
                await asyncio.sleep(0.01)
            children = descendants(function.sandbox.pid)
            function.sandbox.kill()
            return await function.sandbox.wait(), children

    ended, children = bare.run(scenario())
    assert ended.signal == signal.SIGKILL
    assert children and not [pid for pid in children if runs(pid)]


def test_a_memory_hog_is_noticed_and_killed(bare, python):
    source = """
        def handler(event, context):
            hog = []
            while True:
                hog.append(bytearray(4 << 20))
    """

    async def scenario():
        async with bare.function(python(source)) as function:
            await function.events.put({})
            return await asyncio.wait_for(function.sandbox.wait(), 20)

    assert bare.run(scenario()).out_of_memory
