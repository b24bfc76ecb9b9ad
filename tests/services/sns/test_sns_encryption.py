"""Topics with a KMS key: who needs which right on it."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from web_listener import WebListener

from cloudlet.core.access import Principal
from cloudlet.services.sns import state
from refusals import refusal
from stored_rows import stored


def test_who_publishes_needs_both_rights_on_the_key(
    sns: Any, client: Any, topic: Any, as_user: Any, account: str
) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = topic(KmsMasterKeyId=key)
    without = as_user("without", "sns:Publish")("sns")
    half = as_user("half", "sns:Publish", "kms:GenerateDataKey")("sns")
    whole = as_user("whole", "sns:Publish", "kms:GenerateDataKey", "kms:Decrypt")("sns")
    for caller, name, action in ((without, "without", "GenerateDataKey"), (half, "half", "Decrypt")):
        code, message = refusal(caller.publish, TopicArn=arn, Message="m")
        assert code == "KMSAccessDenied"
        assert message.startswith(
            f"User: arn:aws:iam::{account}:user/{name} is not authorized to perform: kms:{action} on "
            f"resource: {key} because"
        )
        assert (
            "(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: " in message
        )
    whole.publish(TopicArn=arn, Message="m")


def test_the_key_that_aws_manages_is_for_all_who_may_publish(topic: Any, as_user: Any) -> None:
    arn = topic(KmsMasterKeyId="alias/aws/sns")
    as_user("anybody", "sns:Publish")("sns").publish(TopicArn=arn, Message="m")


def test_a_key_that_is_not_there_is_not_found(sns: Any, topic: Any) -> None:
    arn = topic(KmsMasterKeyId="alias/none")
    assert refusal(sns.publish, TopicArn=arn, Message="m")[0] == "KMSNotFound"
    sns.set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue="")
    sns.publish(TopicArn=arn, Message="m")


def test_queues_get_it_in_the_clear(sns: Any, topic: Any, subscribed: Any, queues: Any, client: Any) -> None:
    arn = topic(KmsMasterKeyId=client("kms").create_key()["KeyMetadata"]["KeyId"])
    url = subscribed(arn, FilterPolicyScope="MessageBody", FilterPolicy={"to": ["us"]})
    sns.publish(TopicArn=arn, Message='{"to": "them"}')
    sns.publish(TopicArn=arn, Message='{"to": "us"}')
    assert queues.next_text(url) == '{"to": "us"}'


def _wait_until_tried(server: Any) -> None:
    """Until nothing is due for minutes: neither waiting to be tried nor held by whoever tries it."""
    call = server.app.cloud.call("sns", Principal.of_service("sns.amazonaws.com"), "", "")
    until_due = partial(state.seconds_until_due, carrier="web")
    deadline = time.monotonic() + 20
    while server.run(call.transact(until_due, read_only=True)) < 100:
        assert time.monotonic() < deadline


def test_what_waits_is_sealed_and_opened_by_the_rights_of_who_published_it(
    sns: Any, client: Any, topic: Any, server: Any, listener: WebListener
) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    arn = topic(KmsMasterKeyId=key)
    retries = {"minDelayTarget": 400, "maxDelayTarget": 400, "numRetries": 8}
    made = listener.subscribed(sns, arn, DeliveryPolicy={"healthyRetryPolicy": retries})
    sns.set_subscription_attributes(
        SubscriptionArn=made, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    listener.answers += [500]
    sns.publish(TopicArn=arn, Subject="told", Message="a secret")
    assert listener.next_post().body == "a secret"
    rows = stored(server, "sns")
    assert b"told" in rows
    assert b"a secret" not in rows
    kms.disable_key(KeyId=key)
    server.advance(401)
    _wait_until_tried(server)
    assert listener.posts.empty()
    kms.enable_key(KeyId=key)
    assert listener.next_post_in_time(server.advance, 50).body == "a secret"
