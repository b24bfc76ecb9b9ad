"""Trying what was accepted: up to a bound at once, again after a failure, until it is done or given up.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html. Who may try what, and
what is left of it, is events.py's.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.core.lease import LeaseLost
from cloudlet.services.lambda_ import destinations, events, metrics, state
from cloudlet.services.lambda_.destinations import Ending
from cloudlet.services.lambda_.errors import RecursiveInvocationException, ResourceNotFoundException
from cloudlet.services.lambda_.events import Claim
from cloudlet.services.lambda_.invoke import router
from cloudlet.services.lambda_.invoke.invocation import Invocation
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.references import FunctionReference

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.invoke.invocation import Outcome
    from cloudlet.services.lambda_.invoke.router import Target
    from cloudlet.services.lambda_.model import EventInvokeConfig, EventProgress, QueuedEvent

_RETRY_SECONDS: Final = (60.0, 120.0)
_LONGEST_AGE_SECONDS: Final = 6 * 3600.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
_RENEWAL_SECONDS: Final = events.LEASE_SECONDS / 3
_AT_ONCE: Final = 32
_SWEEP_SECONDS: Final = 3600.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


class EventWorker:
    """Tries what is due, up to a bound at once."""

    name: Final = "lambda-events"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._running: dict[Claim, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Works until cancelled."""
        cloud = self._cloud
        call = cloud.call("lambda", Principal.of_service("lambda.amazonaws.com"), "", "")
        try:
            with cloud.wakeups.listening(events.TOPIC) as listener:
                while True:
                    if not await self._start_due(call):
                        await listener.wait(cloud.clock, await self._idle_seconds(call))
        finally:
            for task in self._running.values():
                task.cancel()

    async def _idle_seconds(self, call: Call) -> float:
        """How long nothing is due, at the most until the next sweep."""
        due = await call.transact(state.next_due, read_only=True)
        return _SWEEP_SECONDS if due is None else min(_SWEEP_SECONDS, max(due - call.time(), 0.0))

    async def _start_due(self, call: Call) -> bool:
        """Starts what is due, as far as there is room; whether there was anything."""
        room = _AT_ONCE - len(self._running)
        if room <= 0:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            return True
        claimed = await call.transact(lambda inner: events.claim(inner, room, self._running))
        for event, progress in claimed:
            claim = Claim(event.id, progress.epoch)
            self._running[claim] = asyncio.ensure_future(self._try(claim, event, progress))
        return bool(claimed)

    async def _try(self, claim: Claim, event: QueuedEvent, progress: EventProgress) -> None:
        call = self._cloud.call(
            "lambda", Principal.of_service("lambda.amazonaws.com"), event.account, event.region
        )
        reference = FunctionReference(event.account, event.region, event.name, event.qualifier)
        try:
            async with asyncio.TaskGroup() as group:
                renewing = group.create_task(_keep_renewing(call, claim))
                after = await _attempt(call, reference, event, progress)
                renewing.cancel()
            await call.transact(lambda inner: events.settle(inner, claim, after))
        except* LeaseLost:
            _LOG.warning("event %s for %s was taken over by another server", event.id, reference.arn)
        except* Exception:  # noqa: BLE001  the edge of a task: the event's lease ends, and it is tried again
            _LOG.exception("event %s for %s could not be tried", event.id, reference.arn)
        finally:
            del self._running[claim]


async def _keep_renewing(call: Call, claim: Claim) -> None:
    """Prolongs a claim until cancelled. Raises LeaseLost, which ends the try as well."""
    while True:
        await call.clock.sleep(_RENEWAL_SECONDS)
        await call.transact(lambda inner: events.renew(inner, claim))


async def _attempt(
    call: Call, reference: FunctionReference, event: QueuedEvent, progress: EventProgress
) -> EventProgress | None:
    """Runs an event; what is left to do of it, or None once whoever shall know of its end was told."""
    config = await call.transact(
        lambda inner: state.find_event_invoke_config(inner, reference), read_only=True
    )
    try:
        target = await router.find_target(call, reference)
    except ResourceNotFoundException:
        return None
    except ServiceError as error:
        aged = call.time() > event.accepted_at + _longest_age_seconds(config)
        return None if aged else _later(call, reference, event, progress, error)
    try:
        after = await _try_once(call, target, event, progress, config)
    except ServiceError as error:
        return _later(call, reference, event, progress, error)
    if isinstance(after, Ending):
        if after.condition != destinations.SUCCESS:
            metrics.count(call, reference, metrics.ASYNC_EVENTS_DROPPED)
        await destinations.deliver(call, event, target, config, after)
        return None
    return after


async def _try_once(
    call: Call,
    target: Target,
    event: QueuedEvent,
    progress: EventProgress,
    config: EventInvokeConfig | None,
) -> EventProgress | Ending:
    """When the event is to be tried again, or how it ended."""
    last_moment = event.accepted_at + _longest_age_seconds(config)
    age_milliseconds = (call.time() - event.accepted_at) * 1000
    metrics.count(call, target.reference, metrics.ASYNC_EVENT_AGE, age_milliseconds, metrics.MILLISECONDS)
    if call.time() > last_moment:
        return Ending(destinations.EVENT_AGE_EXCEEDED, progress.failures)
    if target.reserved_concurrency == 0:
        return Ending(destinations.ZERO_CONCURRENCY, progress.failures)
    try:
        router.check_loops(call, target, event.trace_id or "")
    except RecursiveInvocationException:
        return Ending(destinations.RECURSIVE, progress.failures)
    outcome = await _run(call, target, event)
    attempts = progress.failures + 1
    if not outcome.failed:
        return Ending(destinations.SUCCESS, attempts, outcome)
    if progress.failures >= _retry_attempts(config):
        return Ending(destinations.RETRIES_EXHAUSTED, attempts, outcome)
    again_at = call.time() + _RETRY_SECONDS[progress.failures]
    if again_at > last_moment:
        return Ending(destinations.EVENT_AGE_EXCEEDED, attempts, outcome)
    return progress.failed(again_at)


def _later(
    call: Call,
    reference: FunctionReference,
    event: QueuedEvent,
    progress: EventProgress,
    error: ServiceError,
) -> EventProgress:
    """Once there may be room again, or what was wrong may have been put right."""
    _LOG.debug("event %s for %s waits: %s", event.id, reference.arn, error)
    return progress.throttled(call.time() + min(2.0**progress.throttles, _LONGEST_PAUSE_SECONDS))


def _longest_age_seconds(config: EventInvokeConfig | None) -> float:
    if config is None or config.maximum_event_age_seconds is None:
        return _LONGEST_AGE_SECONDS
    return config.maximum_event_age_seconds


def _retry_attempts(config: EventInvokeConfig | None) -> int:
    if config is None or config.maximum_retry_attempts is None:
        return len(_RETRY_SECONDS)
    return config.maximum_retry_attempts


async def _run(call: Call, target: Target, event: QueuedEvent) -> Outcome:
    invocation = Invocation(
        request_id=event.id,
        function_arn=target.reference.arn,
        payload=event.payload,
        trace_id=event.trace_id or "",
        tenant_id=event.tenant_id,
    )
    return await call.cloud.component(Pool).invoke(call, target, invocation)
