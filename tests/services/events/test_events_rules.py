"""Rules and their targets, as AWS tells, changes and refuses them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from json5_documents import read_json5
from refusals import refusal
from vectors import vectors

PATTERN = json.dumps({"source": ["shop"], "detail": {"command": ["update"]}})
NO_RULE = ("ResourceNotFoundException", "Rule none does not exist on EventBus default.")
REFUSED_PATTERNS = sorted(vectors("event-patterns").glob("*_EXC.json5"))


def _without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.mark.parametrize("bus", ["default", "custom"])
def test_a_rule_is_put_told_and_removed(events: Any, account: str, bus: str) -> None:
    if bus == "custom":
        events.create_event_bus(Name=bus)
    path = "rule/r" if bus == "default" else "rule/custom/r"
    arn = f"arn:aws:events:us-east-1:{account}:{path}"
    named = {"Name": "r", "EventBusName": bus}
    assert _without_metadata(events.put_rule(**named, EventPattern=PATTERN)) == {"RuleArn": arn}
    told = {"Name": "r", "Arn": arn, "EventPattern": PATTERN, "State": "ENABLED", "EventBusName": bus}
    assert events.list_rules(NamePrefix="r", EventBusName=bus)["Rules"] == [told]
    assert _without_metadata(events.describe_rule(**named)) == {**told, "CreatedBy": account}
    events.disable_rule(**named)
    assert events.describe_rule(**named)["State"] == "DISABLED"
    events.enable_rule(**named)
    assert events.describe_rule(**named)["State"] == "ENABLED"
    events.delete_rule(**named)
    events.delete_rule(**named)
    assert events.list_rules(EventBusName=bus)["Rules"] == []


def test_what_is_put_again_replaces_all_but_targets_and_tags(events: Any, account: str) -> None:
    arn = f"arn:aws:sqs:us-east-1:{account}:q"
    tags = [{"Key": "a", "Value": "1"}]
    made = events.put_rule(Name="r", EventPattern=PATTERN, Description="one", Tags=tags)["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn}])
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)", Tags=[{"Key": "b", "Value": "2"}])
    told = events.describe_rule(Name="r")
    assert "Description" not in told
    assert "EventPattern" not in told
    assert events.list_targets_by_rule(Rule="r")["Targets"] == [{"Id": "t", "Arn": arn}]
    assert events.list_tags_for_resource(ResourceARN=made)["Tags"] == tags


def test_a_rule_that_is_not_there(events: Any) -> None:
    for operation in (events.describe_rule, events.enable_rule, events.disable_rule):
        assert refusal(operation, Name="none") == NO_RULE
    assert refusal(events.list_targets_by_rule, Rule="none") == NO_RULE
    assert refusal(events.remove_targets, Rule="none", Ids=["t"]) == NO_RULE


def test_a_rule_with_targets_stays(events: Any, account: str) -> None:
    events.put_rule(Name="r", EventPattern=PATTERN)
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": f"arn:aws:sqs:us-east-1:{account}:q"}])
    assert refusal(events.delete_rule, Name="r") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    assert _without_metadata(events.remove_targets(Rule="r", Ids=["t"])) == {
        "FailedEntryCount": 0,
        "FailedEntries": [],
    }
    events.delete_rule(Name="r")


def test_a_rule_has_five_targets_at_most(events: Any, account: str) -> None:
    events.put_rule(Name="r", EventPattern=PATTERN)
    targets = [{"Id": str(number), "Arn": f"arn:aws:sqs:us-east-1:{account}:q"} for number in range(6)]
    assert refusal(events.put_targets, Rule="r", Targets=targets) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    events.put_targets(Rule="r", Targets=targets[:5])
    assert events.list_rule_names_by_target(TargetArn=targets[0]["Arn"])["RuleNames"] == ["r"]


def test_a_rule_wants_something(events: Any) -> None:
    assert refusal(events.put_rule, Name="r") == (
        "ValidationException",
        "Parameter(s) EventPattern or ScheduleExpression must be specified.",
    )


def test_a_schedule_stands_on_the_default_bus_only(events: Any) -> None:
    events.create_event_bus(Name="b")
    assert refusal(events.put_rule, Name="r", EventBusName="b", ScheduleExpression="rate(1 minute)") == (
        "ValidationException",
        "ScheduleExpression is supported only on the default event bus.",
    )


@pytest.mark.parametrize("path", REFUSED_PATTERNS, ids=lambda path: path.stem)
def test_a_pattern_that_aws_refuses_is_refused(events: Any, path: Any) -> None:
    pattern = json.dumps(read_json5(path.read_text())["EventPattern"])
    code, message = refusal(events.put_rule, Name="r", EventPattern=pattern)
    assert code == "InvalidEventPatternException"
    assert message.startswith("Event pattern is not valid. Reason: ")


@pytest.mark.parametrize("name", ["minimal", "content_prefix_NEG", "complex_or", "content_numeric_and_NEG"])
def test_patterns_can_be_tried(events: Any, name: str) -> None:
    pair = read_json5((vectors("event-patterns") / f"{name}.json5").read_text())
    answer = events.test_event_pattern(
        Event=json.dumps(pair["Event"]), EventPattern=json.dumps(pair["EventPattern"])
    )
    assert answer["Result"] is not name.endswith("_NEG")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"Input": "{}", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"a": "$.detail"}, "InputTemplate": '"<notdefinedkey>"'}},
            "InputTemplate for target t contains invalid placeholder notdefinedkey.",
        ),
        (
            {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
            "RoleArn is required for target arn:aws:kinesis:us-east-1:000000000000:stream/s.",
        ),
        ({"Arn": "queue"}, "Parameter queue is not valid. Reason: Provided Arn is not in correct format."),
    ],
)
def test_a_target_that_would_get_nothing_is_refused(
    events: Any, target: dict[str, Any], message: str
) -> None:
    events.put_rule(Name="r", EventPattern=PATTERN)
    given = {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:q", **target}
    assert refusal(events.put_targets, Rule="r", Targets=[given]) == ("ValidationException", message)


@pytest.mark.unverified("these texts are told by users, not recorded from AWS")
@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"Arn": "arn:aws:sqs:us-east-1:000000000000:q.fifo"},
            "Parameter(s) SqsParameters must be specified for target: t.",
        ),
        ({"InputPath": "detail"}, "InputPath for target t is invalid."),
        ({"Input": "{"}, "JSON syntax error in input for target t"),
        ({"InputTransformer": {"InputTemplate": "{nothing}"}}, "Invalid InputTemplate for target t."),
    ],
)
def test_a_target_with_broken_settings_is_refused(events: Any, target: dict[str, Any], message: str) -> None:
    events.put_rule(Name="r", EventPattern=PATTERN)
    given = {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:q", **target}
    assert refusal(events.put_targets, Rule="r", Targets=[given]) == ("ValidationException", message)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        "arn:aws:events:us-east-1:000000000000:api-destination/d/1",
    ],
)
def test_a_target_of_a_service_that_is_not_here_is_refused(events: Any, arn: str) -> None:
    events.put_rule(Name="r", EventPattern=PATTERN)
    code, message = refusal(events.put_targets, Rule="r", Targets=[{"Id": "t", "Arn": arn, "RoleArn": arn}])
    assert code.startswith("NotImplemented")
    assert arn in message
