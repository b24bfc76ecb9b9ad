"""What a server that is killed leaves behind, with no successor to sweep: no process and no control group."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from process_table import descendants, runs

from cloudlet.sandbox.host.burial import bury
from cloudlet.sandbox.host.leftovers import Record
from cloudlet.sandbox.host.survivor import Survivor

SECONDS = 10
SOURCE = Path(__file__).resolve().parents[2] / "src"
SERVER = """
import asyncio, json, sys
from pathlib import Path
from sandbox_bench import ENVIRONMENT, LIMITS, leads_to_cloud
from sandbox_counterpart import Function, Server
from cloudlet.core.sandbox import SandboxSpec
from cloudlet.sandbox.opening import open_sandboxes

async def main(state_dir, authority, key, functions):
    sandboxes = await open_sandboxes(
        serve=Server(authority, key).serve, state_dir=Path(state_dir), ca_certificate=Path(authority),
        hosts=leads_to_cloud, driver="namespaces",
    )
    for runtime, code, is_to_freeze in json.loads(functions):
        function = Function()
        spec = SandboxSpec(runtime, Path(code), ENVIRONMENT, LIMITS)
        sandbox = await sandboxes.start(spec, runtime_api=function, output=function.write)
        if is_to_freeze:
            await function.invoke({})
            sandbox.freeze()
        else:
            await function.events.put({})
            while not function.written:
                await asyncio.sleep(0.01)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""
PYTHON = """
    import os, signal

    def handler(event, context):
        if os.fork() == 0:
            os.setsid()
            signal.pause()
        return 1
"""
ENDLESS = """
    def handler(event, context):
        print("running")
        while True:
            pass
"""
NODE = "exports.handler = async () => 1"
SHELL = """\
    #!/bin/sh
    echo running
    /bin/sleep 1000 &
    exec /bin/sleep 1000
"""


