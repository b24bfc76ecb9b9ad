"""A server ended by SIGKILL takes its sandboxes with it, also the frozen ones, with no successor to sweep."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from cloud_functions import Deployment
from cloud_process import CloudProcess

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes by /proc")
SECONDS = 20
PYTHON = "def handler(event, context):\n    return 'python'\n"
NODE = "exports.handler = async () => 'node'\n"
ENDLESS = "def handler(event, context):\n    while True:\n        pass\n"
GROUPS = Path("/sys/fs/cgroup")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudProcess]:
    with CloudProcess(tmp_path / "home", "--data", str(tmp_path / "data")) as cloud:
        yield cloud


def test_functions_that_rest_die_with_the_server(cloud):
    deployment = Deployment.by(cloud.client)
    deployment.python("python", PYTHON)
    deployment.node("node", NODE)
    assert [deployment.call(name).value for name in ("python", "node")] == ["python", "node"]
    # Each function is two processes: the first of its pid namespace, and the runtime.
    _wait_for(lambda: sum(map(_is_frozen, _descendants(cloud.process.pid))) >= 4)
    _kill_and_see_all_end(cloud)


def test_a_function_that_never_ends_dies_with_the_server(cloud):
    deployment = Deployment.by(cloud.client)
    deployment.python("endless", ENDLESS)
    cloud.client("lambda").invoke(FunctionName="endless", InvocationType="Event")
    _wait_for(lambda: any(map(_has_run_long, _descendants(cloud.process.pid))))
    _kill_and_see_all_end(cloud)


def _kill_and_see_all_end(cloud: CloudProcess) -> None:
    """Everything that the server had started ends, and its control groups go."""
    groups = list(GROUPS.glob(f"**/cloudlet-{cloud.process.pid}-*"))
    assert bool(groups) == (os.geteuid() == 0)
    deadline = time.monotonic() + SECONDS
    with ExitStack() as opened:
        left = []
        for pid in _descendants(cloud.process.pid):
            with suppress(ProcessLookupError):
                left.append(os.pidfd_open(pid))
                opened.callback(os.close, left[-1])
        cloud.kill()
        for watched in left:
            assert _ends(watched, max(0.0, deadline - time.monotonic()))
    _wait_for(lambda: not any(group.exists() for group in groups))


def _ends(pidfd: int, seconds: float) -> bool:
    watched = select.poll()
    watched.register(pidfd, select.POLLIN)
    return bool(watched.poll(seconds * 1000))


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for children in Path("/proc").glob(f"{each}/task/*/children"):
            found += [int(child) for child in _read(children).split()]
    return found[1:]


def _is_frozen(pid: int) -> bool:
    """Whether a control group or a signal keeps a process from running."""
    for line in _read(Path(f"/proc/{pid}/cgroup")).splitlines():
        number, controllers, path = line.split(":", 2)
        group = path.lstrip("/")
        if controllers == "freezer" and "FROZEN" in _read(GROUPS / "freezer" / group / "freezer.state"):
            return True
        if number == "0" and "frozen 1" in _read(GROUPS / group / "cgroup.events"):
            return True
    return _stat(pid)[:1] == ["T"]


def _has_run_long(pid: int) -> bool:
    """Whether a sandbox's process is running and has used half a second of the processor."""
    namespaces = re.search(r"^NSpid:(.*)$", _read(Path(f"/proc/{pid}/status")), re.MULTILINE)
    fields = _stat(pid)
    if namespaces is None or len(namespaces[1].split()) < 2 or fields[:1] != ["R"]:
        return False
    return int(fields[11]) >= os.sysconf("SC_CLK_TCK") // 2


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: the first is the state."""
    return _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()


def _read(path: Path) -> str:
    """What a file of the kernel says; nothing when its process has ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
