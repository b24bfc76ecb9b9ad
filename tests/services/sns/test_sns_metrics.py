"""What topics count, seen through CloudWatch."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any


def test_topics_count_what_they_do(
    sns: Any, client: Any, topic: Any, subscribed: Any, queues: Any, account: str, server: Any
) -> None:
    arn, dead = topic(), queues.make("dead")
    inbox = subscribed(arn, "inbox")
    subscribed(arn, "choosy", FilterPolicy={"kind": ["x"]})
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{account}:missing",
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": queues.arn(dead)})},
    )
    attribute = {"kind": {"DataType": "String", "StringValue": "y"}}
    sns.publish(TopicArn=arn, Message="four")
    sns.publish(TopicArn=arn, Message="four", MessageAttributes=attribute)
    for url in (inbox, inbox, dead, dead):
        queues.next_message(url)
    now = datetime.fromtimestamp(server.clock.time(), UTC)
    cloudwatch = client("cloudwatch")

    def total(name: str) -> float:
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SNS",
            MetricName=name,
            Dimensions=[{"Name": "TopicName", "Value": "news"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in answer["Datapoints"])

    assert total("NumberOfMessagesPublished") == 2
    assert total("PublishSize") == 4 + 4 + len("kindStringy")
    assert total("NumberOfNotificationsDelivered") == 2
    assert total("NumberOfNotificationsFilteredOut") == 2
    assert total("NumberOfNotificationsFilteredOut-NoMessageAttributes") == 1
    assert total("NumberOfNotificationsFilteredOut-MessageAttributes") == 1
    assert total("NumberOfNotificationsFailed") == 2
    assert total("NumberOfNotificationsRedrivenToDlq") == 2
