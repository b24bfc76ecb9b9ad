"""What CloudWatch is told of functions: as they run, and of what came of their asynchronous events.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html. Counting neither waits nor writes.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.metrics import Dimensions, Series
    from cloudlet.services.lambda_.invoke.router import Target
    from cloudlet.services.lambda_.references import FunctionReference

ASYNC_EVENTS_RECEIVED: Final = "AsyncEventsReceived"
ASYNC_EVENT_AGE: Final = "AsyncEventAge"
ASYNC_EVENTS_DROPPED: Final = "AsyncEventsDropped"
DEAD_LETTER_ERRORS: Final = "DeadLetterErrors"
DESTINATION_DELIVERY_FAILURES: Final = "DestinationDeliveryFailures"
RECURSIVE_INVOCATIONS_DROPPED: Final = "RecursiveInvocationsDropped"
PROVISIONED_INVOCATIONS: Final = "ProvisionedConcurrencyInvocations"
PROVISIONED_SPILLOVER: Final = "ProvisionedConcurrencySpilloverInvocations"
MILLISECONDS: Final = "Milliseconds"
_NAMESPACE: Final = "AWS/Lambda"


class _Counted(Struct):
    """The metrics that every invocation adds to, each for all sets of dimensions."""

    invocations: tuple[Series, ...]
    errors: tuple[Series, ...]
    throttles: tuple[Series, ...]
    duration: tuple[Series, ...]
    concurrent: Series
    concurrent_in_account: Series


class FunctionMetrics:
    """The metrics of what runs on this server. A component."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._counted: dict[tuple[str, str], _Counted] = {}
        self._running: Counter[str | tuple[str, str]] = Counter()

    async def start(self) -> None:
        """Begins with nothing."""

    async def close(self) -> None:
        """Forgets everything."""
        self._counted.clear()

    def began(self, target: Target) -> None:
        """An invocation has found room; ended() follows."""
        counted, reference = self._of(target), target.reference
        running, function, account = self._running, reference.unqualified_arn, _account(reference)
        running[function] += 1
        running[account] += 1
        counted.concurrent.add(running[function])
        counted.concurrent_in_account.add(running[account])

    def ended(self, target: Target) -> None:
        """What began() told of is over."""
        for key in (target.reference.unqualified_arn, _account(target.reference)):
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]

    def ran(self, target: Target, milliseconds: float, *, failed: bool) -> None:
        """An invocation ran to its end."""
        counted = self._of(target)
        _add(counted.invocations, 1.0)
        _add(counted.errors, 1.0 if failed else 0.0)
        _add(counted.throttles, 0.0)
        _add(counted.duration, milliseconds)

    def throttled(self, target: Target) -> None:
        """An invocation found no room."""
        _add(self._of(target).throttles, 1.0)

    def forget(self, function_arn: str) -> None:
        """A function is gone."""
        for key in [key for key in self._counted if key[0].startswith(function_arn)]:
            del self._counted[key]

    def _of(self, target: Target) -> _Counted:
        reference, version = target.reference, target.version.version
        key = (reference.arn, version)
        counted = self._counted.get(key)
        if counted is None:
            counted = self._counted[key] = self._new(reference, version)
        return counted

    def _new(self, reference: FunctionReference, version: str) -> _Counted:
        own: Dimensions = (("FunctionName", reference.name),)
        resource: Dimensions = (*own, ("Resource", _resource(reference)))
        sets: list[Dimensions] = [(), own, resource]
        if reference.qualifier not in (None, version):
            sets.append((*resource, ("ExecutedVersion", version)))
        cloud = self._cloud

        def all_sets(name: str, unit: str = "Count") -> tuple[Series, ...]:
            return tuple(_series(cloud, reference, name, dimensions, unit) for dimensions in sets)

        return _Counted(
            all_sets("Invocations"),
            all_sets("Errors"),
            all_sets("Throttles"),
            all_sets("Duration", MILLISECONDS),
            _series(cloud, reference, "ConcurrentExecutions", own),
            _series(cloud, reference, "ConcurrentExecutions"),
        )


def count(
    call: Call, reference: FunctionReference, name: str, value: float = 1.0, unit: str = "Count"
) -> None:
    """Takes a value of a metric that not every invocation has, by function and by resource."""
    own: Dimensions = (("FunctionName", reference.name),)
    for dimensions in ((), own, (*own, ("Resource", _resource(reference)))):
        _series(call.cloud, reference, name, dimensions, unit).add(value)


def _add(series: tuple[Series, ...], value: float) -> None:
    for each in series:
        each.add(value)


def _account(reference: FunctionReference) -> tuple[str, str]:
    return reference.account, reference.region


def _resource(reference: FunctionReference) -> str:
    return reference.name if reference.qualifier is None else f"{reference.name}:{reference.qualifier}"


def _series(
    cloud: Cloud,
    reference: FunctionReference,
    name: str,
    dimensions: Dimensions = (),
    unit: str = "Count",
) -> Series:
    return cloud.metrics.series(reference.account, reference.region, _NAMESPACE, name, dimensions, unit)
