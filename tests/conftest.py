"""The running program and real clients for every test: boto3 against a server in this process.

Each test gets an account of its own (a 12-digit access key names it), so tests never see each other's things.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config as ClientConfig

from cloudlet.config import Config
from running_server import SEED, Client, RunningServer

REGION = "us-east-1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --endurance."""
    parser.addoption("--endurance", action="store_true", help="also run the tests of five minutes each")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the tests of five minutes out of the usual suite, which takes less than ten."""
    if config.getoption("--endurance"):
        return
    for item in items:
        if item.get_closest_marker("endurance"):
            item.add_marker(pytest.mark.skip("takes five minutes: scripts/test --endurance runs it"))


def pytest_report_header() -> str:
    """Says how to have the same unpleasantness again."""
    return f"cloudlet: CLOUDLET_TEST_SEED={SEED}"


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
