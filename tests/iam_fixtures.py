"""Clients and documents that the tests of IAM and STS share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import refusals

Refusal = Callable[..., tuple[str, str]]


def allow(*actions: str, resource: Any = "*", **more: Any) -> str:
    """A policy that allows actions."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal: Any, *actions: str, **more: Any) -> str:
    """A trust policy."""
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions) or "sts:AssumeRole",
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(client: Callable[..., Any]) -> Any:
    return client("iam")


@pytest.fixture
def refusal() -> Refusal:
    """The code and the message of the error that a call ends with."""
    return refusals.refusal


@pytest.fixture
def as_user(client: Callable[..., Any], iam: Any) -> Callable[..., Any]:
    """Makes a user with a policy; returns what makes clients with its key."""

    def make(name: str, *actions: str, **more: Any) -> Callable[[str], Any]:
        iam.create_user(UserName=name)
        if actions:
            document = allow(*actions, **more)
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service: client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    return make


@pytest.fixture
def with_session(client: Callable[..., Any]) -> Callable[..., Any]:
    """What makes a client with temporary credentials."""

    def make(credentials: dict[str, Any], service: str) -> Any:
        return client(
            service,
            key=credentials["AccessKeyId"],
            secret=credentials["SecretAccessKey"],
            token=credentials["SessionToken"],
        )

    return make
