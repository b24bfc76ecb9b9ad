"""The program as its users run it: a process of its own, which tests may also kill."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

SOURCE = Path(__file__).resolve().parents[1] / "src"
START_SECONDS = 20


def environment(home: Path, **extra: str) -> dict[str, str]:
    """What the command runs with: nothing of the user's own AWS settings or proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    return {**kept, "PYTHONPATH": str(SOURCE), "CLOUDLET_HOME": str(home), "HOME": str(home), **extra}


def command(*arguments: str) -> list[str]:
    """The command line of a cloudlet command."""
    return [sys.executable, "-m", "cloudlet", *arguments]


def cloudlet(home: Path, *arguments: str, before: tuple[str, ...] = (), **extra: str) -> Any:
    """Runs a command to its end."""
    return subprocess.run(
        [*before, *command(*arguments)],
        env=environment(home, **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class CloudProcess:
    """`cloudlet start` in the foreground."""

    def __init__(self, home: Path, *options: str, port: int = 0, **extra: str) -> None:
        self.home = home
        self.options = options
        self._extra = extra
        self.process: subprocess.Popen[str]
        self.port = port
        self.said = ""
        self._session = boto3.session.Session()

    def __enter__(self) -> CloudProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> dict[str, Any]:
        """What its run file tells."""
        return json.loads((self.home / "run" / f"{self.port}.json").read_text())

    def start(self) -> None:
        """Starts it, on the port it had before, and returns once it says where it answers."""
        self.process = subprocess.Popen(
            command("start", "--port", str(self.port), *self.options),
            env=environment(self.home, **self._extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = self.read_until(r"answers at \S+")
        found = re.search(r"answers at http://\S+:(\d+)", self.said)
        assert found is not None, self.said
        self.port = int(found[1])

    def read_until(self, pattern: str) -> str:
        """What it says until a line matches; fails after some seconds, or at its end."""
        assert self.process.stdout is not None
        said = ""
        heard = select.poll()
        heard.register(self.process.stdout, select.POLLIN)
        while not re.search(pattern, said):
            assert heard.poll(START_SECONDS * 1000), f"it only said {said!r}"
            line = self.process.stdout.readline()
            assert line, f"it ended and said {said!r}"
            said += line
        return said

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def client(
        self, service: str, key: str = "test", secret: str = "test", region: str = "us-east-1", **config: Any
    ) -> Any:
        """A boto3 client."""
        return self._session.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 0, "mode": "standard"}, **config),
        )
