"""Carries messages into queues: each arrives in the transaction that ends its delivery, so exactly once.

It asks SQS as SNS itself, and the queue's policy decides.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.services.sns import state
from cloudlet.services.sns.delivery.attempts import PRINCIPAL, find_delivery, opened, refusal, send
from cloudlet.services.sns.delivery.outcomes import finish
from cloudlet.services.sns.model import QUEUES, milliseconds
from cloudlet.services.sns.signing import MessageSigner

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.sns.model import Lane
    from cloudlet.services.sns.notifications import Signer
    from cloudlet.services.sns.state import LaneKey

_AT_ONCE: Final = 50
_PAUSE_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger("cloudlet.sns")


class QueueCarrier:
    """Delivers what is due, then waits for more."""

    name = "sns-queues"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("sns", Principal.of_service(PRINCIPAL), "", "")
        with self._cloud.wakeups.listening(state.topic_of(QUEUES)) as listener:
            while True:
                due = await call.transact(
                    partial(state.due_lanes, carrier=QUEUES, limit=_AT_ONCE), read_only=True
                )
                if due:
                    signer = await self._cloud.component(MessageSigner).ready(call)
                    await _deliver_all(call, due, signer)
                    continue
                pause = await call.transact(partial(state.seconds_until_due, carrier=QUEUES), read_only=True)
                await listener.wait(call.clock, pause)


async def _deliver_all(call: Call, due: list[tuple[LaneKey, Lane]], signer: Signer) -> None:
    """Delivers at once, or, should that fail, one by one: what cannot be tried holds up nothing else."""
    try:
        await call.transact(partial(_deliver, due=due, signer=signer))
    except Exception:  # noqa: BLE001  whatever it is, it is found and told below
        for key, lane in due:
            try:
                await call.transact(partial(_deliver, due=[(key, lane)], signer=signer))
            except Exception:  # noqa: BLE001  the edge of a delivery: it is tried again
                _LOG.exception("message %s could not be tried", lane.message_id)
                await call.transact(partial(_postpone, key=key, lane=lane))


def _postpone(call: Call, key: LaneKey, lane: Lane) -> None:
    if state.find_lane(call, key) == lane:
        state.save_lane(call, key, lane.held(milliseconds(call.time() + _PAUSE_SECONDS)), lane)


def _deliver(call: Call, due: list[tuple[LaneKey, Lane]], signer: Signer) -> None:
    for key, lane in due:
        if state.find_lane(call, key) != lane:
            continue
        delivery = find_delivery(call, key, lane)
        if delivery is None:
            state.settle(call, key, lane)
            continue
        try:
            delivery = opened(call, delivery)
            answer = send(call, delivery, delivery.subscription.endpoint, signer)
        except ServiceError as error:
            answer = refusal(error)
        finish(call, delivery, answer, signer)
