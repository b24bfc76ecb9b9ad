"""Carries events to their targets: claimed, tried, then settled. A killed server leaves its claims to end."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.events.delivery.attempts import PRINCIPAL, attempt
from cloudlet.services.events.delivery.outcomes import finish
from cloudlet.services.events.model import milliseconds
from cloudlet.services.events.state import deliveries

if TYPE_CHECKING:
    from collections.abc import Container

    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.events.delivery.attempts import Failure
    from cloudlet.services.events.model import Delivery

_AT_ONCE: Final = 64
_LEASE_SECONDS: Final = 20.0
"""Longer than any attempt takes."""
_LOG: Final = logging.getLogger("cloudlet.events")


class Carrier:
    """Tries what is due, up to a bound at once, then waits for more."""

    name = "events-deliveries"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("events", Principal.of_service(PRINCIPAL), "", "")
        try:
            with self._cloud.wakeups.listening(deliveries.TOPIC) as listener:
                while True:
                    if not await self._start_due(call):
                        pause = await call.transact(deliveries.seconds_until_due, read_only=True)
                        await listener.wait(call.clock, pause)
        finally:
            for task in self._running.values():
                task.cancel()

    async def _start_due(self, call: Call) -> bool:
        """Starts what is due, as far as there is room; whether there was anything."""
        room = _AT_ONCE - len(self._running)
        if room <= 0:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            return True
        claimed = await call.transact(partial(_claim, limit=room, own=frozenset(self._running)))
        for delivery in claimed:
            self._running[delivery.id] = asyncio.ensure_future(self._try(call, delivery))
        return bool(claimed)

    async def _try(self, call: Call, delivery: Delivery) -> None:
        try:
            failure = await attempt(call, delivery)
            await call.transact(partial(_settle, delivery=delivery, failure=failure))
        except Exception:  # noqa: BLE001  the edge of a task: its claim ends, and it is tried again
            _LOG.exception("event %s could not be sent to %s", delivery.event.id, delivery.target.arn)
        finally:
            del self._running[delivery.id]
            self._cloud.wakeups.wake(deliveries.TOPIC)


def _claim(call: Call, limit: int, own: Container[str]) -> list[Delivery]:
    """Takes what is due. What this server tries already is only held longer: a moved clock overtook it."""
    until = milliseconds(call.time() + _LEASE_SECONDS)
    taken = []
    for delivery in deliveries.due_deliveries(call, limit):
        if delivery.id in own:
            deliveries.save_delivery(call, delivery.held(until), delivery)
            continue
        claimed = delivery.claimed(until)
        deliveries.save_delivery(call, claimed, delivery)
        taken.append(claimed)
    return taken


def _settle(call: Call, delivery: Delivery, failure: Failure | None) -> None:
    found = deliveries.find_delivery(call, delivery.id)
    if found is None or found.epoch != delivery.epoch:
        _LOG.warning("event %s was taken over by another server", delivery.event.id)
        return
    finish(call, found, failure)
