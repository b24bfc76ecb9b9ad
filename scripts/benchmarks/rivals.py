"""Other emulators that pip installs, each in an environment of its own, to be measured beside cloudlet."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

_FOLDER: Final = Path(__file__).resolve().parents[2] / ".cache" / "rivals"
_START_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Rival:
    """An emulator: how it is installed and started."""

    name: str
    requirement: str
    command: tuple[str, ...]
    """The program and its arguments; {port} is the port."""
    port_variable: str = "PORT"


RIVALS: Final = (
    Rival("moto", "moto[server]", ("moto_server", "-H", "127.0.0.1", "-p", "{port}")),
    Rival("MiniStack", "ministack", ("ministack",), "GATEWAY_PORT"),
)


@contextmanager
def running(rival: Rival) -> Iterator[str]:
    """Installs an emulator the first time, and runs it; where it answers."""
    folder = _installed(rival)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    program, *arguments = (part.format(port=port) for part in rival.command)
    environment = {**os.environ, rival.port_variable: str(port), "BIND_HOST": "127.0.0.1"}
    process = subprocess.Popen(
        [str(folder / "bin" / program), *arguments],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def client(url: str, service: str) -> Any:
    """A boto3 client of an emulator."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )


def _installed(rival: Rival) -> Path:
    folder = _FOLDER / rival.name.lower()
    stamp = folder / ".installed"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, rival.requirement], check=True)
        stamp.touch()
    return folder


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"it does not answer on port {port}")
