"""Working on functions from the command line: calling them, and running them from a folder."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud_functions import TRUST, zipped
from cloud_process import CloudProcess, cloudlet, command, environment

SOURCE = "def handler(event, context):\n    print('hello')\n    return {answer}\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def code(home: Path) -> Path:
    """A folder with a function's code."""
    folder = home / "allowed" / "code"
    folder.mkdir(parents=True)
    (folder / "index.py").write_text(SOURCE.format(answer="[1, event]"))
    return folder


@pytest.fixture(scope="module")
def cloud(home: Path, code: Path) -> Iterator[CloudProcess]:
    with CloudProcess(home, "--ephemeral", "--debug", "--hot-reload", str(code.parent)) as running:
        yield running


@pytest.fixture(scope="module")
def functions(cloud: CloudProcess) -> Any:
    return cloud.client("lambda")


@pytest.fixture
def make(cloud: CloudProcess, functions: Any, request: pytest.FixtureRequest) -> Any:
    """Makes a function that fails until it gets other code."""

    def create(**more: Any) -> str:
        name = request.node.name.removeprefix("test_")[:60].replace("[", "-").replace("]", "")
        role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        settings = {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": role["Role"]["Arn"],
            "Code": {"ZipFile": zipped({"index.py": "def handler(*_):\n    raise Exception('old')\n"})},
        }
        functions.create_function(FunctionName=name, **{**settings, **more})
        return name

    return create


def called(cloud: CloudProcess, *arguments: str) -> Any:
    return cloudlet(cloud.home, "invoke", "--port", str(cloud.port), *arguments)


def test_answer_is_printed_and_the_log_beside_it(cloud: CloudProcess, make: Any) -> None:
    source = {"index.py": SOURCE.format(answer="event")}
    name = make(Code={"ZipFile": zipped(source)})
    done = called(cloud, name, '{"a": 1}', "--tail")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"a": 1})
    assert "hello\n" in done.stderr


def test_function_that_fails_ends_the_command_with_status_1(cloud: CloudProcess, make: Any) -> None:
    done = called(cloud, make())
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorMessage"] == "old"
    missing = called(cloud, "nothing")
    assert missing.returncode == 1
    assert missing.stderr.startswith("cloudlet: Function not found: arn:aws:lambda:")


def test_event_is_only_handed_in(cloud: CloudProcess, make: Any) -> None:
    done = called(cloud, make(), "--event")
    assert (done.returncode, done.stdout) == (0, "")


def test_tagged_function_runs_from_a_folder_as_it_is_now(
    cloud: CloudProcess, functions: Any, make: Any, code: Path
) -> None:
    name = make(Tags={"cloudlet:hot-reload": str(code)})
    call = {"FunctionName": name, "Payload": b'"x"'}
    assert json.loads(functions.invoke(**call)["Payload"].read()) == [1, "x"]
    (code / "index.py").write_text(SOURCE.format(answer="[2, event]"))
    assert json.loads(functions.invoke(**call)["Payload"].read()) == [2, "x"]


def test_folder_that_the_servers_user_did_not_allow_is_refused(
    cloud: CloudProcess, functions: Any, make: Any, home: Path, code: Path
) -> None:
    outside = home / "secret"
    outside.mkdir()
    (code.parent / "way-out").symlink_to(outside)
    name = make()
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    for wrong in (outside, code.parent / "way-out", code.parent / ".." / "secret"):
        functions.tag_resource(Resource=arn, Tags={"cloudlet:hot-reload": str(wrong)})
        with pytest.raises(ClientError) as caught:
            functions.invoke(FunctionName=name)
        assert "may not run functions from there" in caught.value.response["Error"]["Message"]


def test_watched_folder_becomes_the_functions_code_whenever_it_changes(
    cloud: CloudProcess, functions: Any, make: Any, tmp_path: Path
) -> None:
    name = make()
    (tmp_path / "index.py").write_text(SOURCE.format(answer="1"))
    options = ("watch", "--port", str(cloud.port), name, str(tmp_path))
    with subprocess.Popen(
        command(*options), env=environment(cloud.home), stdout=subprocess.PIPE, text=True, bufsize=1
    ) as watching:
        assert watching.stdout is not None
        for answer in (1, 2):
            (tmp_path / "index.py").write_text(SOURCE.format(answer=answer))
            wait_for_answer(functions, name, answer)
        watching.kill()


def wait_for_answer(functions: Any, name: str, answer: int) -> None:
    until = time.monotonic() + 20
    while True:
        got = json.loads(functions.invoke(FunctionName=name)["Payload"].read())
        if got == answer:
            return
        assert time.monotonic() < until, got


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_tagged_function_of_node_is_reached_by_an_inspector(
    functions: Any, make: Any, free_port: int
) -> None:
    source = {"index.js": "exports.handler = async () => process.env.NODE_OPTIONS"}
    name = make(Runtime="nodejs20.x", Timeout=1, Code={"ZipFile": zipped(source)})
    assert json.loads(functions.invoke(FunctionName=name)["Payload"].read()) is None
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    functions.tag_resource(Resource=arn, Tags={"cloudlet:debug": str(free_port)})
    options = json.loads(functions.invoke(FunctionName=name)["Payload"].read())
    assert options == "--inspect=127.0.0.1:9229"
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/json/list", timeout=10) as answer:
        (program,) = json.load(answer)
    assert program["type"] == "node"
    functions.untag_resource(Resource=arn, TagKeys=["cloudlet:debug"])
    assert json.loads(functions.invoke(FunctionName=name)["Payload"].read()) is None


def test_function_of_python_waits_for_its_debugger(functions: Any, make: Any, free_port: int) -> None:
    pytest.importorskip("debugpy")
    name = make(Tags={"cloudlet:debug": str(free_port)}, Timeout=1)
    functions.invoke(FunctionName=name, InvocationType="Event")
    until = time.monotonic() + 20
    said = b""
    while not said and time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", free_port), 5) as attached:
                said = attached.recv(100)
        except OSError:
            continue
    assert said.startswith(b"Content-Length: ")


def test_port_that_is_none_is_refused(functions: Any, make: Any) -> None:
    name = make(Tags={"cloudlet:debug": "80"})
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=name)
    assert "a port from 1024 to 65535" in caught.value.response["Error"]["Message"]
