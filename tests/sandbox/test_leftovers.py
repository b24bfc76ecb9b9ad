"""What is left when everything is closed, and when the server is killed: nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from process_table import descendants
from sandbox_bench import Bench, leads_to_cloud

from cloudlet.sandbox.host.leftovers import Record, sweep_empty
from cloudlet.sandbox.opening import open_sandboxes

SERVER = """
import asyncio, sys
from pathlib import Path
from sandbox_bench import ENVIRONMENT, LIMITS, leads_to_cloud
from sandbox_counterpart import Function, Server
from cloudlet.core.sandbox import SandboxSpec
from cloudlet.sandbox.opening import open_sandboxes

async def main(state_dir, authority, key, code, *_):
    sandboxes = await open_sandboxes(
        serve=Server(authority, key).serve, state_dir=Path(state_dir), ca_certificate=Path(authority),
        hosts=leads_to_cloud, driver="namespaces",
    )
    function = Function()
    spec = SandboxSpec("python", Path(code), ENVIRONMENT, LIMITS)
    sandbox = await sandboxes.start(spec, runtime_api=function, output=function.write)
    await sandboxes.prepare("nodejs", "")
    await function.invoke({})
    if "frozen" in sys.argv:
        sandbox.freeze()
    print(sandbox.born.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""
FORKS = """
    import os, signal

    def handler(event, context):
        if os.fork() == 0:
            os.setsid()
            signal.pause()
        return 1
"""


@pytest.fixture(params=["running", "frozen"])
def killed_server(request, authority, python, tmp_path):
    """A server with a running or frozen function, killed; the processes it had, and its state folder."""
    tests = Path(__file__).parent
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tests.parents[1] / "src"), str(tests), *sys.path])
    }
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    arguments = [str(each) for each in (state_dir, *authority, python(FORKS), request.param)]
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *arguments], env=environment, stdout=subprocess.PIPE
    )
    first = int(server.stdout.readline())
    processes = [*descendants(server.pid), *descendants(first)]
    watched = [os.pidfd_open(pid) for pid in processes]
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdout.close()
    yield watched, state_dir
    for each in watched:
        os.close(each)


def test_everything_dies_with_the_server_and_its_successor_sweeps(killed_server, runner, server, authority):
    watched, state_dir = killed_server
    assert len(watched) >= 6
    for process in watched:
        assert _ends(process, 5)
    folders = _noted_groups(state_dir)
    assert bool(folders) == (os.geteuid() == 0)
    sandboxes = runner.run(
        open_sandboxes(
            serve=server.serve,
            state_dir=state_dir,
            ca_certificate=authority[0],
            hosts=leads_to_cloud,
            driver="namespaces",
        )
    )
    runner.run(sandboxes.close())
    assert not [folder for folder in folders if folder.exists()]
    assert not list((state_dir / "sandbox").glob("*.groups"))
    assert not list((state_dir / "sandbox").glob("*.image"))


def test_close_gives_everything_back(runner, server, authority, python, tmp_path):
    async def scenario():
        sandboxes = await open_sandboxes(
            serve=server.serve,
            state_dir=tmp_path,
            ca_certificate=authority[0],
            hosts=leads_to_cloud,
            driver="namespaces",
        )
        groups = _noted_groups(tmp_path)
        async with Bench(runner, sandboxes).function(python(FORKS)) as function:
            await function.invoke({})
            await sandboxes.prepare("nodejs", "")
            await sandboxes.close()
        return groups, function.exit

    before = _state_of_machine(tmp_path)
    groups, ended = runner.run(scenario())
    assert ended.signal == signal.SIGKILL
    assert not [folder for folder in groups if folder.exists()]
    # The kernel takes a dead mount namespace's last mounts away in its own time.
    deadline = time.monotonic() + 5
    while (after := _state_of_machine(tmp_path)) != before and time.monotonic() < deadline:
        pass
    assert after == before


def test_groups_of_a_living_server_are_left_alone(tmp_path):
    group = tmp_path / "group"
    group.mkdir()
    Record(tmp_path, "living").write([group])
    Record(tmp_path, "another").sweep()
    assert group.exists()


def test_empty_groups_of_servers_that_are_gone_are_removed(tmp_path):
    with subprocess.Popen(["true"]) as ended:
        pass
    stale, living, other = (
        tmp_path / name for name in (f"cloudlet-{ended.pid}-a", f"cloudlet-{os.getpid()}-b", "x")
    )
    for folder in (stale / "1", living, other):
        folder.mkdir(parents=True)
    sweep_empty([tmp_path / "cloudlet-1-c"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([living.name, other.name])


def _noted_groups(state_dir):
    notes = [json.loads(path.read_text()) for path in (state_dir / "sandbox").glob("*.groups")]
    return [Path(folder) for note in notes for folder in note["folders"]]


def _state_of_machine(folder):
    """Mounts, open files, and the loop devices of files in a folder: others use loop devices too."""
    files = [_read(path) for path in Path("/sys/block").glob("loop*/loop/backing_file")]
    loops = [file for file in files if str(folder) in file]
    return (
        Path("/proc/self/mounts").read_text(),
        loops,
        sorted(path.name for path in Path("/proc/self/fd").iterdir()),
    )


def _read(path):
    try:
        return path.read_text()
    except OSError:  # somebody else's, given back meanwhile
        return ""


def _ends(pidfd, seconds):
    import select

    # select() knows no descriptor beyond 1024.
    watched = select.poll()
    watched.register(pidfd, select.POLLIN)
    return bool(watched.poll(seconds * 1000))
