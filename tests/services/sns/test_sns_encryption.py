"""Topics with a KMS key: who needs which right on it."""

from __future__ import annotations

from typing import Any

from refusals import refusal


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
