"""What CloudWatch is told of functions: as they run, and of what came of their asynchronous events.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html. Counting neither waits nor writes.
"""

from __future__ import annotations

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
PROVISIONED_EXECUTIONS: Final = "ProvisionedConcurrentExecutions"
PROVISIONED_UTILIZATION: Final = "ProvisionedConcurrencyUtilization"
NO_UNIT: Final = "None"
MILLISECONDS: Final = "Milliseconds"
_CONCURRENT: Final = "ConcurrentExecutions"
_NAMESPACE: Final = "AWS/Lambda"


class _Running(Struct):
    """How many invocations run now, of one function or of all."""

    series: Series
    count: int = 0

    def began(self) -> None:
        self.count += 1
        self.series.add(self.count)

    def ended(self) -> None:
        self.count -= 1


class Counted(Struct, frozen=True):
    """The metrics that every invocation of one target adds to, each for all sets of dimensions."""

    invocations: tuple[Series, ...]
    errors: tuple[Series, ...]
    throttles: tuple[Series, ...]
    durations: tuple[Series, ...]
    running: tuple[_Running, ...]
    """Of the function, of the account, and of what the account has not reserved if it runs there."""

    def began(self) -> None:
        """An invocation has found room; ended() follows."""
        for each in self.running:
            each.began()

    def ended(self) -> None:
        """What began() told of is over."""
        for each in self.running:
            each.ended()

    def ran(self, milliseconds: float, *, failed: bool) -> None:
        """An invocation ran to its end."""
        _add(self.invocations, 1.0)
        _add(self.errors, 1.0 if failed else 0.0)
        _add(self.throttles, 0.0)
        _add(self.durations, milliseconds)

    def throttled(self) -> None:
        """An invocation found no room."""
        _add(self.throttles, 1.0)


class FunctionMetrics:
    """The metrics of what runs on this server. A component."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._counted: dict[tuple[str, str, bool], Counted] = {}
        self._running: dict[tuple[str, ...], _Running] = {}

    async def close(self) -> None:
        """Forgets everything."""
        self._counted.clear()

    def of(self, target: Target) -> Counted:
        """Where an invocation of a target counts."""
        is_reserved = target.reserved_concurrency is not None
        key = (target.reference.arn, target.version.version, is_reserved)
        found = self._counted.get(key)
        if found is None:
            found = self._counted[key] = self._new(target, is_reserved)
        return found

    def forget(self, function_arn: str) -> None:
        """A function is gone."""
        for key in [key for key in self._counted if key[0].startswith(function_arn)]:
            del self._counted[key]
        _, _, _, region, account, _, name = function_arn.split(":")
        self._running.pop((account, region, _CONCURRENT, name), None)

    def _new(self, target: Target, is_reserved: bool) -> Counted:
        reference, version = target.reference, target.version.version
        own: Dimensions = (("FunctionName", reference.name),)
        resource: Dimensions = (*own, ("Resource", _resource(reference)))
        sets: list[Dimensions] = [(), own, resource]
        if reference.qualifier not in (None, version):
            sets.append((*resource, ("ExecutedVersion", version)))
        cloud = self._cloud

        def all_sets(name: str, unit: str = "Count") -> tuple[Series, ...]:
            return tuple(_series(cloud, reference, name, dimensions, unit) for dimensions in sets)

        running = [self._running_of(reference, own), self._running_of(reference, ())]
        if not is_reserved:
            running.append(self._running_of(reference, (), "UnreservedConcurrentExecutions"))
        return Counted(
            all_sets("Invocations"),
            all_sets("Errors"),
            all_sets("Throttles"),
            all_sets("Duration", MILLISECONDS),
            tuple(running),
        )

    def _running_of(
        self, reference: FunctionReference, dimensions: Dimensions, name: str = _CONCURRENT
    ) -> _Running:
        key = (reference.account, reference.region, name, *(value for _, value in dimensions))
        found = self._running.get(key)
        if found is None:
            series = _series(self._cloud, reference, name, dimensions)
            found = self._running[key] = _Running(series)
        return found


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
