"""Lambda in detail: warm calls, cold starts alone and many at once, memory, events, updates at once.

Beside each stand what the machine itself takes in the same run: to start the interpreter by itself, and to
send a byte to another process and have it back.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which
from typing import Any, Final

from scripts.benchmarks.cases import Figure, zipped
from scripts.benchmarks.cloud import BenchmarkCloud
from scripts.benchmarks.load import once, request_bytes, run

_PYTHON: Final = "def handler(event, context):\n    return 'hello'\n"
_PYTHON_SDK: Final = "import boto3\nclient = boto3.client('dynamodb')\n" + _PYTHON
_NODE: Final = "exports.handler = async () => 'hello'\n"
_NODE_SDK: Final = (
    "const { DynamoDBClient } = require('@aws-sdk/client-dynamodb')\nnew DynamoDBClient({})\n" + _NODE
)
_SHELL: Final = (
    "#!/var/lang/bin/python3 -S\n"
    "import os, socket\n"
    "api = socket.create_connection(('127.0.0.1', 9001)).makefile('rwb')\n"
    "while True:\n"
    "    api.write(b'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
    "    api.flush()\n"
    "    head = {}\n"
    "    while (line := api.readline().strip()):\n"
    "        name, _, value = line.partition(b':')\n"
    "        head[name.lower()] = value.strip()\n"
    "    api.read(int(head[b'content-length']))\n"
    "    api.write(b'POST /2018-06-01/runtime/invocation/' + head[b'lambda-runtime-aws-request-id'] +\n"
    "              b'/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 7\\r\\n\\r\\n\"hello\"')\n"
    "    api.flush()\n"
    "    while (line := api.readline().strip()):\n"
    "        name, _, value = line.partition(b':')\n"
    "        head[name.lower()] = value.strip()\n"
    "    api.read(int(head[b'content-length']))\n"
)
_RUNTIMES: Final = {
    "Python": ("python3.11", {"index.py": _PYTHON}),
    "Python with boto3": ("python3.11", {"index.py": _PYTHON_SDK}),
    "Node": ("nodejs20.x", {"index.js": _NODE}),
    "Node with the SDK": ("nodejs20.x", {"index.js": _NODE_SDK}),
    "provided": ("provided.al2023", {"bootstrap": _SHELL}),
}
_AT_ONCE: Final = 20
_ENVIRONMENTS: Final = 40
_LONGEST_MS: Final = 1000
"""The machine's own figures stand for comparison; only a very busy machine exceeds this."""


def lambda_figures(cloud: BenchmarkCloud) -> list[Figure]:
    """All of it."""
    cloud.start_once()
    cloud.credentials = ("test", "test")
    bench = _Bench(cloud)
    return [*_references(), *bench.warm(), *bench.cold(), bench.density(), *bench.queued(), bench.updates()]


