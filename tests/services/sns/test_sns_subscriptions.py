"""Subscriptions: endpoints, attributes, lists, ends, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from refusals import refusal


def _queue_arn(account: str, name: str = "inbox", region: str = "us-east-1") -> str:
    return f"arn:aws:sqs:{region}:{account}:{name}"


def test_a_queue_of_the_account_is_subscribed_at_once(sns: Any, topic: Any, account: str) -> None:
    arn = topic()
    made = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=_queue_arn(account))["SubscriptionArn"]
    assert made.startswith(f"{arn}:")
    assert sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"] == {
        "ConfirmationWasAuthenticated": "true",
        "Endpoint": _queue_arn(account),
        "Owner": account,
        "PendingConfirmation": "false",
        "Protocol": "sqs",
        "RawMessageDelivery": "false",
        "SubscriptionArn": made,
        "SubscriptionPrincipal": f"arn:aws:iam::{account}:root",
        "TopicArn": arn,
    }
    told = {
        "SubscriptionArn": made,
        "Owner": account,
        "Protocol": "sqs",
        "Endpoint": _queue_arn(account),
        "TopicArn": arn,
    }
    assert sns.list_subscriptions()["Subscriptions"] == [told]
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == [told]
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsConfirmed"] == "1"


def test_an_endpoint_is_subscribed_once(sns: Any, topic: Any, account: str) -> None:
    arn = topic()
    request = {"TopicArn": arn, "Protocol": "sqs", "Endpoint": _queue_arn(account)}
    first = sns.subscribe(**request)["SubscriptionArn"]
    assert sns.subscribe(**request)["SubscriptionArn"] == first
    assert refusal(sns.subscribe, **request, Attributes={"RawMessageDelivery": "true"}) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
    )


def test_mail_stays_pending_because_none_is_sent(sns: Any, topic: Any) -> None:
    arn = topic()
    answer = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="me@example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    [listed] = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsPending"] == "1"


@pytest.mark.parametrize(
    ("protocol", "endpoint", "reason"),
    [
        ("test-protocol", "x", "Amazon SNS does not support this protocol string: test-protocol"),
        ("sqs", "http://localhost/000000000000/queue", "SQS endpoint ARN"),
        ("http", "https://example.com", "Endpoint must match the specified protocol"),
        ("sms", "NAA+15551234567", "Invalid SMS endpoint: NAA+15551234567"),
    ],
)
def test_a_bad_endpoint_is_refused(sns: Any, topic: Any, protocol: str, endpoint: str, reason: str) -> None:
    assert refusal(sns.subscribe, TopicArn=topic(), Protocol=protocol, Endpoint=endpoint) == (
        "InvalidParameter",
        f"Invalid parameter: {reason}",
    )


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("sms", "+15551234567"),
        ("application", "arn:aws:sns:us-east-1:123456789012:endpoint/APNS/a/b"),
        ("firehose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/s"),
    ],
)
def test_what_could_never_be_delivered_is_refused_by_name(
    sns: Any, topic: Any, protocol: str, endpoint: str
) -> None:
    code, message = refusal(sns.subscribe, TopicArn=topic(), Protocol=protocol, Endpoint=endpoint)
    assert code == "NotImplemented"
    assert protocol in message


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("lambda", "arn:aws:lambda:us-east-1:123456789012:function:f"),
        ("https", "https://example.com"),
        ("email", "a@example.com"),
    ],
)
def test_a_fifo_topic_has_queues_only(sns: Any, topic: Any, protocol: str, endpoint: str) -> None:
    arn = topic("orders.fifo")
    assert refusal(sns.subscribe, TopicArn=arn, Protocol=protocol, Endpoint=endpoint) == (
        "InvalidParameter",
        "Invalid parameter: Invalid parameter: Endpoint Reason: Please use FIFO SQS queue",
    )


def test_a_fifo_queue_needs_a_fifo_topic(sns: Any, topic: Any, account: str) -> None:
    request = {"Protocol": "sqs", "Endpoint": _queue_arn(account, "q.fifo")}
    assert refusal(sns.subscribe, TopicArn=topic("news"), **request) == (
        "InvalidParameter",
        "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to "
        "standard SNS topics",
    )
    arn = topic("orders.fifo")
    made = sns.subscribe(TopicArn=arn, **request)["SubscriptionArn"]
    policy = json.dumps({"deadLetterTargetArn": _queue_arn(account, "dead")})
    assert refusal(
        sns.set_subscription_attributes,
        SubscriptionArn=made,
        AttributeName="RedrivePolicy",
        AttributeValue=policy,
    ) == (
        "InvalidParameter",
        "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO "
        "Topic.",
    )


_PLACE = (
    "was expecting double-quote to start field name\n at [Source: REDACTED "
    "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"
)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("FakeAttribute", "x", "AttributeName"),
        (
            "RawMessageDelivery",
            "test-ValUe",
            "RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false.",
        ),
        ("RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."),
        (
            "RedrivePolicy",
            '{"deadLetterTargetArn": "fake"}',
            "RedrivePolicy: deadLetterTargetArn is an invalid arn",
        ),
        (
            "RedrivePolicy",
            "{invalidjson}",
            f"RedrivePolicy: failed to parse JSON. Unexpected character ('i' (code 105)): {_PLACE}",
        ),
        (
            "FilterPolicy",
            "{invalidjson}",
            f"FilterPolicy: failed to parse JSON. Unexpected character ('i' (code 105)): {_PLACE}",
        ),
        (
            "FilterPolicyScope",
            "RandomValue",
            "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or "
            "MessageAttributes",
        ),
    ],
)
def test_a_bad_attribute_value_is_refused(
    sns: Any, topic: Any, account: str, name: str, value: str, reason: str
) -> None:
    made = sns.subscribe(TopicArn=topic(), Protocol="sqs", Endpoint=_queue_arn(account))["SubscriptionArn"]
    request = {"SubscriptionArn": made, "AttributeName": name, "AttributeValue": value}
    assert refusal(sns.set_subscription_attributes, **request) == (
        "InvalidParameter",
        f"Invalid parameter: {reason}",
    )


def test_a_bad_attribute_of_a_new_subscription_is_refused(sns: Any, topic: Any, account: str) -> None:
    assert refusal(
        sns.subscribe,
        TopicArn=topic(),
        Protocol="sqs",
        Endpoint=_queue_arn(account),
        Attributes={"RawMessageDelivery": "wrongvalue"},
    ) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true "
        "or false.",
    )


def test_a_subscription_ends_and_may_be_ended_again(sns: Any, topic: Any, account: str) -> None:
    arn = topic()
    made = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=_queue_arn(account))["SubscriptionArn"]
    sns.unsubscribe(SubscriptionArn=made)
    sns.unsubscribe(SubscriptionArn=made)
    assert refusal(sns.get_subscription_attributes, SubscriptionArn=made) == (
        "NotFound",
        "Subscription does not exist",
    )
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsDeleted"] == "1"


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        ("", "SubscriptionArn Reason: no value for required parameter"),
        ("subscription", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        ("arn:aws:sns:us-east-1:news", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 5"),
        ("arn:aws:sns:us-east-1:123456789012:news:other", "SubscriptionId"),
    ],
)
def test_a_bad_subscription_arn_is_refused(sns: Any, arn: str, reason: str) -> None:
    assert refusal(sns.unsubscribe, SubscriptionArn=arn) == (
        "InvalidParameter",
        f"Invalid parameter: {reason}",
    )


def test_a_deleted_topic_takes_its_subscriptions_along(sns: Any, topic: Any, account: str) -> None:
    arn = topic()
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=_queue_arn(account))
    sns.delete_topic(TopicArn=arn)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_subscriptions_are_listed_a_hundred_at_a_time(sns: Any, topic: Any, account: str) -> None:
    arn = topic()
    for number in range(101):
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=_queue_arn(account, f"q{number}"))
    for call, request in ((sns.list_subscriptions, {}), (sns.list_subscriptions_by_topic, {"TopicArn": arn})):
        first = call(**request)
        second = call(**request, NextToken=first["NextToken"])
        assert (len(first["Subscriptions"]), len(second["Subscriptions"])) == (100, 1)
        found = {each["Endpoint"] for each in first["Subscriptions"] + second["Subscriptions"]}
        assert len(found) == 101


def test_a_dead_letter_queue_gets_what_its_queue_does_not_take(
    sns: Any, topic: Any, queues: Any, account: str
) -> None:
    arn, dead = topic(), queues.make("dead")
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=_queue_arn(account, "missing"),
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": queues.arn(dead)})},
    )
    published = sns.publish(TopicArn=arn, Message="lost and found")
    body = queues.next_body(dead)
    assert (body["MessageId"], body["Message"]) == (published["MessageId"], "lost and found")


def test_a_queue_in_another_region_gets_messages(
    sns: Any, client: Any, topic: Any, queues: Any, account: str
) -> None:
    elsewhere = type(queues)(client("sqs", region="eu-west-1"))
    url = elsewhere.make("far")
    arn = topic()
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=elsewhere.arn(url))
    sns.publish(TopicArn=arn, Message="over there")
    assert elsewhere.next_text(url) == "over there"
