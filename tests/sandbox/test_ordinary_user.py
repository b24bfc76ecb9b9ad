"""The same tests again as a user without any right: everything in this folder must hold there too."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

NOBODY = 65534
TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parents[1]
AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[1] + "/src")
from cloudlet.sandbox.linux import syscalls

root, prefix, packages, folder, uid, *tests = sys.argv[1:]
syscalls.unshare(syscalls.CLONE_NEWNS)
syscalls.mount("none", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
for source, name in ((prefix, "python"), (packages, "packages"), (root, "project")):
    os.mkdir(f"{folder}/{name}")
    syscalls.mount(source, f"{folder}/{name}", flags=syscalls.MS_BIND | syscalls.MS_REC)
os.mkdir(f"{folder}/tmp")
os.chown(f"{folder}/tmp", int(uid), int(uid))
os.chdir(f"{folder}/project")
os.setgroups([])
os.setresgid(int(uid), int(uid), int(uid))
os.setresuid(int(uid), int(uid), int(uid))
python = f"{folder}/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
environment = {
    "PATH": "/usr/bin:/bin",
    "LD_LIBRARY_PATH": f"{folder}/python/lib",
    "PYTHONPATH": f"{folder}/packages",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TMPDIR": f"{folder}/tmp",
}
options = ["-p", "no:cacheprovider", "-o", "addopts=", "-q", "-rs", "--strict-markers"]
os.execve(python, [python, "-m", "pytest", *options, *tests], environment)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_everything_holds_for_an_ordinary_user_too():
    packages = Path(pytest.__file__).parents[1]
    tests = [
        f"tests/sandbox/{path.name}" for path in sorted(TESTS.glob("test_*.py")) if path != Path(__file__)
    ]
    with tempfile.TemporaryDirectory(prefix="cloudlet-nobody-") as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-c", AS_NOBODY, ROOT, sys.base_prefix, packages, folder, NOBODY, *tests]
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
