"""Calling functions and keeping their code up to date, from the command line; it asks as any client does."""

from __future__ import annotations

import base64
import io
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
from msgspec import Struct

from cloudlet.cli import client
from cloudlet.cli.problem import Problem
from cloudlet.cli.runfile import Running

_LOOK_SECONDS: Final = 0.3
_LEFT_OUT: Final = frozenset({"__pycache__", ".git", ".venv"})
_OLDEST_TIME: Final = (1980, 1, 1, 0, 0, 0)


class Answer(Struct, frozen=True):
    """What came of a call."""

    payload: str
    failed: bool
    log: str


def invoke(
    cloud: Running,
    region: str,
    function: str,
    payload: str,
    *,
    qualifier: str | None,
    event: bool,
    tail: bool,
) -> Answer:
    """Calls a function. Raises Problem where the cloud refuses."""
    headers = {"Content-Type": "application/json"}
    if event:
        headers["X-Amz-Invocation-Type"] = "Event"
    if tail:
        headers["X-Amz-Log-Type"] = "Tail"
    query = f"Qualifier={quote(qualifier, safe='')}" if qualifier else ""
    path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
    status, content, told = client.signed(
        cloud, "lambda", "POST", path, query, headers, _payload(payload), region
    )
    if status >= HTTPStatus.BAD_REQUEST:
        raise Problem(_refusal(status, content))
    log = base64.b64decode(told.get("x-amz-log-result", "")).decode(errors="replace")
    return Answer(content.decode(errors="replace"), "x-amz-function-error" in told, log)


def watch(cloud: Running, region: str, function: str, folder: Path) -> Iterator[str]:
    """Gives a function a folder's code whenever something in it has changed; what was done, line by line."""
    before = ""
    while True:
        now = _stamp(folder)
        if now != before:
            before = now
            count = _update(cloud, region, function, folder)
            yield f"{time.strftime('%H:%M:%S')} {function} has the {count} files of {folder}"
        time.sleep(_LOOK_SECONDS)


def _update(cloud: Running, region: str, function: str, folder: Path) -> int:
    files = _files(folder)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _OLDEST_TIME)
            entry.external_attr = (path.stat().st_mode & 0o777 | 0o100444) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    body = orjson.dumps({"ZipFile": base64.b64encode(buffer.getvalue()).decode()})
    code = f"/2015-03-31/functions/{quote(function, safe='')}/code"
    headers = {"Content-Type": "application/json"}
    status, content, _ = client.signed(cloud, "lambda", "PUT", code, "", headers, body, region)
    if status >= HTTPStatus.BAD_REQUEST:
        raise Problem(_refusal(status, content))
    return len(files)


def _files(folder: Path) -> list[Path]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in _LEFT_OUT)
        found += [Path(place, name) for name in sorted(names)]
    return found


def _stamp(folder: Path) -> str:
    states = [(path, path.stat()) for path in _files(folder) if path.exists()]
    return " ".join(f"{path}:{state.st_mtime_ns}:{state.st_size}" for path, state in states)


def _payload(given: str) -> bytes:
    if given == "-":
        return sys.stdin.buffer.read()
    return Path(given[1:]).read_bytes() if given.startswith("@") else given.encode()


def _refusal(status: int, content: bytes) -> str:
    try:
        told: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        told = {}
    return str(told.get("message") or told.get("Message") or f"the cloud answered {status}")
