"""Starting, stopping and all that can be in the way: one clear line each, and never a stack trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud_process import CloudProcess, cloudlet
from cloudlet.cli import runfile

AS_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def refused(done: Any) -> str:
    """The one line with which a command says no."""
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("cloudlet: ")
    return done.stderr.removeprefix("cloudlet: ").rstrip()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def background(tmp_path: Path) -> Iterator[Path]:
    """A home whose clouds are stopped at the end."""
    yield tmp_path
    for file in (tmp_path / "run").glob("*.json"):
        cloudlet(tmp_path, "stop", "--port", file.stem)


def test_a_busy_port_is_refused(tmp_path: Path, taken_port: int) -> None:
    said = refused(cloudlet(tmp_path, "start", "--port", str(taken_port)))
    assert said.startswith(f"Port {taken_port} on 127.0.0.1 cannot be used: ")
    assert "--port" in said


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    done = cloudlet(tmp_path, "start", "--port", "0", "--data", str(closed / "data"), before=AS_USER)
    assert refused(done) == f"{closed}/data cannot be written: Permission denied."


def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with CloudProcess(tmp_path, "--data", data):
        said = refused(cloudlet(tmp_path, "start", "--port", "0", "--data", data))
    assert said == f"Another cloud uses the data in {data}: stop it, or choose another --data."


def test_a_second_server_on_the_same_port_is_refused(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--ephemeral") as cloud:
        said = refused(cloudlet(tmp_path, "start", "--ephemeral", "--port", str(cloud.port)))
    assert said.startswith(f"A cloud runs already at {cloud.endpoint} (process {cloud.process.pid})")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--data", "x", "--ephemeral"),
            "--data keeps things and --ephemeral forgets them: give one of the two.",
        ),
        (("--data", "x", "--state", "memory"), "--data keeps things and --state memory forgets them"),
        (
            ("--state", "sqlite:x.db", "--ephemeral"),
            "--state sqlite:x.db keeps things and --ephemeral forgets",
        ),
        (("--state", "oracle"), "--state oracle is no engine: use rocksdb, sqlite, sqlite:PATH or memory."),
        (("--state", "rocksdb:x"), "--state rocksdb:x is no engine"),
        (("--host", "0.0.0.0"), "0.0.0.0 can be reached from other machines"),
        (("--host", "::"), ":: can be reached from other machines"),
        (("--host", "nowhere.invalid", "--insecure"), "Port 0 on nowhere.invalid cannot be used: "),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    assert refused(cloudlet(tmp_path, "start", "--port", "0", *options)).startswith(said)


@pytest.mark.parametrize("command", ["status", "stop", "env"])
def test_where_nothing_runs_a_command_says_how_to_start(tmp_path: Path, command: str) -> None:
    said = refused(cloudlet(tmp_path, command, "--port", "4999"))
    assert said == "No cloud runs on port 4999: start one with `cloudlet start --background`."


def test_in_the_background_it_answers_until_it_is_stopped(background: Path) -> None:
    started = cloudlet(background, "start", "--background", "--ephemeral", "--port", "0")
    assert started.returncode == 0, started.stderr
    (file,) = (background / "run").glob("*.json")
    status = cloudlet(background, "status", "--port", file.stem)
    assert f"answers at http://127.0.0.1:{file.stem}." in status.stdout
    assert "dynamodb" in status.stdout
    pid = json.loads(file.read_text())["pid"]
    assert cloudlet(background, "stop", "--port", file.stem).stdout == "Stopped.\n"
    assert runfile.born(pid) == ""
    assert not file.exists()


def test_in_the_background_the_current_folders_files_are_not_taken_for_modules(background: Path) -> None:
    (background / "uvloop.py").write_text("raise SystemExit('not this one')")
    path = os.pathsep.join(entry for entry in sys.path if entry)
    program = "import sys; from cloudlet.cli.main import main; main()"
    started = subprocess.run(
        [sys.executable, "-P", "-c", program, "start", "--background", "--ephemeral", "--port", "0"],
        cwd=background,
        env={**os.environ, "CLOUDLET_HOME": str(background), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr


def test_in_the_background_a_failed_start_says_why(background: Path, taken_port: int) -> None:
    said = refused(cloudlet(background, "start", "--background", "--ephemeral", "--port", str(taken_port)))
    assert said.startswith(f"Port {taken_port} on 127.0.0.1 cannot be used: ")
    assert said.endswith(f"(the whole log is in {background}/log/{taken_port}.log)")


def test_after_a_kill_it_starts_again_on_the_same_port_and_data(tmp_path: Path) -> None:
    with CloudProcess(tmp_path) as cloud:
        cloud.client("iam").create_user(UserName="kept")
        cloud.kill()
        assert refused(cloudlet(tmp_path, "status", "--port", str(cloud.port))).startswith("No cloud runs")
        cloud.start()
        assert [user["UserName"] for user in cloud.client("iam").list_users()["Users"]] == ["kept"]


def test_a_run_file_whose_process_is_another_one_now_is_stale(tmp_path: Path) -> None:
    cloud = runfile.Running(os.getpid(), "http://127.0.0.1:1", "key", "secret", "ca.pem", born="long ago")
    runfile.write(tmp_path / "run" / "1.json", cloud)
    assert refused(cloudlet(tmp_path, "stop", "--port", "1")).startswith("No cloud runs on port 1")


def test_ephemeral_forgets(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--ephemeral") as cloud:
        cloud.client("iam").create_user(UserName="forgotten")
        cloud.process.send_signal(signal.SIGTERM)
        cloud.process.communicate(timeout=20)
        cloud.start()
        assert cloud.client("iam").list_users()["Users"] == []


def test_a_request_that_runs_is_answered_before_the_end(tmp_path: Path) -> None:
    body = b'{"Limit": 1}' + b" " * 200_000
    head = (
        "POST / HTTP/1.1",
        "Host: x",
        "Content-Type: application/x-amz-json-1.0",
        "X-Amz-Target: DynamoDB_20120810.ListTables",
        "X-Amz-Date: 20260101T000000Z",
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0",
        f"Content-Length: {len(body)}",
    )
    with CloudProcess(tmp_path, "--ephemeral") as cloud:
        connection = socket.create_connection(("127.0.0.1", cloud.port))
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body[:100_000])
        # A command on a second connection is answered only after the first one's bytes were read.
        cloudlet(tmp_path, "status", "--port", str(cloud.port))
        cloud.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionRefusedError):
            while True:
                socket.create_connection(("127.0.0.1", cloud.port)).close()
        connection.sendall(body[100_000:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert cloud.process.wait(20) == 0
        assert not (tmp_path / "run" / f"{cloud.port}.json").exists()


def test_strict_knows_only_the_key_that_env_shows(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--ephemeral", "--auth", "strict") as cloud:
        lines = cloudlet(tmp_path, "env", "--port", str(cloud.port)).stdout.splitlines()
        shown = dict(
            line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export ")
        )
        key, secret = shown["AWS_ACCESS_KEY_ID"], shown["AWS_SECRET_ACCESS_KEY"]
        arn = cloud.client("sts", key, secret).get_caller_identity()["Arn"]
        assert arn == "arn:aws:iam::000000000000:root"
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            cloud.client("sts").get_caller_identity()


def test_beyond_loopback_strict_is_enough(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--ephemeral", "--host", "0.0.0.0", "--auth", "strict") as cloud:
        assert "WARNING" not in cloud.said


def test_beyond_loopback_insecure_is_warned_of(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--ephemeral", "--host", "0.0.0.0", "--insecure") as cloud:
        assert "WARNING" in cloud.read_until("WARNING")


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_listens_on_ipv6(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--ephemeral", "--host", "::1") as cloud:
        status = cloudlet(tmp_path, "status", "--port", str(cloud.port))
        assert f"answers at http://[::1]:{cloud.port}." in status.stdout


def without_rocksdict(folder: Path) -> str:
    """A search path on which the package is missing."""
    folder.mkdir()
    (folder / "rocksdict.py").write_text('raise ModuleNotFoundError("no rocksdict", name="rocksdict")')
    return f"{folder}{os.pathsep}{Path(runfile.__file__).parents[2]}"


def test_where_rocksdict_is_missing_sqlite_is_used_and_this_is_said(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, PYTHONPATH=without_rocksdict(tmp_path / "path")) as cloud:
        line = "RocksDB needs the package rocksdict, which is not installed here. SQLite is used instead"
        assert line in cloud.said
        assert (tmp_path / "data" / "sqlite").exists()


def test_where_rocksdict_is_missing_data_written_by_it_is_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "data" / "rocksdb").mkdir(parents=True)
    path = without_rocksdict(tmp_path / "path")
    said = refused(cloudlet(tmp_path, "start", "--port", "0", PYTHONPATH=path))
    assert said.endswith(f"The data in {tmp_path}/data was written by it.")


@pytest.mark.skipif(sys.platform != "linux", reason="the name is Linux's")
def test_the_run_file_is_its_users_alone(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--ephemeral") as cloud:
        cloudlet(tmp_path, "status", "--port", str(cloud.port))
        file = tmp_path / "run" / f"{cloud.port}.json"
        assert file.stat().st_mode & 0o077 == 0
