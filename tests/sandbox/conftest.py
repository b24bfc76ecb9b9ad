"""A driver for a whole run, and functions in it. One event loop serves all tests of this folder."""

from __future__ import annotations

import asyncio
import sys
import textwrap

import pytest
import uvloop
from sandbox_bench import Bench, leads_to_cloud, make_authority
from sandbox_counterpart import Server

from cloudlet.sandbox.opening import open_sandboxes


def pytest_collection_modifyitems(items):
    if sys.platform != "linux":
        for item in items:
            if "tests/sandbox" in str(item.path):
                item.add_marker(pytest.mark.skip(reason="sandboxes are made by Linux"))


@pytest.fixture(scope="session")
def runner():
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def server(authority):
    return Server(*authority)


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def bench(runner, server, authority, state_dir):
    """The best driver of this machine."""
    sandboxes = runner.run(
        open_sandboxes(
            serve=server.serve,
            state_dir=state_dir,
            ca_certificate=authority[0],
            hosts=leads_to_cloud,
            driver="namespaces",
        )
    )
    yield Bench(runner, sandboxes)
    runner.run(sandboxes.close())


@pytest.fixture
def python(tmp_path):
    """Makes the code folder of a Python function from the source of its one module."""
    return _writer(tmp_path / "code", "app.py")


@pytest.fixture
def node(tmp_path):
    """Makes the code folder of a Node function."""
    return _writer(tmp_path / "code", "app.js")


@pytest.fixture
def shell(tmp_path):
    """Makes the code folder of a function that is a shell script."""
    return _writer(tmp_path / "code", "bootstrap")


def _writer(folder, name):
    def write(source, **others):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        for path, text in {
            name: source,
            **{key.replace("__", "/"): text for key, text in others.items()},
        }.items():
            file = folder / path
            file.parent.mkdir(exist_ok=True, parents=True)
            file.write_text(textwrap.dedent(text))
            file.chmod(0o755)
        return folder

    return write
