"""What the command tells of interpreters, and what it refuses to install."""

from __future__ import annotations

import sys

import pytest

from cloud_process import cloudlet


def test_list_says_what_each_runtime_runs_on(tmp_path):
    lines = dict(line.split(None, 1) for line in cloudlet(tmp_path, "runtimes").stdout.splitlines())
    own = ".".join(map(str, sys.version_info[:3]))
    assert lines[f"python3.{sys.version_info.minor}"] == f"Python {own}"
    assert lines["python3.8"] == f"Python {own}, which stands in for it"
    assert lines["provided.al2023"] == "this machine's own system"
    assert lines["java21"].startswith("refused")


@pytest.mark.parametrize("name", ["java21", "python3.7", "nodejs19.x", "python2.7"])
def test_what_cannot_be_installed_is_refused_by_name(tmp_path, name):
    done = cloudlet(tmp_path, "runtimes", "install", name, "--into", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("cloudlet: ")
    assert not (tmp_path / name.removesuffix(".x")).exists()
