"""Which interpreter a function gets that asks for a release of its language."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from sandbox_bench import Bench

from cloudlet.sandbox.host import interpreters, nodes
from cloudlet.sandbox.host.interpreters import NODE, PYTHON, Interpreter, Interpreters
from cloudlet.sandbox.opening import open_sandboxes


def pythons(*releases):
    return Interpreters(tuple(Interpreter(PYTHON, f"{release}.1", "/x") for release in releases))


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("3.12", "3.12"), ("3.8", "3.9"), ("3.10", "3.11"), ("3.14", "3.12"), ("", "3.11")],
)
def test_nearest_newer_release_stands_in_for_one_that_is_not_there(wanted, given):
    found = pythons("3.11", "3.9", "3.12").find(PYTHON, wanted)
    assert found is not None
    assert found.release == given


def test_language_that_is_not_there_has_no_stand_in():
    assert pythons("3.11").find(NODE, "20") is None


def test_what_was_installed_is_found_by_its_note(tmp_path, caplog):
    folder = tmp_path / "python3.99"
    folder.mkdir()
    note = {"language": "python", "version": "3.99.1", "executable": sys.executable}
    (folder / "interpreter.json").write_text(json.dumps(note))
    for name, content in (("broken", "{"), ("gone", json.dumps({**note, "executable": "/none"}))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "interpreter.json").write_text(content)
    found = interpreters.find_interpreters(tmp_path, [(Path("/node"), "20.1.2")])
    assert [f"{each.language}{each.release}" for each in found.all] == [
        f"python{sys.version_info.major}.{sys.version_info.minor}",
        "nodejs20",
        "python3.99",
    ]
    assert "is no note of an interpreter" in caplog.text
    assert "install gone again" in caplog.text


@pytest.mark.parametrize("environment", [{}, {"NODE_OPTIONS": "--no-deprecation"}])
def test_function_has_the_node_it_asks_for(bench, node, tmp_path, environment):
    code = node("exports.handler = async () => [process.version, process.execPath]")

    async def scenario(release):
        started = {"runtime": "nodejs", "release": release, "environment": environment}
        async with bench.function(code, **started) as function:
            return await function.invoke({})

    for _, version in nodes.find_nodes(tmp_path):
        answer = bench.run(scenario(version.partition(".")[0]))
        assert answer == ("response", [f"v{version}", "/var/lang/bin/node"])


@pytest.fixture
def other_python(tmp_path_factory):
    """A Python that is not the server's and has been installed for functions."""
    folder = os.environ.get("CLOUDLET_RUNTIMES")
    found = interpreters.find_interpreters(Path(folder), []).of(PYTHON) if folder else []
    others = [each for each in found if each != interpreters.own_python()]
    if not others:
        pytest.skip("no other Python was installed by `cloudlet runtimes install`")
    return others[0]


def test_function_has_the_python_it_asks_for(
    runner, server, authority, leads_nowhere, other_python, tmp_path
):
    (tmp_path / "code").mkdir()
    source = "import boto3, sys\ndef handler(event, context):\n    return [sys.version, boto3.__file__]\n"
    (tmp_path / "code/app.py").write_text(source)

    async def scenario():
        sandboxes = await open_sandboxes(
            serve=server.serve,
            state_dir=tmp_path,
            ca_certificate=authority[0],
            hosts=leads_nowhere,
            driver="namespaces",
            runtimes_dir=Path(os.environ["CLOUDLET_RUNTIMES"]),
        )
        try:
            assert sandboxes.interpreter(PYTHON, other_python.release) == other_python.version
            bench = Bench(runner, sandboxes)
            async with bench.function(tmp_path / "code", release=other_python.release) as function:
                return await function.invoke({})
        finally:
            await sandboxes.close()

    kind, (version, where) = runner.run(scenario())
    assert kind == "response"
    assert version.startswith(other_python.version)
    assert where == "/var/runtime/boto3/__init__.py"


@pytest.fixture
def leads_nowhere():
    return lambda name: False
