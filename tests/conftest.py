"""The running program and real clients for every test: boto3 against a server in this process.

Each test gets an account of its own (a 12-digit access key names it), so tests never see each other's things.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
import uvloop
from botocore.config import Config as ClientConfig

from cloudlet.app import App, build
from cloudlet.config import Config
from cloudlet.core.clock import SystemClock
from cloudlet.store.unpleasant import UnpleasantStore

T = TypeVar("T")
Client = Callable[..., Any]

REGION = "us-east-1"
SEED = int(os.environ.get("CLOUDLET_TEST_SEED") or random.randrange(10**6))
"""Which transactions are run twice, as after a conflict."""


def pytest_report_header() -> str:
    """Says how to have the same unpleasantness again."""
    return f"cloudlet: CLOUDLET_TEST_SEED={SEED}"


class RunningServer:
    """A server on a thread of its own, with a loop that tests may hand work to."""

    def __init__(self, config: Config) -> None:
        self.clock = SystemClock()
        self.app: App
        self._loop = uvloop.new_event_loop()
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(config, started), daemon=True)
        self._thread.start()
        started.result(30)

    @property
    def endpoint(self) -> str:
        """The URL that clients call."""
        return self.app.endpoint

    def run(self, coroutine: Any) -> Any:
        """Runs a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def advance(self, seconds: float) -> None:
        """Moves the cloud's clock."""

        async def move() -> None:
            self.clock.advance(seconds)

        self.run(move())

    def close(self) -> None:
        """Stops the server."""
        self.run(self.app.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, config: Config, started: Future[None]) -> None:
        asyncio.set_event_loop(self._loop)

        async def start() -> None:
            self.app = await build(config, clock=self.clock)
            self.app.cloud.store = UnpleasantStore(self.app.cloud.store, random.Random(SEED), likelihood=0.2)
            await self.app.start()

        try:
            self._loop.run_until_complete(start())
        except BaseException as error:
            started.set_exception(error)
            raise
        started.set_result(None)
        self._loop.run_forever()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The server that most tests share."""
    runtimes = os.environ.get("CLOUDLET_RUNTIMES")
    running = RunningServer(
        Config(
            data=tmp_path_factory.mktemp("cloud"),
            port=0,
            state=os.environ.get("CLOUDLET_TEST_STATE", "rocksdb"),
            runtimes=Path(runtimes) if runtimes else None,
        )
    )
    yield running
    running.close()


@pytest.fixture(scope="session")
def aws_session() -> boto3.session.Session:
    """One boto3 session, because loading its models is slow."""
    return boto3.session.Session()


@pytest.fixture
def account() -> str:
    """An account that nobody else uses."""
    return str(random.randrange(10**11, 10**12))


@pytest.fixture
def client(server: RunningServer, aws_session: boto3.session.Session, account: str) -> Client:
    """Makes boto3 clients: client("dynamodb"), client("s3", key=..., secret=..., token=...)."""

    def make(
        service: str,
        *,
        key: str | None = None,
        secret: str = "secret",
        token: str | None = None,
        region: str = REGION,
        **config: Any,
    ) -> Any:
        return aws_session.client(
            service,
            endpoint_url=server.endpoint,
            region_name=region,
            aws_access_key_id=key or account,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=ClientConfig(retries={"max_attempts": 0, "mode": "standard"}, read_timeout=60, **config),
        )

    return make
