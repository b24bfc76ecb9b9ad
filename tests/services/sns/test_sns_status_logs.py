"""Delivery status logs: what they say of deliveries, and who may ask for them."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest

from iam_fixtures import allow, trust
from refusals import refusal


@pytest.fixture
def feedback_role(iam: Any) -> str:
    """A role that SNS may write logs with."""
    principal = {"Service": "sns.amazonaws.com"}
    made = iam.create_role(RoleName="feedback", AssumeRolePolicyDocument=trust(principal))["Role"]["Arn"]
    iam.put_role_policy(RoleName="feedback", PolicyName="own", PolicyDocument=allow("logs:*"))
    return str(made)


def _lines(client: Any, group: str) -> list[dict[str, Any]]:
    logs = client("logs")
    until = time.monotonic() + 10
    while True:
        try:
            events = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            events = []
        if events:
            return [json.loads(event["message"]) for event in events]
        assert time.monotonic() < until, f"{group} says nothing"


def test_a_delivery_is_told(
    sns: Any, client: Any, topic: Any, subscribed: Any, queues: Any, account: str, feedback_role: str
) -> None:
    arn = topic(SQSSuccessFeedbackRoleArn=feedback_role, SQSSuccessFeedbackSampleRate="100")
    inbox = subscribed(arn)
    published = sns.publish(TopicArn=arn, Message="hello")
    message = queues.next_message(inbox)
    [line] = _lines(client, f"sns/us-east-1/{account}/news")
    assert line["status"] == "SUCCESS"
    notification, delivery = line["notification"], line["delivery"]
    assert notification.pop("timestamp")
    assert notification == {
        "messageMD5Sum": hashlib.md5(b"hello").hexdigest(),
        "messageId": published["MessageId"],
        "topicArn": arn,
    }
    assert set(delivery) == {"deliveryId", "destination", "providerResponse", "dwellTimeMs", "statusCode"}
    assert (delivery["destination"], delivery["statusCode"]) == (queues.arn(inbox), 200)
    assert json.loads(delivery["providerResponse"])["sqsMessageId"] == message["MessageId"]


def test_a_failure_is_told_in_a_log_of_its_own(
    sns: Any, client: Any, topic: Any, account: str, feedback_role: str
) -> None:
    arn = topic(SQSFailureFeedbackRoleArn=feedback_role)
    endpoint = f"arn:aws:sqs:us-east-1:{account}:none"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint)
    sns.publish(TopicArn=arn, Message="lost")
    [line] = _lines(client, f"sns/us-east-1/{account}/news/Failure")
    assert (line["status"], line["delivery"]["destination"]) == ("FAILURE", endpoint)


def test_whoever_asks_for_logs_hands_a_role_on(topic: Any, as_user: Any, feedback_role: str) -> None:
    arn = topic()
    caller = as_user("asker", "sns:SetTopicAttributes")("sns")
    request = {
        "TopicArn": arn,
        "AttributeName": "SQSSuccessFeedbackRoleArn",
        "AttributeValue": feedback_role,
    }
    code, message = refusal(caller.set_topic_attributes, **request)
    assert code == "AuthorizationError"
    assert f"iam:PassRole on resource: {feedback_role}" in message


@pytest.mark.parametrize(
    ("name", "value"), [("SQSSuccessFeedbackSampleRate", "101"), ("HTTPFailureFeedbackRoleArn", "no role")]
)
@pytest.mark.unverified("which words AWS has for a bad value of these attributes was not seen")
def test_a_bad_value_is_refused(sns: Any, topic: Any, name: str, value: str) -> None:
    assert refusal(sns.set_topic_attributes, TopicArn=topic(), AttributeName=name, AttributeValue=value) == (
        "InvalidParameter",
        f"Invalid parameter: {name}",
    )
