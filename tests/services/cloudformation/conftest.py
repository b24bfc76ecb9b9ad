"""A server of its own that has the types of thing_types.py, and clients of CloudFormation on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from thing_types import OFFER, Thing, things

from cloudlet.catalogue import OFFERS
from cloudlet.config import Config
from cloudlet.core.access import Principal


@pytest.fixture(scope="session")
def server(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A second server, so that nobody else meets the types of tests."""
    running = type(server)(Config(data=tmp_path_factory.mktemp("things"), port=0), (*OFFERS, OFFER))
    yield running
    running.close()


class Deployer:
    """CloudFormation through boto3, waiting as the SDK's waiters do."""

    def __init__(self, server: Any, client: Any, account: str) -> None:
        self.cfn = client("cloudformation")
        self._server = server
        self._account = account

    def create(self, name: str, template: Any, **more: Any) -> dict[str, Any]:
        """Creates a stack and waits for it to rest."""
        self.cfn.create_stack(StackName=name, TemplateBody=_text(template), **more)
        return self.rest(name)

    def update(self, name: str, template: Any, **more: Any) -> dict[str, Any]:
        """Updates a stack and waits for it to rest."""
        self.cfn.update_stack(StackName=name, TemplateBody=_text(template), **more)
        return self.rest(name)

    def delete(self, name: str, **more: Any) -> dict[str, Any]:
        """Deletes a stack and waits for it to rest."""
        stack_id = self.stack(name)["StackId"]
        self.cfn.delete_stack(StackName=name, **more)
        return self.rest(stack_id)

    def rest(self, name: str, *, advancing: float = 0) -> dict[str, Any]:
        """The stack once nothing works on it; `advancing` moves the clock on as often as it takes."""
        while True:
            if advancing:
                self._server.advance(advancing)
            stack = self.stack(name)
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                return stack

    def stack(self, name: str) -> dict[str, Any]:
        """The stack as it is."""
        return self.cfn.describe_stacks(StackName=name)["Stacks"][0]

    def outputs(self, name: str) -> dict[str, str]:
        """A stack's outputs by key."""
        return {o["OutputKey"]: o["OutputValue"] for o in self.stack(name).get("Outputs", [])}

    def events(self, name: str) -> list[tuple[str, str, str]]:
        """Logical id, status and reason of every event, the oldest first."""
        found = self.cfn.describe_stack_events(StackName=name)["StackEvents"]
        return [
            (e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", ""))
            for e in reversed(found)
        ]

    def things(self) -> dict[str, Thing]:
        """What really is there, by name."""
        cloud = self._server.app.cloud
        call = cloud.call("things", Principal.root(self._account), self._account, "us-east-1")
        found = self._server.run(call.transact(things, read_only=True))
        return {thing.name: thing for thing in found}


def _text(template: Any) -> str:
    return template if isinstance(template, str) else json.dumps(template)


@pytest.fixture
def deployer(server: Any, client: Any, account: str) -> Deployer:
    """Deploys in the test's own account."""
    return Deployer(server, client, account)


@pytest.fixture
def cfn(client: Any) -> Any:
    """A boto3 client of CloudFormation."""
    return client("cloudformation")
