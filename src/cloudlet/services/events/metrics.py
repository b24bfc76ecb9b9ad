"""What EventBridge counts of itself, by rule, for CloudWatch.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.events.model import DEFAULT

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.events.model import RuleAddress

TRIGGERED: Final = "TriggeredRules"
INVOKED: Final = "Invocations"
RETRIED: Final = "RetryInvocationAttempts"
FAILED: Final = "FailedInvocations"
BURIED: Final = "InvocationsSentToDlq"
NOT_BURIED: Final = "InvocationsFailedToBeSentToDlq"
_NAMESPACE: Final = "AWS/Events"


def count(call: Call, rule: RuleAddress, name: str) -> None:
    """Adds one to one of a rule's metrics, once the open transaction is on disk."""
    dimensions: tuple[tuple[str, str], ...] = (("RuleName", rule.name),)
    if rule.bus.name != DEFAULT:
        dimensions = (("EventBusName", rule.bus.name), *dimensions)
    account, region = rule.bus.account, rule.bus.region
    series = call.cloud.metrics.series(account, region, _NAMESPACE, name, dimensions, "Count")
    call.transaction.after_commit(lambda: series.add(1.0))
