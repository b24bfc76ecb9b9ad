"""Runs tests again as a user without any right."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

_NOBODY = 65534
ROOT = Path(__file__).resolve().parents[1]
_AS_NOBODY = """
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


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def hold_for_an_ordinary_user(tests: Iterable[Path]) -> None:
    """Runs files of tests as somebody without any right. Fails when one of them does."""
    packages = Path(pytest.__file__).parents[1]
    names = [path.relative_to(ROOT) for path in tests]
    with tempfile.TemporaryDirectory(prefix="cloudlet-nobody-") as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-c", _AS_NOBODY, ROOT, sys.base_prefix, packages, folder, _NOBODY, *names]
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
