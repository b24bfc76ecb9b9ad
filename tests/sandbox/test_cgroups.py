"""Control groups: where they are made, what is written into them, and what of version 2 works here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloudlet.core.sandbox import Limits
from cloudlet.sandbox.host import cgroups
from cloudlet.sandbox.host.cgroups import V1Parent, V2Parent

LIMITS = Limits(memory_bytes=128 << 20, cpu_cores=0.25, tmp_bytes=0, pids=64)
V2_LINE = "30 25 0:26 {root} {mount} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"


def describe(folder, mountinfo, own):
    """A /proc/self that tells of these mounts and groups."""
    folder.mkdir()
    (folder / "mountinfo").write_text("\n".join(mountinfo) + "\n")
    (folder / "cgroup").write_text("\n".join(own) + "\n")
    return folder


def hierarchy(folder, **enabled):
    """Folders of a version 2 hierarchy, by the controllers that their children have."""
    for path, controllers in enabled.items():
        group = folder if path == "root" else folder / path.replace("__", "/")
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.subtree_control").write_text(controllers)


def test_version_2_is_used_at_the_nearest_group_that_passes_the_controllers_on(tmp_path):
    mount = tmp_path / "cgroup"
    hierarchy(mount, root="cpuset cpu io memory pids", user="memory pids", user__session="")
    process = describe(tmp_path / "self", [V2_LINE.format(root="/", mount=mount)], ["0::/user/session"])
    assert cgroups.find_parent("cloudlet-1", process) == V2Parent(mount / "cloudlet-1")
    hierarchy(mount, user="cpu memory pids")
    assert cgroups.find_parent("cloudlet-1", process) == V2Parent(mount / "user" / "cloudlet-1")


def test_a_mount_that_shows_a_part_of_the_hierarchy_is_understood(tmp_path):
    mount = tmp_path / "cgroup"
    hierarchy(mount, root="", inner="cpu memory pids")
    line = V2_LINE.format(root="/containers/one", mount=mount)
    process = describe(tmp_path / "self", [line], ["0::/containers/one/inner"])
    assert cgroups.find_parent("x", process) == V2Parent(mount / "inner" / "x")


def test_version_1_is_used_when_version_2_has_no_controllers(tmp_path):
    lines = [V2_LINE.format(root="/", mount=tmp_path / "unified")]
    hierarchy(tmp_path / "unified", root="")
    own = ["0::/"]
    for number, controllers in enumerate(("cpu,cpuacct", "memory", "pids", "freezer"), 1):
        (tmp_path / controllers / "mine").mkdir(parents=True)
        lines.append(f"{number} 1 0:{number} / {tmp_path / controllers} rw - cgroup cgroup rw,{controllers}")
        own.append(f"{number}:{controllers}:/mine")
    parent = cgroups.find_parent("x", describe(tmp_path / "self", lines, own))
    assert isinstance(parent, V1Parent)
    assert parent.parents["cpu"] == tmp_path / "cpu,cpuacct" / "mine" / "x"
    assert set(parent.parents) == {"cpu", "memory", "pids", "freezer"}


def test_without_all_controllers_there_is_no_parent(tmp_path):
    (tmp_path / "memory").mkdir()
    line = f"1 1 0:1 / {tmp_path / 'memory'} rw - cgroup cgroup rw,memory"
    assert cgroups.find_parent("x", describe(tmp_path / "self", [line], ["1:memory:/"])) is None


def test_limits_of_version_2_are_written_in_the_kernels_words(tmp_path):
    parent = V2Parent(tmp_path / "server")
    group = parent.make("1")
    group.limit(LIMITS)
    group.limit_cpu(LIMITS.cpu_cores)
    written = {path.name: path.read_text() for path in (tmp_path / "server" / "1").iterdir()}
    assert written == {
        "memory.max": str(128 << 20),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": "64",
        "cpu.max": "5000 20000",
    }
    assert (tmp_path / "server" / "cgroup.subtree_control").read_text() == "+memory +cpu +pids"
    (tmp_path / "server" / "1" / "memory.events").write_text("low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n")
    (tmp_path / "server" / "1" / "memory.peak").write_text("4096\n")
    assert (group.out_of_memory(), group.peak_memory_bytes()) == (True, 4096)
    os.close(group.descriptor)


@pytest.mark.parametrize(("cores", "quota"), [(0.072, 1440), (0.001, 1000), (1.0, 20_000), (6.0, 120_000)])
def test_a_share_of_the_processor_is_a_quota_of_each_period(cores, quota):
    assert cgroups.quota_microseconds(cores) == quota


LIVE = """
import os, signal, sys
from pathlib import Path
from cloudlet.sandbox.host.cgroups import V2Parent
from cloudlet.sandbox.linux import syscalls

parent = V2Parent(Path(sys.argv[1]) / f"cloudlet-test-{os.getpid()}", controllers=())
group = parent.make("1")
# As a fork server does it: the child becomes a sibling, so a process between is needed to be its parent.
if os.fork() == 0:
    child, pidfd = syscalls.clone_sibling(0, group.descriptor)
    if not child:
        signal.pause()
    print(Path(f"/proc/{child}/cgroup").read_text().splitlines()[-1].rpartition("/")[2], flush=True)
    os._exit(0)
os.wait()
(member,) = (group.folder / "cgroup.procs").read_text().split()
group.freeze()
events = group.folder / "cgroup.events"
while "frozen 1" not in events.read_text():
    pass
group.thaw()
while "frozen 0" not in events.read_text():
    pass
os.kill(int(member), signal.SIGKILL)
os.wait()
group.remove()
parent.remove()
print("removed", not parent.folder.exists())
"""


def test_version_2_takes_a_process_at_its_birth_freezes_it_and_goes():
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    unified = [fields[4] for fields in mounts if fields[fields.index("-") + 1] == "cgroup2"]
    if not unified or not os.access(unified[0], os.W_OK) or os.geteuid() != 0:
        pytest.skip("no version 2 hierarchy in which groups may be made")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    command = [sys.executable, "-c", LIVE, unified[0]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.split() == ["1", "removed", "True"], done.stderr
