"""What SNS counts of itself, by topic, for CloudWatch.

https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import Topic

PUBLISHED: Final = "NumberOfMessagesPublished"
SIZE: Final = "PublishSize"
DELIVERED: Final = "NumberOfNotificationsDelivered"
FAILED: Final = "NumberOfNotificationsFailed"
FILTERED_OUT: Final = "NumberOfNotificationsFilteredOut"
REDRIVEN: Final = "NumberOfNotificationsRedrivenToDlq"
NOT_REDRIVEN: Final = "NumberOfNotificationsFailedToRedriveToDlq"
_NAMESPACE: Final = "AWS/SNS"


def count(call: Call, topic: Topic, name: str, value: float = 1.0, unit: str = "Count") -> None:
    """Takes a value of one of a topic's metrics, once the open transaction is on disk."""
    series = call.cloud.metrics.series(
        topic.account, topic.region, _NAMESPACE, name, (("TopicName", topic.name),), unit
    )
    call.transaction.after_commit(lambda: series.add(value))
