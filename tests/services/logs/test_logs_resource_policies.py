"""Resource policies: what other services may write to log groups."""

from __future__ import annotations

from typing import Any

import pytest

from iam_fixtures import allow
from refusals import refusal
from running_server import Client

POLICY = allow("logs:PutLogEvents", Principal={"Service": "events.amazonaws.com"})


@pytest.fixture
def logs(client: Client) -> Any:
    """A client."""
    return client("logs")


def test_policies_come_and_go(logs: Any) -> None:
    made = logs.put_resource_policy(policyName="events", policyDocument=POLICY)["resourcePolicy"]
    assert (made["policyName"], made["policyDocument"]) == ("events", POLICY)
    assert logs.describe_resource_policies()["resourcePolicies"] == [made]
    logs.delete_resource_policy(policyName="events")
    assert logs.describe_resource_policies()["resourcePolicies"] == []
    assert refusal(logs.delete_resource_policy, policyName="events") == (
        "ResourceNotFoundException",
        "Policy with name [events] does not exist",
    )


def test_an_account_has_ten_policies_at_most(logs: Any) -> None:
    for number in range(10):
        logs.put_resource_policy(policyName=f"policy-{number}", policyDocument=POLICY)
    logs.put_resource_policy(policyName="policy-0", policyDocument=POLICY)
    assert refusal(logs.put_resource_policy, policyName="one-more", policyDocument=POLICY) == (
        "LimitExceededException",
        "Resource limit exceeded.",
    )
    first = logs.describe_resource_policies(limit=4)
    rest = logs.describe_resource_policies(nextToken=first["nextToken"])
    assert len(first["resourcePolicies"] + rest["resourcePolicies"]) == 10
    assert "nextToken" not in rest
