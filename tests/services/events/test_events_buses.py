"""Event buses: what is made, told, changed and removed, and who may put events on them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from refusals import refusal


def _without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_bus_is_made_told_and_removed(events: Any, account: str) -> None:
    arn = f"arn:aws:events:us-east-1:{account}:event-bus/orders"
    assert _without_metadata(events.create_event_bus(Name="orders")) == {"EventBusArn": arn}
    described = _without_metadata(events.describe_event_bus(Name="orders"))
    assert sorted(described) == ["Arn", "CreationTime", "LastModifiedTime", "Name"]
    assert (described["Name"], described["Arn"]) == ("orders", arn)
    assert [each["Name"] for each in events.list_event_buses()["EventBuses"]] == ["default", "orders"]
    assert events.list_event_buses(NamePrefix="ord")["EventBuses"][0]["Arn"] == arn
    assert refusal(events.create_event_bus, Name="orders") == (
        "ResourceAlreadyExistsException",
        "Event bus orders already exists.",
    )
    events.delete_event_bus(Name="orders")
    events.delete_event_bus(Name="orders")
    assert refusal(events.describe_event_bus, Name="orders") == (
        "ResourceNotFoundException",
        "Event bus orders does not exist.",
    )


def test_the_default_bus_is_always_there(events: Any, account: str) -> None:
    told = events.describe_event_bus()
    assert (told["Name"], told["Arn"]) == (
        "default",
        f"arn:aws:events:us-east-1:{account}:event-bus/default",
    )
    assert refusal(events.delete_event_bus, Name="default") == (
        "ValidationException",
        "Cannot delete event bus default.",
    )


def test_buses_come_in_pages(events: Any) -> None:
    for number in range(6):
        events.create_event_bus(Name=f"bus-{number}")
    first = events.list_event_buses(NamePrefix="bus-", Limit=3)
    second = events.list_event_buses(NamePrefix="bus-", Limit=3, NextToken=first["NextToken"])
    names = [each["Name"] for each in first["EventBuses"] + second["EventBuses"]]
    assert names == [f"bus-{number}" for number in range(6)]
    assert "NextToken" not in second


def test_a_description_is_told_and_changed(events: Any) -> None:
    assert events.create_event_bus(Name="b", Description="one")["Description"] == "one"
    assert events.update_event_bus(Name="b", Description="two")["Description"] == "two"
    assert events.describe_event_bus(Name="b")["Description"] == "two"


@pytest.mark.parametrize(
    "settings",
    [
        {"KmsKeyIdentifier": "alias/x"},
        {"LogConfig": {"Level": "INFO"}},
        {"EventSourceName": "aws.partner/x/y"},
    ],
)
def test_what_a_bus_does_not_honour_is_refused(events: Any, settings: dict[str, Any]) -> None:
    code, message = refusal(events.create_event_bus, Name="b", **settings)
    assert code.startswith("NotImplemented")
    assert next(iter(settings)) in message


@pytest.mark.parametrize("bus", ["default", "custom"])
def test_statements_come_and_go(events: Any, account: str, bus: str) -> None:
    if bus == "custom":
        events.create_event_bus(Name=bus)
    arn = f"arn:aws:events:us-east-1:{account}:event-bus/{bus}"
    common = {"EventBusName": bus, "Action": "events:PutEvents"}
    events.put_permission(Principal="210987654321", StatementId="one", **common)
    events.put_permission(Principal="*", StatementId="all", **common)
    assert json.loads(events.describe_event_bus(Name=bus)["Policy"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                "Action": "events:PutEvents",
                "Resource": arn,
            },
            {
                "Sid": "all",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": arn,
            },
        ],
    }
    events.remove_permission(EventBusName=bus, StatementId="one")
    assert refusal(events.remove_permission, EventBusName=bus, StatementId="one") == (
        "ResourceNotFoundException",
        "Statement with the provided id does not exist.",
    )
    events.remove_permission(EventBusName=bus, RemoveAllPermissions=True)
    assert "Policy" not in events.describe_event_bus(Name=bus)


def test_a_statement_needs_a_bus(events: Any) -> None:
    assert refusal(
        events.put_permission,
        EventBusName="none",
        Action="events:PutEvents",
        Principal="*",
        StatementId="s",
    ) == ("ResourceNotFoundException", "Event bus none does not exist.")


@pytest.mark.parametrize("kind", ["event-bus/b", "rule/b/r"])
def test_tags_come_and_go(events: Any, account: str, kind: str) -> None:
    events.create_event_bus(Name="b")
    events.put_rule(Name="r", EventBusName="b", EventPattern='{"source": ["s"]}')
    arn = f"arn:aws:events:us-east-1:{account}:{kind}"
    tags = [{"Key": "tag1", "Value": "value1"}, {"Key": "tag2", "Value": "value2"}]
    events.tag_resource(ResourceARN=arn, Tags=tags)
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
    events.untag_resource(ResourceARN=arn, TagKeys=["tag2"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags[:1]
