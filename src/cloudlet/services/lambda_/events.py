"""Asynchronous invocations: what was accepted is a row, and stays one until it is done or given up.

Any server may try an event. A lease, which whoever tries it renews, keeps two from trying it at once, and
its epoch keeps one who lost it from writing. Trying is workers.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.lease import LeaseLost
from cloudlet.services.lambda_ import metrics, state, tenancy
from cloudlet.services.lambda_.invoke import router
from cloudlet.services.lambda_.model import EventProgress, QueuedEvent

if TYPE_CHECKING:
    from collections.abc import Container

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference

TOPIC: Final = "lambda.events"
LEASE_SECONDS: Final = 6.0


class Claim(Struct, frozen=True):
    """The right to try one event now."""

    event_id: str
    epoch: int


def accepted(
    call: Call,
    reference: FunctionReference,
    payload: bytes,
    *,
    trace_id: str,
    tenant_id: str | None,
) -> QueuedEvent:
    """A new event."""
    return QueuedEvent(
        id=call.request_id if call.http is not None else call.ids.uuid(),
        account=reference.account,
        region=reference.region,
        name=reference.name,
        qualifier=reference.qualifier,
        payload=payload,
        trace_id=trace_id,
        accepted_at=call.time(),
        tenant_id=tenant_id,
    )


def enqueue(call: Call, reference: FunctionReference, event: QueuedEvent) -> None:
    """Stores an event for a function that is there, and wakes the worker."""
    target = router.target_within(call, reference)
    tenancy.check(target.version.configuration, event.tenant_id)
    state.add_event(call, event)
    call.transaction.after_commit(lambda: metrics.count(call, reference, metrics.ASYNC_EVENTS_RECEIVED))
    call.wake(TOPIC)


def claim(call: Call, limit: int, own: Container[Claim] = ()) -> list[tuple[QueuedEvent, EventProgress]]:
    """Takes events that are due. One that the caller tries is renewed: a moved clock overtook its lease."""
    until = call.time() + LEASE_SECONDS
    taken = []
    for event, progress in state.due_events(call, call.time(), limit):
        if Claim(event.id, progress.epoch) in own:
            state.save_event_progress(call, event.id, replace(progress, due_at=until), progress)
        else:
            claimed = progress.claimed(until)
            state.save_event_progress(call, event.id, claimed, progress)
            taken.append((event, claimed))
    return taken


def renew(call: Call, claim: Claim) -> None:
    """Prolongs a claim. Raises LeaseLost."""
    held = _held(call, claim)
    state.save_event_progress(call, claim.event_id, replace(held, due_at=call.time() + LEASE_SECONDS), held)


def settle(call: Call, claim: Claim, after: EventProgress | None) -> None:
    """Writes what is left to do of an event; None if it is done. Raises LeaseLost."""
    held = _held(call, claim)
    if after is None:
        state.delete_event(call, claim.event_id, held)
    else:
        state.save_event_progress(call, claim.event_id, after, held)
        call.wake(TOPIC)


def _held(call: Call, claim: Claim) -> EventProgress:
    held = state.find_event_progress(call, claim.event_id)
    if held is None or held.epoch != claim.epoch:
        raise LeaseLost
    return held
