"""What CloudWatch is told of a mapping: how old records are, and what becomes of events.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_ import references

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.metrics import Series
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

POLLED: Final = "PolledEventCount"
FILTERED_OUT: Final = "FilteredOutEventCount"
INVOKED: Final = "InvokedEventCount"
FAILED: Final = "FailedInvokeEventCount"
DELETED: Final = "DeletedEventCount"
DROPPED: Final = "DroppedEventCount"
DELIVERED: Final = "OnFailureDestinationDeliveredEventCount"
_EVENT_COUNT: Final = "EventCount"
_NAMESPACE: Final = "AWS/Lambda"


class MappingMetrics:
    """The metrics of one mapping, with the settings that it has now."""

    def __init__(self, call: Call, mapping: EventSourceMapping) -> None:
        self._call = call
        self._uuid = mapping.uuid
        self._function_name = references.parse(call, mapping.function_arn).name
        self._counts = _EVENT_COUNT in (mapping.metrics or ())
        self._series: dict[str, Series] = {}

    def count(self, name: str, events: int) -> None:
        """Counts what became of some events."""
        if self._counts and events:
            self._of(name, "EventSourceMappingUUID", self._uuid, "Count").add(events)

    def iterator_age(self, arrived_at: float) -> None:
        """Tells how old the last record of a batch is as the function gets it."""
        age = max(0.0, self._call.time() - arrived_at) * 1000
        self._of("IteratorAge", "FunctionName", self._function_name, "Milliseconds").add(age)

    def _of(self, name: str, dimension: str, value: str, unit: str) -> Series:
        found = self._series.get(name)
        if found is None:
            call = self._call
            found = self._series[name] = call.cloud.metrics.series(
                call.account, call.region, _NAMESPACE, name, ((dimension, value),), unit
            )
        return found
