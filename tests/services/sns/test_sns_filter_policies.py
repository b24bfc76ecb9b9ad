"""Filter policies: what they let through, their limits, and AWS's words for those that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudlet.services.sns import filter_policies
from cloudlet.services.sns.filter_policies import MESSAGE_ATTRIBUTES, MESSAGE_BODY, InvalidFilterPolicy
from cloudlet.services.sns.model import Message, MessageAttribute, Subscription
from refusals import refusal


def _wants(policy: Any, scope: str, text: str, **attributes: tuple[str, str]) -> bool:
    subscription = Subscription(
        "id",
        "123456789012",
        "us-east-1",
        "news",
        "sqs",
        "queue",
        "123456789012",
        "root",
        "http://localhost",
        {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope},
    )
    given = {name: MessageAttribute(kind, value.encode()) for name, (kind, value) in attributes.items()}
    message = Message("id", subscription.topic_arn, 0.0, {"default": text}, attributes=given)
    return filter_policies.objection(subscription, message) is None


@pytest.mark.parametrize(
    ("policy", "attributes", "wanted"),
    [
        ({"a": ["x"]}, {"a": ("String", "x")}, True),
        ({"a": ["x"]}, {"a": ("String", "X")}, False),
        ({"a": ["x"]}, {}, False),
        ({"a": ["x", "y"], "b": ["z"]}, {"a": ("String", "y"), "b": ("String", "z")}, True),
        ({"a": ["x"], "b": ["z"]}, {"a": ("String", "x")}, False),
        ({"a": ["x"]}, {"a": ("String.Array", '["w", "x"]')}, True),
        ({"a": ["x"]}, {"a": ("String.Array", "no json")}, False),
        ({"a": [True]}, {"a": ("String.Array", "[true]")}, True),
        ({"a": [{"numeric": [">", 0, "<=", 100]}]}, {"a": ("Number", "99.12")}, True),
        ({"a": [{"numeric": [">", 0, "<=", 100]}]}, {"a": ("Number", "101")}, False),
        ({"a": [1]}, {"a": ("String", "1")}, False),
        ({"a": [{"prefix": "au"}]}, {"a": ("String", "auto")}, True),
        ({"a": [{"suffix": "to"}]}, {"a": ("String", "auto")}, True),
        ({"a": [{"equals-ignore-case": "AUTO"}]}, {"a": ("String", "auto")}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": ("String", "y")}, True),
        ({"a": [{"anything-but": ["x"]}]}, {}, False),
        ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": ("String", "xy")}, False),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": ("String", "10.1.2.3")}, True),
        ({"a": [{"exists": True}]}, {"a": ("Binary", "x")}, True),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": False}]}, {"a": ("String", "x")}, False),
        ({"a": [None, {"anything-but": "whatever"}]}, {}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": ("String", "y")}, True),
    ],
)
def test_attributes_decide(policy: Any, attributes: dict[str, Any], wanted: bool) -> None:
    assert _wants(policy, MESSAGE_ATTRIBUTES, "text", **attributes) is wanted


_RECORDS = {
    "Records": {
        "s3": {"object": {"key": [{"prefix": "auto-"}]}},
        "eventName": [{"prefix": "ObjectCreated:"}],
    }
}
_METRICS = {
    "$or": [{"metricName": ["CPUUtilization", "ReadLatency"]}, {"namespace": ["AWS/EC2", "AWS/ES"]}],
    "detail": {
        "scope": ["Service"],
        "$or": [{"source": ["aws.cloudwatch"]}, {"type": ["CloudWatch Alarm State Change"]}],
    },
}


@pytest.mark.parametrize(
    ("policy", "body", "wanted"),
    [
        ({"object": {"key": [{"prefix": "auto-"}]}}, {"object": {"key": "auto-insurance"}}, True),
        ({"object": {"key": [{"prefix": "auto-"}]}}, {"object": {"key": "home"}}, False),
        ({"object.nested.test": ["v"]}, {"object": {"nested": {"test": "v"}}}, True),
        ({"object.nested.test": ["v"]}, {"object.nested.test": "v"}, True),
        ({"object.nested.test": ["v"]}, {"object.nested": {"test": "v"}}, True),
        ({"object.nested.test": ["v"]}, {"object": {"nested.test": "v"}}, True),
        ({"headers": {"route-to": ["q1"]}}, {"headers": {"route-to": ["q1", "q2"]}}, True),
        ({"headers": {"route-to": ["q1"]}}, {"headers": {"route-to": ["q3"]}}, False),
        (
            _RECORDS,
            {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": [[{"key": "auto-1.xml"}]]}}]},
            True,
        ),
        (
            _RECORDS,
            {"Records": [{"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "auto-1.xml"}}}]},
            False,
        ),
        (_METRICS, {"namespace": "AWS/ES", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}, True),
        (_METRICS, {"metricName": "ReadLatency", "detail": {"scope": "Service"}}, False),
        ({"a": ["x"]}, ["x"], False),
    ],
)
def test_the_body_decides(policy: Any, body: Any, wanted: bool) -> None:
    assert _wants(policy, MESSAGE_BODY, json.dumps(body)) is wanted


def test_a_body_that_is_no_json_is_not_wanted() -> None:
    assert not _wants({"a": [{"exists": False}]}, MESSAGE_BODY, "plain text")


_OR = {
    "$or": [
        {"metricName": ["1", "2", "3", "4", "5", "6"]},
        {"metricType": ["1", "2", "3", "4"], "$or": [{"id": [1, 2, 3, 4]}, {"space": [1, 2, 3, 4, 5, 6, 7]}]},
    ]
}


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        ({"a": [str(number) for number in range(150)]}, MESSAGE_ATTRIBUTES),
        ({"source": ["1", "2", "3"], **_OR}, MESSAGE_ATTRIBUTES),
        ({}, MESSAGE_ATTRIBUTES),
        ({"a": [{"anything-but": ["test", "test2"]}]}, MESSAGE_ATTRIBUTES),
    ],
)
def test_a_policy_within_the_limits_is_taken(policy: Any, scope: str) -> None:
    filter_policies.check(json.dumps(policy), scope)


_TOO_COMPLEX = "FilterPolicy: Filter policy is too complex"


@pytest.mark.parametrize(
    ("policy", "scope", "reason"),
    [
        ({"a": [str(number) for number in range(151)]}, MESSAGE_ATTRIBUTES, _TOO_COMPLEX),
        ({"a": list(range(100)), "b": list(range(51))}, MESSAGE_ATTRIBUTES, _TOO_COMPLEX),
        ({"source": ["1", "2", "3", "4"], **_OR}, MESSAGE_ATTRIBUTES, _TOO_COMPLEX),
        (
            {
                "$or": [{"metricName": ["1", "2", "3"]}, {"namespace": ["1", "2"]}],
                "detail": {"scope": ["1", "2"], "$or": [{"source": ["1"]}, {"type": ["1", "2", "3"]}]},
            },
            MESSAGE_BODY,
            _TOO_COMPLEX,
        ),
        (
            {str(number): ["x"] for number in range(6)},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: Filter policy can not have more than 5 keys",
        ),
        (
            {"object": {"key": ["x"]}},
            MESSAGE_ATTRIBUTES,
            "Filter policy scope MessageAttributes does not support nested filter policy",
        ),
        (
            {"key": [["value"]]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: Match value must be String, number, true, false, or null",
        ),
        (
            {"key": [{"wrong-operator": True}]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: Unrecognized match type wrong-operator",
        ),
        (
            {"key": [{"suffix": "value", "prefix": "value2"}]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: Only one key allowed in match expression",
        ),
        (
            {"key": [{"suffix": 100}]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: suffix match pattern must be a string",
        ),
        (
            {"key": [{"suffix": []}]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: suffix match pattern must be a string",
        ),
        ({"key": {"suffix": "value"}}, MESSAGE_BODY, 'FilterPolicy: "suffix" must be an object or an array'),
        ({"key": "value"}, MESSAGE_ATTRIBUTES, 'FilterPolicy: "key" must be an object or an array'),
        (
            {"key": [{"exists": "no"}]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: exists match pattern must be either true or false.",
        ),
        (
            {"key": [{"anything-but": {"suffix": "test"}}]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: Unsupported anything-but pattern: suffix",
        ),
        (
            {"key": [{"anything-but": {"prefix": False}}]},
            MESSAGE_ATTRIBUTES,
            "FilterPolicy: prefix match pattern must be a string",
        ),
    ],
)
def test_what_is_no_policy_is_told_in_aws_s_words(policy: Any, scope: str, reason: str) -> None:
    with pytest.raises(InvalidFilterPolicy) as refused:
        filter_policies.check(json.dumps(policy), scope)
    assert str(refused.value) == reason


def test_a_subscription_gets_what_its_policy_wants(
    sns: Any, topic: Any, subscribed: Any, queues: Any
) -> None:
    arn = topic()
    inbox = subscribed(arn, FilterPolicy={"price": [{"numeric": [">", 10]}]})
    for price in ("5", "15"):
        attribute = {"price": {"DataType": "Number", "StringValue": price}}
        sns.publish(TopicArn=arn, Message=price, MessageAttributes=attribute)
    assert queues.next_text(inbox) == "15"
    [listed] = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    told = sns.get_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"])["Attributes"]
    assert json.loads(told["FilterPolicy"]) == {"price": [{"numeric": [">", 10]}]}
    assert told["FilterPolicyScope"] == "MessageAttributes"


def test_a_scope_is_told_once_there_is_a_policy(sns: Any, topic: Any, subscribed: Any) -> None:
    arn = topic()
    subscribed(arn)
    [listed] = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    made = listed["SubscriptionArn"]

    def put(name: str, value: str) -> dict[str, str]:
        sns.set_subscription_attributes(SubscriptionArn=made, AttributeName=name, AttributeValue=value)
        return dict(sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"])

    nested = json.dumps({"object": {"key": ["x"]}})
    assert refusal(
        sns.set_subscription_attributes,
        SubscriptionArn=made,
        AttributeName="FilterPolicy",
        AttributeValue=nested,
    ) == (
        "InvalidParameter",
        "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy",
    )
    assert "FilterPolicyScope" not in put("FilterPolicyScope", "MessageBody")
    assert put("FilterPolicy", nested)["FilterPolicyScope"] == "MessageBody"
    assert "FilterPolicy" not in put("FilterPolicy", "")


def test_a_bad_policy_of_a_new_subscription_is_refused(sns: Any, topic: Any, account: str) -> None:
    assert refusal(
        sns.subscribe,
        TopicArn=topic(),
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{account}:inbox",
        Attributes={"FilterPolicy": json.dumps({"key": [{"wrong-operator": True}]})},
    ) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: FilterPolicy: Unrecognized match type wrong-operator",
    )
