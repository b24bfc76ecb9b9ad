"""Queues with a KMS key: who needs which right on it, and what lies in the store."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from iam_fixtures import as_user, iam
from refusals import refusal
from running_server import RunningServer
from stored_rows import stored

__all__ = ["as_user", "iam"]

SECRET = "what nobody may read on the disk"


@pytest.fixture
def key(client) -> str:
    return client("kms").create_key()["KeyMetadata"]["Arn"]


def test_a_body_is_sealed_in_the_store_and_open_for_who_may_decrypt(
    sqs, queue, bodies, key, server: RunningServer
) -> None:
    url = queue("sealed", KmsMasterKeyId=key)
    sent = sqs.send_message(QueueUrl=url, MessageBody=SECRET)
    assert SECRET.encode() not in stored(server, "sqs")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert (message["Body"], message["MD5OfBody"]) == (SECRET, sent["MD5OfMessageBody"])


@pytest.mark.parametrize("name", ["work", "work.fifo"])
def test_batches_and_fifo_queues_are_sealed_too(sqs, queue, bodies, key, server, name: str) -> None:
    url = queue(name, KmsMasterKeyId=key)
    more = {"MessageGroupId": "g", "MessageDeduplicationId": "d"} if name.endswith(".fifo") else {}
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": SECRET + name, **more}])
    assert (SECRET + name).encode() not in stored(server, "sqs")
    assert bodies(url) == [SECRET + name]


def test_the_key_that_aws_manages_is_for_all_who_may_use_the_queue(queue, bodies, client, as_user) -> None:
    url = queue("managed", KmsMasterKeyId="alias/aws/sqs")
    user = as_user("u", "sqs:*")("sqs")
    user.send_message(QueueUrl=url, MessageBody=SECRET)
    assert bodies(url) == [SECRET]
    [alias] = client("kms").list_aliases()["Aliases"]
    assert alias["AliasName"] == "alias/aws/sqs"


@pytest.mark.unverified("AWS shows the text of KMS; that its tail is the same in every refusal is assumed")
def test_who_sends_needs_both_rights_on_the_key(queue, as_user, key, account) -> None:
    url = queue("sealed", KmsMasterKeyId=key)
    without, half, whole = (
        as_user(name, "sqs:*", *more)("sqs")
        for name, more in (
            ("without", ()),
            ("half", ("kms:GenerateDataKey",)),
            ("whole", ("kms:GenerateDataKey", "kms:Decrypt")),
        )
    )
    code, message = refusal(without.send_message, QueueUrl=url, MessageBody="x")
    assert code == "KMS.AccessDeniedException"
    assert message.startswith(
        f"User: arn:aws:iam::{account}:user/without is not authorized to perform: kms:GenerateDataKey on "
        f"resource: {key} because no identity-based policy allows the kms:GenerateDataKey action "
        "(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: "
    )
    assert message.endswith("; Proxy: null)")
    code, message = refusal(half.send_message, QueueUrl=url, MessageBody="x")
    assert (code, "kms:Decrypt" in message) == ("KMS.AccessDeniedException", True)
    whole.send_message(QueueUrl=url, MessageBody="x")


def test_who_receives_needs_the_right_to_decrypt_and_takes_nothing_without_it(
    sqs, queue, bodies, as_user, key
) -> None:
    url = queue("sealed", KmsMasterKeyId=key)
    sqs.send_message(QueueUrl=url, MessageBody=SECRET)
    code, _ = refusal(as_user("without", "sqs:*")("sqs").receive_message, QueueUrl=url)
    assert code == "KMS.AccessDeniedException"
    [message] = as_user("whole", "sqs:*", "kms:Decrypt")("sqs").receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert (message["Body"], message["Attributes"]) == (SECRET, {"ApproximateReceiveCount": "1"})


def test_the_encryption_context_is_the_queue(queue, as_user, key, account) -> None:
    url = queue("sealed", KmsMasterKeyId=key)
    condition = {"StringEquals": {"kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:us-east-1:1:other"}}
    user = as_user("u", "sqs:*", "kms:*", Condition=condition)("sqs")
    assert refusal(user.send_message, QueueUrl=url, MessageBody="x")[0] in (
        "AccessDenied",
        "AccessDeniedException",
    )


def break_by_disabling(kms: Any, key: str) -> None:
    kms.disable_key(KeyId=key)


def break_by_deletion(kms: Any, key: str) -> None:
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (break_by_disabling, "KMS.DisabledException"),
        (break_by_deletion, "KMS.InvalidStateException"),
    ],
)
def test_a_data_key_is_good_until_its_reuse_period_is_over(
    sqs, queue, bodies, client, key, server, broken: Callable[[Any, str], None], code: str
) -> None:
    url = queue("sealed", KmsMasterKeyId=key, KmsDataKeyReusePeriodSeconds="60")
    sqs.send_message(QueueUrl=url, MessageBody="first")
    broken(client("kms"), key)
    sqs.send_message(QueueUrl=url, MessageBody="second")
    server.advance(61)
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="third")[0] == code
    batch = [{"Id": "1", "MessageBody": "third"}]
    assert refusal(sqs.send_message_batch, QueueUrl=url, Entries=batch)[0] == code
    assert refusal(sqs.receive_message, QueueUrl=url)[0] == code


def test_a_key_that_is_not_there_is_not_found(sqs, queue) -> None:
    url = queue("sealed", KmsMasterKeyId="alias/nobody")
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="x")[0] == "KMS.NotFoundException"


def test_what_was_sealed_stays_so_without_the_queues_key_and_in_the_dead_letter_queue(
    sqs, queue, bodies, key, server
) -> None:
    dead = queue("dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    url = queue("sealed", KmsMasterKeyId=key, RedrivePolicy=policy, VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody=SECRET + "dead")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": ""})
    assert bodies(url) == [SECRET + "dead"]
    server.advance(2)
    assert bodies(url) == []
    assert (SECRET + "dead").encode() not in stored(server, "sqs")
    assert bodies(dead) == [SECRET + "dead"]