class Killed:
    """A server with functions, and what of it is there from outside."""

    def __init__(self, stack, state_dir, authority, functions):
        tests = Path(__file__).parent
        path = os.pathsep.join([str(SOURCE), str(tests), *sys.path])
        arguments = [str(each) for each in (state_dir, *authority, json.dumps(functions))]
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER, *arguments],
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
        )
        stack.callback(self.kill)
        assert self._server.stdout.readline() == b"ready\n"
        self.processes = descendants(self._server.pid)
        self._watched = []
        for pid in self.processes:
            self._watched.append(os.pidfd_open(pid))
            stack.callback(os.close, self._watched[-1])
        notes = [json.loads(path.read_text()) for path in (state_dir / "sandbox").glob("*.groups")]
        self.groups = [Path(folder) for note in notes for folder in note["folders"]]

    @property
    def survivors(self):
        """The processes that wait for its end."""
        return [pid for pid in self.processes if "burial" in Path(f"/proc/{pid}/cmdline").read_text()]

    def kill(self):
        if self._server.poll() is None:
            self._server.kill()
            self._server.wait()
            self._server.stdout.close()

    def leaves_nothing(self):
        """Whether all its processes end and all its groups go, soon."""
        deadline = time.monotonic() + SECONDS
        for watched in self._watched:
            if not select.select([watched], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return False
        while any(folder.exists() for folder in self.groups):
            if time.monotonic() > deadline:
                return False
        return True


@pytest.fixture
def start(authority, tmp_path):
    """Starts a server with functions that are frozen or run."""
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    with ExitStack() as stack:
        yield lambda *functions: Killed(stack, state_dir, authority, functions)


def test_frozen_functions_die_with_the_server(start, python, node):
    code = str(python(PYTHON))
    assert str(node(NODE)) == code
    server = start(("python", code, True), ("nodejs", code, True))
    assert len(server.processes) >= 8
    assert bool(server.groups) == (os.geteuid() == 0)
    server.kill()
    assert server.leaves_nothing()


def test_running_functions_die_with_the_server(start, python, shell):
    server = start(("python", str(python(ENDLESS)), False), ("provided", str(shell(SHELL)), False))
    server.kill()
    assert server.leaves_nothing()


def test_what_is_frozen_when_the_survivor_is_killed_too_is_swept_by_a_successor(start, python, tmp_path):
    server = start(("python", str(python(PYTHON)), True))
    for pid in server.survivors:
        os.kill(pid, signal.SIGKILL)
    server.kill()
    Record(tmp_path / "state" / "sandbox", "another").sweep()
    assert server.leaves_nothing()


def test_a_survivor_that_dies_is_replaced_and_ends_when_it_is_not_needed(tmp_path):
    survivor = Survivor(SOURCE / "cloudlet", (tmp_path,))
    before = descendants(os.getpid())
    survivor.watch()
    (first,) = set(descendants(os.getpid())) - set(before)
    survivor.watch()
    assert set(descendants(os.getpid())) - set(before) == {first}
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    survivor.watch()
    (second,) = set(descendants(os.getpid())) - set(before)
    assert second != first
    survivor.close()
    assert not runs(second)
    assert tmp_path.exists()


def test_without_groups_nothing_has_to_survive():
    before = descendants(os.getpid())
    survivor = Survivor(SOURCE / "cloudlet", ())
    survivor.watch()
    assert descendants(os.getpid()) == before
    survivor.close()


def test_processes_that_cannot_be_named_are_not_killed(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "cgroup.procs").write_text("0\n0\n")
    assert bury([tmp_path], 0) == [tmp_path]


def test_a_group_that_another_has_removed_is_no_failure(tmp_path):
    assert bury([tmp_path / "gone"], 0) == []


def test_a_function_holds_no_file_but_its_output_and_its_connection(bench, python):
    source = """
        import os

        def handler(event, context):
            opened = os.listdir('/proc/self/fd')
            return sorted({os.readlink(f'/proc/self/fd/{n}').split(':')[0] for n in opened if _is_there(n)})

        def _is_there(number):
            return os.path.lexists(f'/proc/self/fd/{number}')
    """

    async def scenario(code):
        async with bench.function(code) as function:
            return await function.invoke({})

    kind, held = bench.run(scenario(python(source)))
    assert kind == "response"
    assert set(held) == {"/dev/null", "pipe", "socket"}


V2 = """
import os, signal, sys
from pathlib import Path
from cloudlet.sandbox.host.cgroups import V2Parent
from cloudlet.sandbox.host.survivor import Survivor
from cloudlet.sandbox.linux import privileges, syscalls

root, source, survives = sys.argv[1:]
parent = V2Parent(Path(root) / f"cloudlet-test-{os.getpid()}", controllers=())
if survives == "True":
    Survivor(Path(source) / "cloudlet", parent.folders).watch()
group = parent.make("1")
reading, writing = os.pipe()
# As a fork server does it: the child becomes a sibling, so a process between is needed to be its parent.
if os.fork() == 0:
    child, pidfd = syscalls.clone_sibling(syscalls.CLONE_NEWPID, group.descriptor)
    if child:
        os._exit(0)
    privileges.die_with_parent()
    os.fork()
    os.write(writing, b"x")
    signal.pause()
os.wait()
for _ in range(2):
    os.read(reading, 1)
group.freeze()
while "frozen 1" not in (group.folder / "cgroup.events").read_text():
    pass
print(parent.folder, *(group.folder / "cgroup.procs").read_text().split(), flush=True)
signal.pause()
"""


@pytest.mark.parametrize("survives", [True, False])
def test_what_version_2_has_frozen_dies_with_the_server(survives):
    """By the kernel alone, with the first process of its pid namespace; the survivor removes the groups."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    unified = [fields[4] for fields in mounts if fields[fields.index("-") + 1] == "cgroup2"]
    if not unified or not os.access(unified[0], os.W_OK) or os.geteuid() != 0:
        pytest.skip("no version 2 hierarchy in which groups may be made")
    server = subprocess.Popen(
        [sys.executable, "-c", V2, unified[0], str(SOURCE), str(survives)],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
    )
    folder, *members = server.stdout.readline().split()
    assert len(members) == 2
    server.kill()
    server.wait()
    server.stdout.close()
    deadline = time.monotonic() + SECONDS
    while any(runs(int(pid)) for pid in members) or (survives and Path(folder).exists()):
        assert time.monotonic() < deadline
    assert Path(folder).exists() is not survives
    assert bury([Path(folder)], SECONDS) == []
