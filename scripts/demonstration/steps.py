"""What a step of the demonstration can do: run commands, call URLs, and insist on the answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Failed(Exception):
    """Raised by the first wrong answer; the text says what was expected."""


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    body: str

    def json(self) -> Any:
        """The body as JSON. Raises Failed."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Failed(f"expected JSON, got {self.status}: {self.body[:500]}") from error


@dataclass
class Stage:
    """Where the demonstration runs: a home of its own, a port, the clients' environment."""

    home: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {
            **os.environ,
            "CLOUDLET_HOME": str(self.home),
            "AWS_PAGER": "",
            "AWS_CONFIG_FILE": "/dev/null",
        }

    def cloudlet(self, *arguments: str) -> str:
        """Runs a command of ours."""
        return self.run("cloudlet", *arguments, "--port", str(self.port))

    def aws(self, *arguments: str) -> str:
        """Runs the aws CLI, as it comes."""
        return self.run("aws", *arguments)

    def run(self, *command: str) -> str:
        """What a command prints. Raises Failed unless it succeeds."""
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=self.environment, cwd=ROOT
        )
        if done.returncode != 0:
            raise Failed(f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def use_cloud(self) -> None:
        """Lets the clients talk to the cloud, by the variables that `cloudlet env` prints."""
        for line in self.cloudlet("env").splitlines():
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                self.environment[name] = value

    def outputs(self, stack: str) -> dict[str, str]:
        """A stack's outputs."""
        described = json.loads(
            self.aws("cloudformation", "describe-stacks", "--stack-name", stack, "--output", "json")
        )
        return {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0]["Outputs"]}

    def invoke_url(self, api: str, stage: str) -> str:
        """Where an API's stage is served."""
        return f"{self.environment['AWS_ENDPOINT_URL']}/restapis/{api}/{stage}/_user_request_"


def http(url: str, body: Any = None) -> Answer:
    """What a plain HTTP client sees."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"} if content else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


def expect(what: str, found: Any, wanted: Any) -> None:
    """Raises Failed unless what was found is what was wanted."""
    if found != wanted:
        raise Failed(f"{what}: expected {wanted!r}, got {found!r}")


@contextmanager
def step(title: str) -> Iterator[None]:
    """Prints what is done and how long it took."""
    print(f"{title:<78}", end="", flush=True)
    began = time.perf_counter()
    try:
        yield
    except BaseException:
        print(" FAILED", flush=True)
        raise
    print(f"{time.perf_counter() - began:7.2f} s", flush=True)


def complain(error: Failed) -> int:
    """Says what was wrong; the exit status."""
    print(f"\n{error}", file=sys.stderr)
    return 1
