"""Clients, rules, and queues that get what rules send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from event_inbox import Inbox
from iam_fixtures import as_user, iam
from running_server import Client

__all__ = ["as_user", "iam"]

PATTERN = json.dumps({"source": ["shop"]})


@pytest.fixture
def events(client: Client) -> Any:
    """A client."""
    return client("events")


@pytest.fixture
def inbox(client: Client) -> Callable[..., Inbox]:
    """Makes a queue: inbox("name")."""
    return lambda name="inbox", condition=None: Inbox(client("sqs"), name, condition)


@pytest.fixture
def rule(events: Any) -> Callable[..., str]:
    """Makes a rule with one target, and tells its ARN: rule("name", arn, InputPath="$.detail")."""

    def make(name: str, target: str, *, bus: str = "default", pattern: str = PATTERN, **settings: Any) -> str:
        made = events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "target", "Arn": target, **settings}])
        return str(made["RuleArn"])

    return make


@pytest.fixture
def put(events: Any) -> Callable[..., str]:
    """Puts an event, and tells its id: put({"a": 1}, Source="x")."""

    def put(detail: Any = None, **entry: Any) -> str:
        given = {"Source": "shop", "DetailType": "sold", "Detail": json.dumps(detail or {}), **entry}
        [answer] = events.put_events(Entries=[given])["Entries"]
        return str(answer["EventId"])

    return put
