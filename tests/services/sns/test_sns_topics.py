"""Topics: names, attributes, tags, lists, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from refusals import refusal


def _retries(**retries: Any) -> str:
    return json.dumps({"http": {"defaultHealthyRetryPolicy": retries}})


def test_a_new_topic_has_aws_s_defaults(sns: Any, topic: Any, account: str) -> None:
    arn = topic("news")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert json.loads(attributes.pop("Policy")) == {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    "SNS:GetTopicAttributes",
                    "SNS:SetTopicAttributes",
                    "SNS:AddPermission",
                    "SNS:RemovePermission",
                    "SNS:DeleteTopic",
                    "SNS:Subscribe",
                    "SNS:ListSubscriptionsByTopic",
                    "SNS:Publish",
                ],
                "Resource": arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
            }
        ],
    }
    assert json.loads(attributes.pop("EffectiveDeliveryPolicy")) == {
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": False,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }
    }
    assert attributes == {
        "DisplayName": "",
        "Owner": account,
        "SubscriptionsConfirmed": "0",
        "SubscriptionsDeleted": "0",
        "SubscriptionsPending": "0",
        "TopicArn": arn,
    }


def test_a_fifo_topic_says_so(sns: Any, topic: Any) -> None:
    arn = topic("orders.fifo", DisplayName="Orders", SignatureVersion="2")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["FifoTopic"] == "true"
    assert attributes["ContentBasedDeduplication"] == "false"
    assert (attributes["DisplayName"], attributes["SignatureVersion"]) == ("Orders", "2")


def test_a_topic_is_made_once(sns: Any, topic: Any) -> None:
    arn = topic("news", DisplayName="News")
    assert sns.create_topic(Name="news")["TopicArn"] == arn
    assert topic("news", DisplayName="News") == arn
    assert refusal(sns.create_topic, Name="news", Attributes={"DisplayName": "Other"}) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )
    assert refusal(sns.create_topic, Name="news", Tags=[{"Key": "a", "Value": "b"}]) == (
        "InvalidParameter",
        "Invalid parameter: Tags Reason: Topic already exists with different tags",
    )


@pytest.mark.parametrize("name", ["", "a b", "x" * 257, "ends.fifo"])
def test_a_bad_name_is_refused(sns: Any, name: str) -> None:
    assert refusal(sns.create_topic, Name=name) == ("InvalidParameter", "Invalid parameter: Topic Name")


def test_a_deleted_topic_is_gone_and_may_be_deleted_again(sns: Any, topic: Any) -> None:
    arn = topic()
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert refusal(sns.get_topic_attributes, TopicArn=arn) == ("NotFound", "Topic does not exist")


@pytest.mark.parametrize(("arn", "count"), [("news", 1), ("arn:news", 2)])
def test_an_arn_of_too_few_elements_is_refused(sns: Any, arn: str, count: int) -> None:
    assert refusal(sns.get_topic_attributes, TopicArn=arn) == (
        "InvalidParameter",
        f"Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not {count}",
    )


def test_a_topic_of_another_region_is_refused(sns: Any, account: str) -> None:
    elsewhere = f"arn:aws:sns:eu-west-1:{account}:news"
    for call in (sns.get_topic_attributes, sns.delete_topic, sns.list_subscriptions_by_topic):
        assert refusal(call, TopicArn=elsewhere) == ("InvalidParameter", "Invalid parameter: TopicArn")


def test_topics_are_listed_a_hundred_at_a_time(sns: Any, topic: Any) -> None:
    made = {topic(f"t{number:03}") for number in range(105)}
    first = sns.list_topics()
    second = sns.list_topics(NextToken=first["NextToken"])
    assert len(first["Topics"]) == 100
    assert "NextToken" not in second
    assert {each["TopicArn"] for each in first["Topics"] + second["Topics"]} == made


def test_tags_are_added_changed_and_taken_away(sns: Any) -> None:
    arn = sns.create_topic(Name="news", Tags=[{"Key": "k1", "Value": "v1"}, {"Key": "k2", "Value": "v2"}])[
        "TopicArn"
    ]
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "k2", "Value": "v2b"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["k1"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "k2", "Value": "v2b"}]
    twice = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]
    assert refusal(sns.tag_resource, ResourceArn=arn, Tags=twice) == (
        "InvalidParameter",
        "Invalid parameter: Duplicated keys are not allowed.",
    )


def test_tags_of_a_topic_that_is_not_there_are_refused(sns: Any, account: str) -> None:
    missing = f"arn:aws:sns:us-east-1:{account}:none"
    assert refusal(sns.list_tags_for_resource, ResourceArn=missing) == (
        "ResourceNotFound",
        "Resource does not exist",
    )


def test_a_delivery_policy_is_merged_with_the_defaults(sns: Any, topic: Any) -> None:
    arn = topic()

    def put(policy: Any) -> dict[str, Any]:
        sns.set_topic_attributes(
            TopicArn=arn, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy) if policy else ""
        )
        return dict(sns.get_topic_attributes(TopicArn=arn)["Attributes"])

    retries = {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}
    attributes = put({"http": {"defaultHealthyRetryPolicy": retries}})
    assert json.loads(attributes["DeliveryPolicy"]) == {
        "http": {"defaultHealthyRetryPolicy": retries, "disableSubscriptionOverrides": False}
    }
    effective = json.loads(attributes["EffectiveDeliveryPolicy"])["http"]
    assert effective["defaultHealthyRetryPolicy"] == {
        **retries,
        "numMaxDelayRetries": 0,
        "numNoDelayRetries": 0,
        "numMinDelayRetries": 0,
        "backoffFunction": "linear",
    }
    attributes = put({"http": {"defaultHealthyRetryPolicy": None}})
    assert json.loads(attributes["DeliveryPolicy"]) == {"http": {"disableSubscriptionOverrides": False}}
    assert "DeliveryPolicy" not in put(None)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{", "failed to parse JSON."),
        ("[1]", "failed to parse JSON."),
        ('{"https": {}}', "unexpected JSON member: https"),
        ('{"http": 5}', "http must be an object"),
        ('{"http": {"defaultThrottlePolicy": [1]}}', "defaultThrottlePolicy must be an object"),
        (
            '{"http": {"disableSubscriptionOverrides": "no"}}',
            "disableSubscriptionOverrides must be true or false",
        ),
        (_retries(numRetries=101), "numRetries must be less than or equal to 100"),
        (_retries(numRetries="3"), "numRetries must be greater than or equal to 0"),
        (
            _retries(backoffFunction="cubic"),
            "backoffFunction must be one of arithmetic, exponential, geometric, linear",
        ),
        (
            _retries(maxDelayTarget=3600, numMaxDelayRetries=2),
            "the total retry time must be less than or equal to 3600 seconds",
        ),
    ],
)
def test_a_bad_delivery_policy_is_refused(sns: Any, topic: Any, policy: str, reason: str) -> None:
    assert refusal(
        sns.set_topic_attributes, TopicArn=topic(), AttributeName="DeliveryPolicy", AttributeValue=policy
    ) == ("InvalidParameter", f"Invalid parameter: DeliveryPolicy Reason: {reason}")


def test_sickly_retries_are_refused_by_name(sns: Any, topic: Any) -> None:
    code, message = refusal(
        sns.set_topic_attributes,
        TopicArn=topic(),
        AttributeName="DeliveryPolicy",
        AttributeValue=json.dumps({"http": {"defaultSicklyRetryPolicy": {"numRetries": 3}}}),
    )
    assert (code, "defaultSicklyRetryPolicy" in message) == ("NotImplemented", True)


def test_an_unknown_attribute_is_refused(sns: Any, topic: Any) -> None:
    arn = topic()
    assert refusal(sns.set_topic_attributes, TopicArn=arn, AttributeName="Color", AttributeValue="red") == (
        "InvalidParameter",
        "Invalid parameter: AttributeName",
    )


def test_archives_are_refused_by_name(sns: Any, topic: Any) -> None:
    code, message = refusal(
        sns.set_topic_attributes,
        TopicArn=topic("orders.fifo"),
        AttributeName="ArchivePolicy",
        AttributeValue="{}",
    )
    assert code == "NotImplemented"
    assert "ArchivePolicy" in message
