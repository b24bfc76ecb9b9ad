"""Carries what cannot arrive within a transaction: claimed by a lease, tried, then settled.

What it carries, and how, is functions.py's and web.py's. A server that is killed leaves its claims to end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from cloudlet.core.access import Principal
from cloudlet.services.sns import delivery_policies, state
from cloudlet.services.sns.delivery.attempts import (
    PRINCIPAL,
    Answer,
    Delivery,
    find_delivery,
    opened,
    refusal,
)
from cloudlet.services.sns.delivery.outcomes import finish
from cloudlet.services.sns.errors import KeyNotUsable
from cloudlet.services.sns.model import WEB, milliseconds
from cloudlet.services.sns.signing import MessageSigner

if TYPE_CHECKING:
    from collections.abc import Container

    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.sns.notifications import Signer
    from cloudlet.services.sns.state import LaneKey

    Send: TypeAlias = Callable[[Call, Delivery, Signer], Awaitable[Answer]]

_AT_ONCE: Final = 64
_LEASE_SECONDS: Final = 60.0
"""Longer than any attempt takes."""
_LOG: Final = logging.getLogger("cloudlet.sns")


class ClaimingCarrier:
    """Tries what is due, up to a bound at once, then waits for more."""

    def __init__(self, cloud: Cloud, name: str, carrier: str, send: Send) -> None:
        self.name = name
        self._cloud = cloud
        self._carrier = carrier
        self._send = send
        self._running: dict[LaneKey, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("sns", Principal.of_service(PRINCIPAL), "", "")
        try:
            with self._cloud.wakeups.listening(state.topic_of(self._carrier)) as listener:
                while True:
                    if not await self._start_due(call):
                        until_due = partial(state.seconds_until_due, carrier=self._carrier)
                        pause = await call.transact(until_due, read_only=True)
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
        claimed = await call.transact(
            partial(_claim, carrier=self._carrier, limit=room, own=frozenset(self._running))
        )
        for delivery in claimed:
            self._running[delivery.key] = asyncio.ensure_future(self._try(call, delivery))
        return bool(claimed)

    async def _try(self, call: Call, delivery: Delivery) -> None:
        try:
            signer = await self._cloud.component(MessageSigner).ready(call)
            try:
                if delivery.message.sealed is not None:
                    delivery = await call.transact(partial(opened, delivery=delivery))
                answer = await self._send(call, delivery, signer)
            except KeyNotUsable as error:
                answer = refusal(error)
            await call.transact(partial(_settle, delivery=delivery, answer=answer, signer=signer))
        except Exception:  # noqa: BLE001  the edge of a task: its claim ends, and it is tried again
            _LOG.exception("message %s could not be tried", delivery.message.id)
        finally:
            del self._running[delivery.key]
            self._cloud.wakeups.wake(state.topic_of(self._carrier))


def _claim(call: Call, carrier: str, limit: int, own: Container[LaneKey]) -> list[Delivery]:
    """Takes what is due. What this server tries already is only held longer: a moved clock overtook it."""
    until = milliseconds(call.time() + _LEASE_SECONDS)
    taken = []
    for key, lane in state.due_lanes(call, carrier, limit):
        if key in own:
            state.save_lane(call, key, lane.held(until), lane)
            continue
        claimed = lane.claimed(until)
        delivery = find_delivery(call, key, claimed)
        if delivery is None:
            state.settle(call, key, lane)
            continue
        if not lane.paced and (due := _paced(call, delivery)) is not None:
            state.save_lane(call, key, lane.paced_until(due), lane)
            continue
        state.save_lane(call, key, claimed, lane)
        taken.append(delivery)
    return taken


def _paced(call: Call, delivery: Delivery) -> int | None:
    """When an endpoint that takes only so many messages a second may get one more; None for now."""
    if delivery.subscription.protocol not in WEB:
        return None
    effective = delivery_policies.effective_subscription_policy(delivery.topic, delivery.subscription)
    throttle = effective["throttlePolicy"]
    if throttle is None:
        return None
    due = state.take_pace(call, delivery.subscription.id, 1 / throttle["maxReceivesPerSecond"])
    return due if due > milliseconds(call.time()) else None


def _settle(call: Call, delivery: Delivery, answer: Answer, signer: Signer) -> None:
    lane = state.find_lane(call, delivery.key)
    if lane is None or lane.epoch != delivery.lane.epoch:
        _LOG.warning("message %s was taken over by another server", delivery.message.id)
        return
    finish(call, delivery.of_lane(lane), answer, signer)