class _Bench:
    """Functions in one cloud."""

    def __init__(self, cloud: BenchmarkCloud) -> None:
        self._cloud = cloud
        self._client = cloud.client("lambda")
        self._role = cloud.find_or_make_role()

    def warm(self) -> list[Figure]:
        """Calls of a function that has run before."""
        figures = []
        for language in ("Python", "Node"):
            name = self._make(language)
            request = self._request(name)
            run(self._cloud.endpoint, [request], connections=16, seconds=1.0)
            alone = run(self._cloud.endpoint, [request], connections=1)
            figures += [
                Figure(f"warm, {language}, p50", alone.p50_ms, "ms", 0.6, "alone_ms"),
                Figure(f"warm, {language}, p99", alone.p99_ms, "ms", 2.0, "alone_ms"),
            ]
            for callers, promise in ((1, 1500), (4, 2500), (16, 3000)):
                rate = run(self._cloud.endpoint, [request], connections=callers).per_second
                figures.append(
                    Figure(f"warm, {language}, {callers} callers", rate, "/s", promise, "per_second")
                )
        return figures

    def cold(self) -> list[Figure]:
        """The first call of an environment, alone and with many others."""
        figures = []
        for language in _RUNTIMES:
            alone, many = [], []
            for number in range(3):
                alone.append(once(self._cloud.endpoint, self._request(self._make(language, f"a{number}"))))
            requests = [self._request(self._make(language, f"m{number}")) for number in range(_AT_ONCE)]
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                began = time.perf_counter()
                many = list(threads.map(lambda each: once(self._cloud.endpoint, each), requests))
                took = (time.perf_counter() - began) * 1000
            figures += [
                Figure(f"cold, {language}, alone", sorted(alone)[1], "ms", 150),
                Figure(f"cold, {language}, {_AT_ONCE} at once, slowest", max(many), "ms", 3000),
                Figure(f"cold, {language}, {_AT_ONCE} at once, each", took / _AT_ONCE, "ms", 150),
            ]
        return figures

    def density(self) -> Figure:
        """What an idle environment takes, by what the machine has less afterwards."""
        name = self._make("Python", "dense", "import time\ndef handler(*_):\n    time.sleep(1.5)\n")
        before = _available_bytes()
        with ThreadPoolExecutor(_ENVIRONMENTS) as threads:
            list(threads.map(lambda _: once(self._cloud.endpoint, self._request(name)), range(_ENVIRONMENTS)))
        each = max(before - _available_bytes(), 1) / _ENVIRONMENTS
        return Figure("environment of Python, idle", each / 1e6, "MB", 20)

    def queued(self) -> list[Figure]:
        """How many events are accepted, and how long until all of them have run."""
        name = self._make("Python", "queued")
        request = self._request(name, {"X-Amz-Invocation-Type": "Event"})
        accepted = run(self._cloud.endpoint, [request], connections=16, seconds=2.0)
        return [Figure("events accepted, 16 callers", accepted.per_second, "/s", 1000, "writes")]

    def updates(self) -> Figure:
        """New code for ten functions at once, each called afterwards."""
        names = [self._make("Python", f"update{number}") for number in range(10)]
        requests = {name: self._request(name) for name in names}
        for request in requests.values():
            once(self._cloud.endpoint, request)
        code = zipped({"index.py": _PYTHON + "# new\n"})

        def update(name: str) -> None:
            self._client.update_function_code(FunctionName=name, ZipFile=code)
            once(self._cloud.endpoint, requests[name])

        with ThreadPoolExecutor(10) as threads:
            began = time.perf_counter()
            list(threads.map(update, names))
            return Figure("ten updates and calls at once", (time.perf_counter() - began) * 1000, "ms", 2000)

    def _make(self, language: str, suffix: str = "warm", source: str | None = None) -> str:
        runtime, files = _RUNTIMES[language]
        name = f"{language.replace(' ', '-')}-{suffix}"
        code = zipped({"index.py": source} if source else files, mode=0o755)
        self._client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=self._role,
            Handler="index.handler",
            MemorySize=512,
            Timeout=30,
            Code={"ZipFile": code},
        )
        self._client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})
        return name

    def _request(self, name: str, headers: dict[str, str] | None = None) -> bytes:
        url = f"{self._cloud.endpoint}/2015-03-31/functions/{name}/invocations"
        given = {"Content-Type": "application/json", **(headers or {})}
        return request_bytes(url, b"{}", headers=given, credentials=self._cloud.credentials, service="lambda")


def _references() -> list[Figure]:
    figures = [Figure("reference: a byte to another process and back", _round_trip_ms(), "ms", _LONGEST_MS)]
    for language, command in (("Python", [sys.executable, "-c", "0"]), ("Node", [which("node"), "-e", "0"])):
        if command[0] is not None:
            took = _median(lambda command=command: _timed(command))  # type: ignore[misc]  # a default binds the loop variable
            figures.append(Figure(f"reference: fork and exec of {language}", took, "ms", _LONGEST_MS))
    return figures


def _timed(command: list[Any]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return (time.perf_counter() - began) * 1000


def _round_trip_ms() -> float:
    ours, theirs = socket.socketpair()
    code = "import socket; s = socket.socket(fileno={}); [s.send(s.recv(1)) for _ in range(1001)]"
    child = subprocess.Popen(
        [sys.executable, "-c", code.format(theirs.fileno())], pass_fds=(theirs.fileno(),)
    )
    with ours, theirs:
        ours.send(b"x")
        ours.recv(1)
        began = time.perf_counter()
        for _ in range(1000):
            ours.send(b"x")
            ours.recv(1)
        took = time.perf_counter() - began
    child.wait(10)
    return took


def _median(measure: Callable[[], float]) -> float:
    return sorted(measure() for _ in range(5))[2]


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    raise RuntimeError("The machine does not say how much memory is available.")
