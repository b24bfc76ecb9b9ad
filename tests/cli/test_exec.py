"""`cloudlet exec`: programs that know nothing of cloudlet reach it by AWS's own names."""

from __future__ import annotations

import http.server
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud_process import CloudProcess, cloudlet, command, environment

IDENTITY = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
AS_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
WITHOUT_NAMESPACES = (
    "unshare",
    "-Ur",
    "sh",
    "-c",
    'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"',
    "sh",
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
as_anybody = pytest.mark.parametrize("before", [(), AS_USER], ids=["as it is", "as a user without rights"])


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    with CloudProcess(tmp_path_factory.mktemp("exec"), "--ephemeral") as process:
        yield process


@pytest.fixture(scope="module")
def website() -> Iterator[str]:
    """A server of the machine's own, which stands for all the rest of the network."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Website)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


class Website(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"{self.path} for {self.headers['X-Name']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def run(cloud: CloudProcess, *program: str, before: tuple[str, ...] = (), **extra: str) -> Any:
    return cloudlet(cloud.home, "exec", "--port", str(cloud.port), "--", *program, before=before, **extra)


def needs(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not on this machine")
    return path


@linux
@as_anybody
def test_curl_reaches_the_cloud_by_the_name_of_aws(cloud: CloudProcess, before: tuple[str, ...]) -> None:
    done = run(cloud, needs("curl"), "-sS", IDENTITY, before=before)
    assert "<Code>MissingAuthenticationToken</Code>" in done.stdout, done.stderr


@linux
@as_anybody
def test_the_aws_cli_needs_no_setting(cloud: CloudProcess, before: tuple[str, ...]) -> None:
    cli = str(Path(sys.executable).with_name("aws"))
    done = run(cloud, cli, "sts", "get-caller-identity", before=before)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Account"] == "000000000000"


@linux
def test_plain_https_of_node_reaches_the_cloud(cloud: CloudProcess) -> None:
    program = f'require("https").get("{IDENTITY}", answer => answer.pipe(process.stdout))'
    done = run(cloud, needs("node"), "-e", program)
    assert "MissingAuthenticationToken" in done.stdout, done.stderr


@linux
def test_the_old_sdk_for_javascript_reaches_the_cloud(cloud: CloudProcess) -> None:
    modules = Path(os.environ.get("CLOUDLET_RUNTIMES", "nowhere")) / "nodejs" / "node_modules"
    if not (modules / "aws-sdk").is_dir():
        pytest.skip("aws-sdk is not installed: cloudlet runtimes install")
    sts = 'new (require("aws-sdk").STS)()'
    program = f"{sts}.getCallerIdentity((error, answer) => console.log(error || answer.Arn))"
    done = run(
        cloud,
        needs("node"),
        "-e",
        program,
        NODE_PATH=str(modules),
        AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE="1",
    )
    assert done.stdout == "arn:aws:iam::000000000000:root\n", done.stderr


@linux
def test_boto3_reaches_the_cloud_and_heeds_no_configured_endpoint(cloud: CloudProcess) -> None:
    program = 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])'
    done = run(cloud, sys.executable, "-c", program, AWS_ENDPOINT_URL_STS="http://127.0.0.1:1")
    assert done.stdout == "arn:aws:iam::000000000000:root\n", done.stderr


@linux
def test_the_names_of_others_do_not_exist(cloud: CloudProcess) -> None:
    done = run(cloud, sys.executable, "-c", "import socket; socket.getaddrinfo('example.org', 443)")
    assert "Name or service not known" in done.stderr


@linux
def test_the_machine_itself_is_not_changed(cloud: CloudProcess) -> None:
    before = Path("/etc/resolv.conf").read_bytes(), Path("/proc/self/mountinfo").read_bytes()
    done = run(cloud, "cat", "/etc/resolv.conf")
    assert done.stdout.startswith("nameserver 127.0.0.1\n")
    assert (Path("/etc/resolv.conf").read_bytes(), Path("/proc/self/mountinfo").read_bytes()) == before


@linux
@pytest.mark.parametrize("tunnel", [["--proxytunnel"], []], ids=["by CONNECT", "by a whole URL"])
def test_the_rest_of_the_network_is_reached_by_the_proxy(
    cloud: CloudProcess, website: str, tunnel: list[str]
) -> None:
    curl = [needs("curl"), "-sS", "--noproxy", "nobody", *tunnel, "-H", "X-Name: me", f"{website}/page?a=b"]
    assert run(cloud, *curl).stdout == "/page?a=b for me"


@linux
def test_the_proxy_says_what_it_cannot_reach(cloud: CloudProcess) -> None:
    done = run(cloud, needs("curl"), "-sS", "--noproxy", "nobody", "http://127.0.0.1:1/")
    assert done.stdout.startswith("cloudlet exec: 127.0.0.1:1 cannot be reached: ")


@linux
def test_the_users_own_proxy_is_asked_for_the_rest(cloud: CloudProcess, website: str) -> None:
    own = website.replace("http://", "http://user:secret@")
    done = run(
        cloud, needs("curl"), "-sS", "-H", "X-Name: me", "http://example.invalid/page", HTTPS_PROXY=own
    )
    assert done.stdout == "http://example.invalid/page for me", done.stderr


@linux
@as_anybody
def test_the_user_stays_who_he_is(cloud: CloudProcess, before: tuple[str, ...]) -> None:
    done = run(cloud, "id", "-u", before=before)
    assert done.stdout == ("1000\n" if before else f"{os.getuid()}\n")


def test_the_exit_status_is_the_programs(cloud: CloudProcess) -> None:
    assert run(cloud, "sh", "-c", "exit 7").returncode == 7


def test_options_after_the_program_are_the_programs(cloud: CloudProcess) -> None:
    assert run(cloud, "echo", "--port", "--help").stdout == "--port --help\n"


def test_a_program_that_is_not_there_ends_as_in_a_shell(cloud: CloudProcess) -> None:
    done = run(cloud, "no-such-program")
    assert (done.returncode, done.stderr) == (127, "cloudlet: no-such-program: no such command\n")


def test_a_program_that_may_not_run_ends_as_in_a_shell(cloud: CloudProcess) -> None:
    done = run(cloud, "/etc/passwd")
    assert (done.returncode, done.stderr) == (126, "cloudlet: /etc/passwd: Permission denied\n")


def test_signals_reach_the_program_itself(cloud: CloudProcess) -> None:
    process = subprocess.Popen(
        command(
            "exec", "--port", str(cloud.port), "--", "sh", "-c", "trap 'exit 9' TERM; echo ready; read line"
        ),
        env=environment(cloud.home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 9


def test_the_terminal_is_the_programs(cloud: CloudProcess) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command("exec", "--port", str(cloud.port), "--", "sh", "-c", "test -t 0 && test -t 1"),
        env=environment(cloud.home),
        stdin=theirs,
        stdout=theirs,
        timeout=20,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0


def test_keys_and_region_of_the_user_are_left_alone(cloud: CloudProcess) -> None:
    done = run(
        cloud,
        "env",
        AWS_ACCESS_KEY_ID="123456789012",
        AWS_SECRET_ACCESS_KEY="own",
        AWS_REGION="eu-west-1",
        AWS_ENDPOINT_URL="http://elsewhere",
    )
    lines = done.stdout.splitlines()
    assert "AWS_ACCESS_KEY_ID=123456789012" in lines
    assert "AWS_SECRET_ACCESS_KEY=own" in lines
    assert "AWS_REGION=eu-west-1" in lines
    assert "AWS_DEFAULT_REGION=eu-west-1" in lines
    assert not any(line.startswith("AWS_ENDPOINT_URL") for line in lines)


@linux
def test_without_namespaces_it_says_so_and_tells_programs_of_the_cloud(cloud: CloudProcess) -> None:
    cli = str(Path(sys.executable).with_name("aws"))
    done = run(cloud, cli, "sts", "get-caller-identity", before=WITHOUT_NAMESPACES)
    assert done.stderr.startswith("cloudlet: this machine allows no namespaces (")
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)["Account"] == "000000000000"


@linux
def test_without_namespaces_the_proxy_leads_the_names_of_aws_to_the_cloud(cloud: CloudProcess) -> None:
    done = run(cloud, needs("curl"), "-sS", IDENTITY, before=WITHOUT_NAMESPACES)
    assert "<Code>MissingAuthenticationToken</Code>" in done.stdout, done.stderr


def test_without_a_cloud_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = cloudlet(tmp_path, "exec", "--port", "1", "--", "true")
    assert done.returncode == 1
    assert done.stderr == "cloudlet: No cloud runs on port 1: start one with `cloudlet start --background`.\n"
