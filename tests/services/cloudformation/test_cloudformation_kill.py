"""A server killed by SIGKILL in the middle of an operation ends it after its restart."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config as ClientConfig

CHILD = Path(__file__).with_name("thing_server.py")
SOURCES = Path(__file__).resolve().parents[3] / "src"
LEASE_SECONDS = 7


class KillableServer:
    """A server in a process of its own."""

    def __init__(self, data: Path, session: Any) -> None:
        self._data = data
        self._session = session
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD), str(self._data)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": f"{SOURCES}{os.pathsep}{CHILD.parent}"},
        )
        assert self._process.stdout is not None
        self.endpoint = self._process.stdout.readline().decode().strip()
        assert self.endpoint, "the child did not start"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def kill_after(self, stack_id: str, events: int) -> None:
        """Kills it once so many more events are there, or the stack is at rest."""
        cfn = self.client("cloudformation")
        first = self._events(cfn, stack_id)
        while len(found := self._events(cfn, stack_id)) < len(first) + events:
            if (
                not found[0]["ResourceStatus"].endswith("IN_PROGRESS")
                and found[0]["LogicalResourceId"] == "app"
            ):
                break
        self.kill()

    def _events(self, cfn: Any, stack_id: str) -> list[Any]:
        pages = cfn.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        return [event for page in pages for event in page["StackEvents"]]

    def restart(self) -> None:
        """Starts again, and lets the dead server's lease run out on the cloud's clock."""
        self.start()
        body = json.dumps({"advance_seconds": LEASE_SECONDS}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.endpoint}/_cloudlet/clock", body, headers)
        urllib.request.urlopen(request).close()

    def client(self, service: str) -> Any:
        return self._session.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="123456789012",
            aws_secret_access_key="x",
            config=ClientConfig(retries={"max_attempts": 0, "mode": "standard"}),
        )

    def rest(self, name: str) -> str:
        cfn = self.client("cloudformation")
        while True:
            status: str = cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                return status

    def things(self) -> dict[str, str]:
        """Name and size of all that is there."""
        found = self.client("dynamodb").list_tables()["TableNames"]
        return dict(entry.split(" ") for entry in found)

    def listed(self) -> dict[str, str]:
        """What the stack says is there, by logical id."""
        rows = self.client("cloudformation").list_stack_resources(StackName="app")["StackResourceSummaries"]
        return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}


@pytest.fixture
def killable(tmp_path: Path, aws_session: Any) -> Iterator[KillableServer]:
    server = KillableServer(tmp_path, aws_session)
    yield server
    server.kill()


def template(size: int, name: str | None = None, **more: Any) -> str:
    resources: dict[str, Any] = {}
    for number in range(8):
        properties: dict[str, Any] = {"Size": size, "Seconds": 0.03}
        if number >= 2:
            properties["Label"] = {"Ref": f"T{number - 2}"}
        if number == 3 and name is not None:
            properties["Name"] = name
        resources[f"T{number}"] = {"Type": "Test::Things::Thing", "Properties": properties}
    return json.dumps({"Resources": {**resources, **more}})


def seeds() -> list[Any]:
    return [seed if seed == 0 else pytest.param(seed, marks=pytest.mark.slow) for seed in range(6)]


@pytest.mark.parametrize("seed", seeds())
def test_a_killed_server_ends_what_it_began_and_makes_nothing_twice(
    killable: KillableServer, seed: int
) -> None:
    moment = random.Random(seed)

    begun = killable.client("cloudformation").create_stack(StackName="app", TemplateBody=template(1))
    stack_id = begun["StackId"]
    killable.kill_after(stack_id, moment.randrange(25))
    killable.restart()
    assert killable.rest("app") == "CREATE_COMPLETE", seed
    assert killable.things() == dict.fromkeys(killable.listed().values(), "1"), seed
    created = killable.listed()

    failing = {"Type": "Test::Things::Thing", "Properties": {"Size": 2, "Fail": "no", "Label": {"Ref": "T7"}}}
    body = template(2, "renamed", Last=failing)
    killable.client("cloudformation").update_stack(StackName="app", TemplateBody=body)
    killable.kill_after(stack_id, moment.randrange(40))
    killable.restart()
    assert killable.rest("app") == "UPDATE_ROLLBACK_COMPLETE", seed
    assert killable.listed() == created, seed
    assert killable.things() == dict.fromkeys(created.values(), "1"), seed

    killable.client("cloudformation").delete_stack(StackName="app")
    killable.kill_after(stack_id, moment.randrange(16))
    killable.restart()
    assert killable.rest(stack_id) == "DELETE_COMPLETE", seed
    assert killable.things() == {}, seed
