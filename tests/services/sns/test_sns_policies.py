"""Who may do what: topic policies, identity policies, queue and function policies."""

from __future__ import annotations

import json
from typing import Any

from cloud_functions import Deployment
from iam_fixtures import allow
from refusals import refusal
from sns_fixtures import OPEN_TO_TOPICS

_TELL = """
import boto3, json, os, urllib.request
def handler(event, context):
    with urllib.request.urlopen(event["Records"][0]["Sns"]["SigningCertUrl"]) as answer:
        told = {**event, "certificate": answer.read().decode()}
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(told))
"""


def test_a_user_without_a_policy_is_refused_in_sns_s_words(
    sns: Any,
    topic: Any,
    as_user: Any,
    account: str,
) -> None:
    arn = topic()
    caller = as_user("nobody")("sns")
    assert refusal(caller.publish, TopicArn=arn, Message="m") == (
        "AuthorizationError",
        f"User: arn:aws:iam::{account}:user/nobody is not authorized to perform: SNS:Publish on resource: "
        f"{arn} because no identity-based policy allows the SNS:Publish action",
    )


def test_an_identity_policy_is_enough_in_ones_own_account(topic: Any, as_user: Any) -> None:
    arn = topic()
    as_user("speaker", "sns:Publish", resource=arn)("sns").publish(TopicArn=arn, Message="m")


def test_a_topic_policy_lets_another_account_publish(sns: Any, client: Any, topic: Any) -> None:
    arn = topic()
    other = client("sns", key="210987654321")
    code, _ = refusal(other.publish, TopicArn=arn, Message="m")
    assert code == "AuthorizationError"
    sns.add_permission(TopicArn=arn, Label="friends", AWSAccountId=["210987654321"], ActionName=["Publish"])
    other.publish(TopicArn=arn, Message="m")
    assert refusal(
        sns.add_permission,
        TopicArn=arn,
        Label="friends",
        AWSAccountId=["210987654321"],
        ActionName=["Publish"],
    ) == ("InvalidParameter", "Invalid parameter: Statement already exists")
    sns.remove_permission(TopicArn=arn, Label="friends")
    code, _ = refusal(other.publish, TopicArn=arn, Message="m")
    assert code == "AuthorizationError"


def test_a_policy_that_speaks_of_other_services_is_refused(sns: Any, topic: Any) -> None:
    arn = topic()
    policy = allow("s3:GetObject", resource=arn, Principal="*")
    request = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
    assert refusal(sns.set_topic_attributes, **request) == (
        "InvalidParameter",
        "Invalid parameter: Policy statement action out of service scope!",
    )


def test_a_queue_takes_messages_of_the_topics_that_its_policy_names(
    sns: Any, topic: Any, queues: Any
) -> None:
    wanted, other = topic("wanted"), topic("other")
    policy = json.loads(OPEN_TO_TOPICS)
    policy["Statement"][0]["Condition"] = {"ArnEquals": {"aws:SourceArn": wanted}}
    inbox = queues.make("inbox", json.dumps(policy))
    for arn in (other, wanted):
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queues.arn(inbox))
        sns.publish(TopicArn=arn, Message=arn)
    assert queues.next_text(inbox) == wanted


def test_a_queue_without_a_policy_takes_nothing_of_topics(sns: Any, topic: Any, queues: Any) -> None:
    arn, closed, dead = topic(), queues.make("closed", policy=""), queues.make("dead")
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=queues.arn(closed),
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": queues.arn(dead)})},
    )
    sns.publish(TopicArn=arn, Message="refused")
    assert queues.next_text(dead) == "refused"


def test_a_function_gets_the_event_that_its_policy_admits(
    sns: Any, client: Any, topic: Any, queues: Any
) -> None:
    arn, told = topic(), queues.make("told")
    functions = Deployment.by(client)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    functions.python("listener", _TELL, statement, Environment={"Variables": {"URL": told}})
    function = functions.functions.get_function(FunctionName="listener")["Configuration"]["FunctionArn"]
    functions.functions.add_permission(
        FunctionName="listener",
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=arn,
    )
    made = sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function)["SubscriptionArn"]
    published = sns.publish(TopicArn=arn, Message="Hello world.")
    event = json.loads(queues.next_message(told)["Body"])
    # The function has fetched it by its name, from the cloud.
    assert event["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    [record] = event["Records"]
    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == made
    notification = record["Sns"]
    assert list(notification) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertUrl",
        "UnsubscribeUrl",
        "MessageAttributes",
    ]
    assert notification["MessageId"] == published["MessageId"]
    assert (notification["Subject"], notification["MessageAttributes"]) == (None, {})
    assert notification["Message"] == "Hello world."


def test_a_function_that_does_not_admit_the_topic_gets_nothing(
    sns: Any, topic: Any, queues: Any, account: str
) -> None:
    arn, dead = topic(), queues.make("dead")
    sns.subscribe(
        TopicArn=arn,
        Protocol="lambda",
        Endpoint=f"arn:aws:lambda:us-east-1:{account}:function:none",
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": queues.arn(dead)})},
    )
    sns.publish(TopicArn=arn, Message="nobody there")
    assert queues.next_text(dead) == "nobody there"
