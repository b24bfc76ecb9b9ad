"""Publish and PublishBatch: what is taken, what is refused, and what arrives in queues."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from refusals import refusal


def test_a_notification_is_aws_s_document(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn = topic()
    inbox = subscribed(arn)
    published = sns.publish(
        TopicArn=arn,
        Subject="Greeting",
        Message='ö "quoted"\n/',
        MessageAttributes={
            "count": {"DataType": "Number", "StringValue": "99.12"},
            "blob": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"},
        },
    )
    assert set(published) == {"MessageId", "ResponseMetadata"}
    text = queues.next_message(inbox)["Body"]
    body = json.loads(text)
    assert list(body) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    ]
    assert body["Type"] == "Notification"
    assert body["MessageId"] == published["MessageId"]
    assert (body["TopicArn"], body["Subject"], body["Message"]) == (arn, "Greeting", 'ö "quoted"\n/')
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["Timestamp"])
    assert body["SigningCertURL"].startswith("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-")
    [subscription] = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert body["UnsubscribeURL"].endswith(
        f"/?Action=Unsubscribe&SubscriptionArn={subscription['SubscriptionArn']}"
    )
    assert body["MessageAttributes"] == {
        "count": {"Type": "Number", "Value": "99.12"},
        "blob": {"Type": "Binary", "Value": "AgME"},
    }
    assert text.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert '\n  "MessageAttributes" : {\n    "count" : {"Type":"Number","Value":"99.12"},\n' in text


def test_raw_delivery_hands_on_body_and_attributes(
    sns: Any, topic: Any, subscribed: Any, queues: Any
) -> None:
    arn = topic()
    inbox = subscribed(arn, RawMessageDelivery="true")
    attribute = {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"}
    sns.publish(TopicArn=arn, Message="plain", MessageAttributes={"store": attribute})
    message = queues.next_message(inbox)
    assert message["Body"] == "plain"
    assert message["MessageAttributes"] == {"store": attribute}


def test_a_target_arn_may_be_a_topic(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn = topic()
    inbox = subscribed(arn)
    sns.publish(TargetArn=arn, Message="hello")
    assert queues.next_text(inbox) == "hello"


def test_a_message_by_protocol_reaches_each_with_its_own(
    sns: Any, topic: Any, subscribed: Any, queues: Any
) -> None:
    arn = topic()
    inbox = subscribed(arn)
    for message, arrives in (
        ({"default": "for all", "sqs": '{"field": "value"}'}, '{"field": "value"}'),
        ({"default": "for all", "http": "other"}, "for all"),
    ):
        sns.publish(TopicArn=arn, Message=json.dumps(message), MessageStructure="json")
        assert queues.next_text(inbox) == arrives


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('{"sqs": "x"}', "No default entry in JSON message body"),
        ('{"default": {"a": 1}}', "No default entry in JSON message body"),
        ("no json", "JSON message body failed to parse"),
    ],
)
def test_a_bad_message_by_protocol_is_refused(sns: Any, topic: Any, message: str, reason: str) -> None:
    assert refusal(sns.publish, TopicArn=topic(), Message=message, MessageStructure="json") == (
        "InvalidParameter",
        f"Invalid parameter: Message Structure - {reason}",
    )


def test_a_message_has_a_text_and_at_most_256_kilobytes(sns: Any, topic: Any) -> None:
    arn = topic()
    assert refusal(sns.publish, TopicArn=arn, Message="") == (
        "InvalidParameter",
        "Invalid parameter: Empty message",
    )
    too_long = ("InvalidParameter", "Invalid parameter: Message too long")
    assert refusal(sns.publish, TopicArn=arn, Message="x" * 262_145) == too_long
    attribute = {"k": {"DataType": "String", "StringValue": "x" * 20}}
    assert refusal(sns.publish, TopicArn=arn, Message="x" * 262_120, MessageAttributes=attribute) == too_long
    sns.publish(TopicArn=arn, Message="x" * 262_144)


@pytest.mark.parametrize("subject", ["", "x" * 101, "two\nlines"])
def test_a_bad_subject_is_refused(sns: Any, topic: Any, subject: str) -> None:
    assert refusal(sns.publish, TopicArn=topic(), Message="m", Subject=subject) == (
        "InvalidParameter",
        "Invalid parameter: Subject",
    )


def test_a_subject_may_have_any_visible_character(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn, subject = topic(), "Größe\u00a0\U0001f468\u200d\U0001f469"
    url = subscribed(arn)
    sns.publish(TopicArn=arn, Subject=subject, Message="m")
    assert queues.next_body(url)["Subject"] == subject


def test_a_topic_that_is_not_there_is_refused(sns: Any, account: str) -> None:
    missing = f"arn:aws:sns:us-east-1:{account}:none"
    assert refusal(sns.publish, TopicArn=missing, Message="m") == ("NotFound", "Topic does not exist")
    entries = [{"Id": "1", "Message": "m"}]
    assert refusal(sns.publish_batch, TopicArn=missing, PublishBatchRequestEntries=entries) == (
        "NotFound",
        "Topic does not exist",
    )


def test_text_messages_are_refused(sns: Any) -> None:
    for number in ("+1a234", "NAA+15551234567"):
        assert refusal(sns.publish, PhoneNumber=number, Message="m") == (
            "InvalidParameter",
            f"Invalid parameter: PhoneNumber Reason: {number} is not valid to publish to",
        )
    code, _ = refusal(sns.publish, PhoneNumber="+15551234567", Message="m")
    assert code == "NotImplemented"


def test_an_endpoint_that_is_not_there_is_refused(sns: Any, account: str) -> None:
    target = f"arn:aws:sns:us-east-1:{account}:endpoint/APNS/abc/123"
    assert refusal(sns.publish, TargetArn=target, Message="m") == (
        "InvalidParameter",
        "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
    )


_ONLY = "Can only include alphanumeric characters, hyphens, underscores, or dots."


@pytest.mark.parametrize(
    ("name", "attribute", "reason"),
    [
        (
            "attr1",
            {"DataType": "String", "StringValue": ""},
            "The message attribute 'attr1' must contain non-empty message attribute value for message "
            "attribute type 'String'.",
        ),
        (
            "attr1",
            {"DataType": "Binary"},
            "The message attribute 'attr1' must contain non-empty message attribute value for message "
            "attribute type 'Binary'.",
        ),
        (
            "attr1",
            {"DataType": "String", "BinaryValue": b"x"},
            "The message attribute 'attr1' with type 'String' must use field 'String'.",
        ),
        (
            "attr1",
            {"DataType": "Number", "BinaryValue": b"x"},
            "The message attribute 'attr1' with type 'Number' must use field 'String'.",
        ),
        (
            "attr1",
            {"DataType": "Binary", "StringValue": "x"},
            "The message attribute 'attr1' with type 'Binary' must use field 'Binary'.",
        ),
        (
            "attr1",
            {"DataType": "InvalidType", "StringValue": "x"},
            "The message attribute 'attr1' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String.",
        ),
        (
            "attr1",
            {"DataType": "String", "StringValue": "bell \a"},
            "The message attribute 'attr1' has a value with invalid characters.",
        ),
        (
            "1" * 257,
            {"DataType": "String", "StringValue": "x"},
            "Length of message attribute name must be less than 256 bytes.",
        ),
        (
            "^invalid^",
            {"DataType": "String", "StringValue": "x"},
            f"Invalid non-alphanumeric character '#x5E' was found in the message attribute name. {_ONLY}",
        ),
        (
            ".start",
            {"DataType": "String", "StringValue": "x"},
            "Invalid message attribute name starting with character '.' was found.",
        ),
        (
            "end.",
            {"DataType": "String", "StringValue": "x"},
            "Invalid message attribute name ending with character '.' was found.",
        ),
        (
            "a..b",
            {"DataType": "String", "StringValue": "x"},
            "Message attribute name can not have successive '.' character.",
        ),
    ],
)
def test_a_bad_attribute_is_refused(
    sns: Any, topic: Any, name: str, attribute: dict[str, Any], reason: str
) -> None:
    arn = topic()
    entry = {"Message": "m", "MessageAttributes": {name: attribute}}
    expected = ("ParameterValueInvalid", reason)
    assert refusal(sns.publish, TopicArn=arn, **entry) == expected
    assert (
        refusal(sns.publish_batch, TopicArn=arn, PublishBatchRequestEntries=[{"Id": "1", **entry}])
        == expected
    )


def test_a_batch_tells_of_each_message(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn = topic()
    inbox = subscribed(arn)
    entries = [{"Id": str(number), "Message": f"m{number}"} for number in range(3)]
    answer = sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)
    assert answer["Failed"] == []
    assert [each["Id"] for each in answer["Successful"]] == ["0", "1", "2"]
    assert {queues.next_text(inbox) for _ in entries} == {"m0", "m1", "m2"}


def test_a_bad_batch_is_refused_as_a_whole(sns: Any, topic: Any) -> None:
    arn = topic()

    def refused(entries: list[dict[str, Any]]) -> tuple[str, str]:
        return refusal(sns.publish_batch, TopicArn=arn, PublishBatchRequestEntries=entries)

    assert refused([]) == (
        "EmptyBatchRequest",
        "The batch request doesn't contain any entries.",
    )
    assert refused([{"Id": str(number), "Message": "m"} for number in range(11)]) == (
        "TooManyEntriesInBatchRequest",
        "The batch request contains more entries than permissible.",
    )
    assert refused([{"Id": "1", "Message": "a"}, {"Id": "1", "Message": "b"}]) == (
        "BatchEntryIdsNotDistinct",
        "Two or more batch entries in the request have the same Id.",
    )
    assert refused([{"Id": "1", "Message": "x" * 200_000}, {"Id": "2", "Message": "x" * 200_000}]) == (
        "BatchRequestTooLong",
        "The length of all the messages put together is more than the limit.",
    )


def test_the_trace_header_goes_on_to_the_queue(sns: Any, topic: Any, subscribed: Any, queues: Any) -> None:
    arn = topic()
    inbox = subscribed(arn)
    header = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
    sns.meta.events.register(
        "before-send.sns.Publish",
        lambda request, **_: request.headers.__setitem__("X-Amzn-Trace-Id", header) or None,
    )
    sns.publish(TopicArn=arn, Message="traced")
    assert queues.next_message(inbox)["Attributes"]["AWSTraceHeader"] == header


def test_a_message_group_of_a_standard_topic_reaches_the_queue(
    sns: Any, topic: Any, subscribed: Any, queues: Any
) -> None:
    arn = topic()
    inbox = subscribed(arn)
    sns.publish(TopicArn=arn, Message="m", MessageGroupId="tenant-1")
    assert queues.next_message(inbox)["Attributes"]["MessageGroupId"] == "tenant-1"
