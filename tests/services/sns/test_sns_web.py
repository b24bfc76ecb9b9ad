"""HTTP endpoints: the handshake, signatures that verify, retries, and links that work."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from web_listener import WebListener

from cloud_functions import Deployment, allow
from refusals import refusal


def _visit(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return str(answer.read().decode())


def _verify(server: Any, body: dict[str, Any]) -> None:
    """As AWS's validators do. Raises InvalidSignature."""
    path = urlsplit(body["SigningCertURL"]).path
    key = x509.load_pem_x509_certificate(_visit(f"{server.endpoint}{path}").encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    if body["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
    algorithm = hashes.SHA256() if body["SignatureVersion"] == "2" else hashes.SHA1()
    key.verify(base64.b64decode(body["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_endpoint_is_asked_and_then_told(
    sns: Any, topic: Any, server: Any, listener: WebListener, version: str
) -> None:
    arn = topic(SignatureVersion=version)
    answer = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=listener.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    asked = listener.next_post()
    assert asked.headers["content-type"] == "text/plain; charset=UTF-8"
    assert asked.headers["user-agent"] == "Amazon Simple Notification Service Agent"
    assert asked.headers["accept-encoding"] == "gzip,deflate"
    assert asked.headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert asked.headers["x-amz-sns-topic-arn"] == arn
    assert "x-amz-sns-subscription-arn" not in asked.headers
    body = json.loads(asked.body)
    assert list(body) == [
        "Type",
        "MessageId",
        "Token",
        "TopicArn",
        "Message",
        "SubscribeURL",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ]
    assert body["Message"] == (
        f"You have chosen to subscribe to the topic {arn}.\nTo confirm the subscription, visit the "
        "SubscribeURL included in this message."
    )
    assert body["SignatureVersion"] == version
    _verify(server, body)
    assert f"<SubscriptionArn>{arn}:" in _visit(body["SubscribeURL"])
    [listed] = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    published = sns.publish(TopicArn=arn, Subject="S", Message="hello")
    told = listener.next_post()
    assert told.headers["x-amz-sns-message-type"] == "Notification"
    assert told.headers["x-amz-sns-message-id"] == published["MessageId"]
    assert told.headers["x-amz-sns-subscription-arn"] == listed["SubscriptionArn"]
    notification = json.loads(told.body)
    _verify(server, notification)
    with pytest.raises(InvalidSignature):
        _verify(server, {**notification, "Message": "forged"})


def test_raw_delivery_posts_the_text_with_the_policy_s_content_type(
    sns: Any, topic: Any, listener: WebListener
) -> None:
    arn = topic()
    made = listener.subscribed(
        sns,
        arn,
        RawMessageDelivery=True,
        DeliveryPolicy={"requestPolicy": {"headerContentType": "text/csv"}},
    )
    sns.publish(TopicArn=arn, Message="a,b")
    post = listener.next_post()
    assert post.body == "a,b"
    assert (post.headers["content-type"], post.headers["x-amz-sns-rawdelivery"]) == ("text/csv", "true")
    attributes = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert json.loads(attributes["DeliveryPolicy"]) == {
        "healthyRetryPolicy": None,
        "sicklyRetryPolicy": None,
        "throttlePolicy": None,
        "requestPolicy": {"headerContentType": "text/csv"},
        "guaranteed": False,
    }
    assert json.loads(attributes["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == 3


def test_an_endpoint_that_fails_is_tried_again_and_then_its_message_is_a_dead_letter(
    sns: Any, topic: Any, server: Any, queues: Any, listener: WebListener
) -> None:
    arn, dead = topic(), queues.make("dead")
    listener.subscribed(sns, arn, RedrivePolicy={"deadLetterTargetArn": queues.arn(dead)})
    listener.answers += [500] * 4
    published = sns.publish(TopicArn=arn, Message="stubborn")
    for _ in range(4):
        post = listener.next_post_in_time(server.advance, 20)
        assert post.headers["x-amz-sns-message-id"] == published["MessageId"]
    assert queues.next_text(dead) == "stubborn"
    assert listener.posts.empty()


def test_a_message_that_an_endpoint_refuses_is_a_dead_letter_at_once(
    sns: Any, topic: Any, queues: Any, listener: WebListener
) -> None:
    arn, dead = topic(), queues.make("dead")
    listener.subscribed(sns, arn, RedrivePolicy={"deadLetterTargetArn": queues.arn(dead)})
    listener.answers += [404]
    sns.publish(TopicArn=arn, Message="unwanted")
    assert queues.next_text(dead) == "unwanted"


def test_the_links_in_messages_end_a_subscription_and_take_it_up_again(
    sns: Any, topic: Any, listener: WebListener
) -> None:
    arn = topic()
    made = listener.subscribed(sns, arn)
    sns.publish(TopicArn=arn, Message="m")
    _visit(json.loads(listener.next_post().body)["UnsubscribeURL"])
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []
    post = listener.next_post()
    goodbye = json.loads(post.body)
    assert post.headers["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
    assert goodbye["Message"] == (
        f"You have chosen to deactivate subscription {made}.\nTo cancel this operation and restore the "
        "subscription, visit the SubscribeURL included in this message."
    )
    _visit(goodbye["SubscribeURL"])
    [listed] = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert listed["SubscriptionArn"] == made
    sns.publish(TopicArn=arn, Message="again")
    assert json.loads(listener.next_post().body)["Message"] == "again"


def test_only_an_account_ends_what_was_confirmed_so(sns: Any, topic: Any, server: Any, listener: Any) -> None:
    arn = topic()
    sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=listener.url)
    token = json.loads(listener.next_post().body)["Token"]
    made = sns.confirm_subscription(TopicArn=arn, Token=token, AuthenticateOnUnsubscribe="true")
    link = f"{server.endpoint}/?Action=Unsubscribe&SubscriptionArn={made['SubscriptionArn']}"
    with pytest.raises(HTTPError) as refused:
        _visit(link)
    assert refused.value.code == 403
    assert b"<Code>AuthorizationError</Code>" in refused.value.read()
    sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])


def test_a_bad_token_is_refused(sns: Any, topic: Any, account: str) -> None:
    arn = topic()
    assert refusal(sns.confirm_subscription, TopicArn=arn, Token="randomtoken") == (
        "InvalidParameter",
        "Invalid parameter: Token",
    )
    assert refusal(sns.confirm_subscription, TopicArn=arn, Token="0" * 288) == (
        "InvalidParameter",
        "Invalid token",
    )
    elsewhere = f"arn:aws:sns:eu-west-1:{account}:news"
    assert refusal(sns.confirm_subscription, TopicArn=elsewhere, Token="0" * 288) == (
        "InvalidParameter",
        "Invalid parameter: Topic",
    )


def test_a_queue_of_another_account_is_asked_first(sns: Any, client: Any, topic: Any, queues: Any) -> None:
    arn = topic()
    other = type(queues)(client("sqs", key="210987654321"))
    url = other.make("theirs")
    answer = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=other.arn(url))
    assert answer["SubscriptionArn"] == "pending confirmation"
    asked = other.next_body(url)
    assert asked["Type"] == "SubscriptionConfirmation"
    _visit(asked["SubscribeURL"])
    sns.publish(TopicArn=arn, Message="for them")
    assert other.next_text(url) == "for them"


def test_a_function_is_told_at_its_url(sns: Any, client: Any, topic: Any, queues: Any) -> None:
    arn, told, functions = topic(), queues.make("told"), Deployment.by(client)
    source = (
        "import boto3, os\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=os.environ['URL'], MessageBody=event['body'])\n"
    )
    functions.python("hook", source, allow("sqs:SendMessage"), Environment={"Variables": {"URL": told}})
    url = functions.functions.create_function_url_config(FunctionName="hook", AuthType="NONE")["FunctionUrl"]
    for action, condition in (
        ("InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        functions.functions.add_permission(
            FunctionName="hook",
            StatementId=action,
            Action=f"lambda:{action}",
            Principal="*",
            **condition,
        )
    sns.subscribe(TopicArn=arn, Protocol="https", Endpoint=url)
    asked = queues.next_body(told)
    assert asked["Type"] == "SubscriptionConfirmation"
    sns.confirm_subscription(TopicArn=arn, Token=asked["Token"])
    sns.publish(TopicArn=arn, Message="hello")
    assert queues.next_text(told) == "hello"


def test_an_endpoint_gets_no_more_in_a_second_than_its_policy_says(
    sns: Any, topic: Any, server: Any, listener: WebListener
) -> None:
    arn = topic()
    listener.subscribed(
        sns,
        arn,
        RawMessageDelivery=True,
        DeliveryPolicy={"throttlePolicy": {"maxReceivesPerSecond": 1}},
    )
    begun = server.clock.time()
    texts = {"one", "two", "three"}
    for text in texts:
        sns.publish(TopicArn=arn, Message=text)
    assert {listener.next_post_in_time(server.advance, 0.5).body for _ in texts} == texts
    assert server.clock.time() - begun >= 2


def test_a_subscription_that_nobody_confirms_ends_after_two_days(sns: Any, topic: Any, server: Any) -> None:
    arn = topic()
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="me@example.com")
    server.advance(86_400)
    assert len(sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]) == 1
    for _ in range(1000):
        server.advance(3_600)
        if not sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
            return
    raise AssertionError("it is still pending")
