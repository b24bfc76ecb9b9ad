"""Asynchronous invocations: what was accepted is a row, and stays one until it is done or given up.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html. Any server may try an
event; a lease keeps two from trying it at once.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.services.lambda_ import state
from cloudlet.services.lambda_.errors import ResourceNotFoundException, TooManyRequestsException
from cloudlet.services.lambda_.invoke import router
from cloudlet.services.lambda_.invoke.concurrency import Concurrency
from cloudlet.services.lambda_.invoke.invocation import Invocation
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.model import QueuedEvent
from cloudlet.services.lambda_.references import FunctionReference

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.invoke.router import Target
    from cloudlet.services.lambda_.model import EventInvokeConfig

TOPIC: Final = "lambda.events"
_RETRY_SECONDS: Final = (60.0, 120.0)
_LONGEST_AGE_SECONDS: Final = 6 * 3600.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
_LEASE_MARGIN_SECONDS: Final = 30.0
_AT_ONCE: Final = 32
_SWEEP_SECONDS: Final = 3600.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


def accepted(
    call: Call, reference: FunctionReference, payload: bytes, client_context: str | None, trace_id: str
) -> QueuedEvent:
    """A new event, which is due at once."""
    now = call.time()
    return QueuedEvent(
        id=call.request_id if call.http is not None else call.ids.uuid(),
        account=reference.account,
        region=reference.region,
        name=reference.name,
        qualifier=reference.qualifier,
        payload=payload,
        client_context=client_context,
        trace_id=trace_id,
        accepted_at=now,
        due_at=now,
    )


def enqueue(call: Call, reference: FunctionReference, event: QueuedEvent) -> None:
    """Stores an event for a function that is there, and wakes the worker."""
    router.target_within(call, reference)
    state.save_event(call, event)
    call.wake(TOPIC)


class EventWorker:
    """Tries what is due, up to a bound at once."""

    name: Final = "lambda-events"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Works until cancelled."""
        cloud = self._cloud
        call = cloud.call("lambda", Principal.of_service("lambda.amazonaws.com"), "", "")
        try:
            while True:
                await self._turn(call)
        finally:
            for task in self._running:
                task.cancel()

    async def _turn(self, call: Call) -> None:
        """Starts what is due, or waits until something is."""
        clock = self._cloud.clock
        woken = asyncio.ensure_future(self._cloud.wakeups.wait(TOPIC, clock, _SWEEP_SECONDS))
        waits = [woken]
        try:
            # It waits before it looks, so that what is stored in between wakes it.
            await asyncio.sleep(0)
            if await self._start_due(call):
                return
            due = await call.transact(state.next_due, read_only=True)
            if due is not None:
                waits.append(asyncio.ensure_future(clock.sleep(max(due - clock.time(), 0.0))))
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _start_due(self, call: Call) -> bool:
        """Starts what is due, as far as there is room; whether there was anything."""
        room = _AT_ONCE - len(self._running)
        if room <= 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return True
        claimed = await call.transact(lambda inner: _claim(inner, room))
        for event in claimed:
            task = asyncio.ensure_future(self._try(event))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return bool(claimed)

    async def _try(self, event: QueuedEvent) -> None:
        call = self._cloud.call(
            "lambda", Principal.of_service("lambda.amazonaws.com"), event.account, event.region
        )
        reference = FunctionReference(event.account, event.region, event.name, event.qualifier)
        try:
            after = await _attempt(call, reference, event)
            await call.transact(lambda inner: _settle(inner, event, after))
        except Exception:  # noqa: BLE001  the edge of a task: the event's lease ends, and it is tried again
            _LOG.exception("event %s for %s could not be tried", event.id, reference.arn)


def _claim(call: Call, limit: int) -> list[QueuedEvent]:
    """Takes what is due, until its lease ends."""
    now = call.time()
    claimed = []
    for event in state.due_events(call, now, limit):
        leased = replace(event, due_at=now + _lease_seconds(call, event), lease=call.ids.uuid())
        state.save_event(call, leased, event)
        claimed.append(leased)
    return claimed


def _lease_seconds(call: Call, event: QueuedEvent) -> float:
    """How long a try may take: the function's time, with some for what is before and after it."""
    reference = FunctionReference(event.account, event.region, event.name, event.qualifier)
    try:
        target = router.target_within(call, reference)
    except ResourceNotFoundException:
        return _LEASE_MARGIN_SECONDS
    return target.version.configuration.timeout_seconds + _LEASE_MARGIN_SECONDS


async def _attempt(call: Call, reference: FunctionReference, event: QueuedEvent) -> QueuedEvent | None:
    """Runs an event; what is left to do of it, or None."""
    config = await call.transact(
        lambda inner: state.find_event_invoke_config(inner, reference), read_only=True
    )
    if call.time() - event.accepted_at > _longest_age_seconds(config):
        return None
    try:
        target = await router.find_target(call, reference)
        failed = await _run(call, reference, target, event)
    except ResourceNotFoundException:
        return None
    except (TooManyRequestsException, ServiceError) as error:
        _LOG.debug("event %s for %s waits: %s", event.id, reference.arn, error)
        pause = min(2.0**event.throttles, _LONGEST_PAUSE_SECONDS)
        return replace(event, throttles=event.throttles + 1, due_at=call.time() + pause, lease="")
    if not failed or event.failures >= _retry_attempts(config):
        return None
    pause = _RETRY_SECONDS[event.failures]
    return replace(event, failures=event.failures + 1, due_at=call.time() + pause, lease="")


def _longest_age_seconds(config: EventInvokeConfig | None) -> float:
    if config is None or config.maximum_event_age_seconds is None:
        return _LONGEST_AGE_SECONDS
    return config.maximum_event_age_seconds


def _retry_attempts(config: EventInvokeConfig | None) -> int:
    if config is None or config.maximum_retry_attempts is None:
        return len(_RETRY_SECONDS)
    return config.maximum_retry_attempts


async def _run(call: Call, reference: FunctionReference, target: Target, event: QueuedEvent) -> bool:
    invocation = Invocation(
        request_id=event.id,
        function_arn=reference.arn,
        payload=event.payload,
        trace_id=event.trace_id or "",
        client_context=event.client_context,
    )
    with call.cloud.component(Concurrency).slot(target):
        outcome = await call.cloud.component(Pool).invoke(call, target, invocation)
    return outcome.failed


def _settle(call: Call, tried: QueuedEvent, after: QueuedEvent | None) -> None:
    """Writes what became of a try, unless somebody else has taken the event over since."""
    row = state.find_event(call, tried.id)
    if row is None or row.lease != tried.lease:
        return
    if after is None:
        state.delete_event(call, row)
    else:
        state.save_event(call, after, row)
        call.wake(TOPIC)
