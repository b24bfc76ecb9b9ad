"""Delivers what happened in buckets: at least once, to each destination in its order.

What a queue or a topic gets arrives in the transaction that forgets it, so exactly once. A destination that
fails holds up nobody else; one that refuses, by its policy or because it is gone, is not asked again.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.arn import Arn
from cloudlet.core.errors import ServiceError
from cloudlet.core.lease import LeaseLost
from cloudlet.services.s3.notifications import outbox
from cloudlet.services.s3.notifications.destinations import as_s3, question

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.store import Key
    from cloudlet.services.s3.notifications.outbox import Notice, Outgoing

_LOG: Final = logging.getLogger("cloudlet.s3")
_SWEEP_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 5.0
_KEPT_SECONDS: Final = 24 * 3600.0
_BATCH: Final = 50


class NotificationWorker:
    """Delivers what is there, then waits for more."""

    name = "s3-notifications"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._owner = cloud.ids.uuid()

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("s3", Principal.of_service("s3.amazonaws.com"), "", "")
        with self._cloud.wakeups.listening(outbox.TOPIC) as listener:
            while True:
                all_delivered = await self._deliver_all(call)
                await listener.wait(call.clock, _SWEEP_SECONDS if all_delivered else _RETRY_SECONDS)

    async def _deliver_all(self, call: Call) -> bool:
        """Goes through all destinations; whether nothing is left."""
        after: Key = ()
        all_delivered = True
        while True:
            claim = partial(outbox.claim, owner=self._owner, after=after, limit=_BATCH)
            outgoing = await call.transact(claim)
            if outgoing is None:
                return all_delivered
            if not await _deliver(call, outgoing):
                all_delivered = False
                after = (outgoing.bucket, outgoing.arn)


async def _deliver(call: Call, outgoing: Outgoing) -> bool:
    """Delivers a destination's oldest notices; whether none of them must wait."""
    if outgoing.lease is None:
        return False
    try:
        if Arn.parse(outgoing.arn).service == "lambda":
            done = await _invoke(call, outgoing)
            await call.transact(partial(outbox.forget, outgoing=outgoing, count=done))
        else:
            done = await call.transact(partial(_send, outgoing=outgoing))
    except LeaseLost:
        _LOG.warning("the notices for %s were taken over by another server", outgoing.arn)
        return False
    except Exception:  # noqa: BLE001  the edge of a destination: it must not hold up the others
        _LOG.exception("%s could not be told of what happened in %s", outgoing.arn, outgoing.bucket)
        return False
    return done == len(outgoing.notices)


def _send(call: Call, outgoing: Outgoing) -> int:
    """Tells a queue or a topic, and forgets what it was told; how much that is."""
    done = 0
    for _, notice in outgoing.notices:
        there = as_s3(call, notice.account, notice.region, outgoing.bucket, notice.trace_id)
        try:
            there.ask_within(*question(outgoing.arn, notice.event))
        except ServiceError as error:
            if not _is_given_up(call, outgoing, notice, error):
                break
        done += 1
    outbox.forget(call, outgoing, done)
    return done


async def _invoke(call: Call, outgoing: Outgoing) -> int:
    """Invokes a function with what it has to be told; how much of it needs no more tries."""
    for count, (_, notice) in enumerate(outgoing.notices):
        there = as_s3(call, notice.account, notice.region, outgoing.bucket, notice.trace_id)
        try:
            await there.ask(*question(outgoing.arn, notice.event))
        except ServiceError as error:
            if not _is_given_up(call, outgoing, notice, error):
                return count
    return len(outgoing.notices)


def _is_given_up(call: Call, outgoing: Outgoing, notice: Notice, error: ServiceError) -> bool:
    """Whether a notice that was refused is not to be tried again."""
    given_up = not error.may_pass or notice.created_at < call.time() - _KEPT_SECONDS
    _LOG.warning(
        "%s is not told of what happened in %s%s: %s",
        outgoing.arn,
        outgoing.bucket,
        "" if given_up else " yet",
        error.message,
    )
    return given_up
