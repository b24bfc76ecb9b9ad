"""Keeps a reader at work for every mapping whose share of work this server holds, and settles states.

Asleep until a mapping changes or a lease is due. Reading is queue_reader.py's and stream_reader.py's.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.lease import Lease, LeaseLost
from cloudlet.services.lambda_.event_sources import state
from cloudlet.services.lambda_.event_sources.mapping import DELETING, DISABLED, ENABLED, SETTLED, Kind
from cloudlet.services.lambda_.event_sources.queue_reader import QueueReader
from cloudlet.services.lambda_.event_sources.stream_reader import StreamReader

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

TOPIC: Final = "lambda.event-source-mappings"
_RENEWAL_SECONDS: Final = state.LEASE_SECONDS / 3
_SWEEP_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


class Reader(Protocol):
    """Whatever reads one mapping's source."""

    @property
    def busy(self) -> bool:
        """Whether something runs still."""

    async def begin(self, mapping: EventSourceMapping) -> None:
        """Reads from now on, as a mapping says."""

    async def pause(self) -> None:
        """Reads no more; what runs goes on to its end."""

    async def close(self) -> None:
        """Ends everything at once."""


class _Running(Struct):
    reader: Reader
    revision: str
    """Of the mapping as the reader knows it; empty while it pauses."""


class EventSourceWorker:
    """The readers of this server."""

    name: Final = "lambda-event-sources"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._owner = cloud.ids.uuid()
        self._leases: dict[int, Lease] = {}
        self._running: dict[str, _Running] = {}
        self._leaving: list[Reader] = []
        """Of mappings that are gone, while their last batches run."""

    async def run(self) -> None:
        """Works until cancelled."""
        cloud = self._cloud
        call = cloud.call("lambda", Principal.of_service("lambda.amazonaws.com"), "", "")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_renewing(call))
                with cloud.wakeups.listening(TOPIC) as listener:
                    while True:
                        waiting = await self._reconcile(call)
                        await listener.wait(cloud.clock, state.LEASE_SECONDS if waiting else _SWEEP_SECONDS)
        finally:
            await self._stop(call)

    async def _keep_renewing(self, call: Call) -> None:
        while True:
            await self._cloud.clock.sleep(_RENEWAL_SECONDS)
            if self._leases:
                await self._renew(call)

    async def _reconcile(self, call: Call) -> bool:
        """Makes what runs be what is wanted; whether another server holds some of it."""
        mappings = [row async for row in state.every_mapping(call)]
        await self._claim(call, {state.share_of(row.uuid) for row in mappings})
        mine = [row for row in mappings if state.share_of(row.uuid) in self._leases]
        self._leaving = [reader for reader in self._leaving if reader.busy]
        for uuid in self._running.keys() - {row.uuid for row in mine}:
            await self._leave(uuid)
        for row in mine:
            try:
                await self._attend(call, row)
            except Exception:  # noqa: BLE001  one mapping's edge: it must not hold up the others
                _LOG.exception("mapping %s could not be attended to", row.uuid)
        return len(mine) < len(mappings)

    async def _leave(self, uuid: str) -> None:
        """Lets a mapping go: its last batches end by themselves if the share is still this server's."""
        reader = self._running.pop(uuid).reader
        if state.share_of(uuid) in self._leases:
            await reader.pause()
            self._leaving.append(reader)
        else:
            await reader.close()

    async def _attend(self, call: Call, row: EventSourceMapping) -> None:
        running = self._running.get(row.uuid)
        if running is not None and running.revision and (running.revision != row.revision or not row.runs):
            await running.reader.pause()
            running.revision = ""
        if row.runs and (running is None or not running.revision):
            running = running or _Running(self._reader(row), "")
            self._running[row.uuid] = running
            await running.reader.begin(row)
            running.revision = row.revision
        if row.state not in SETTLED:
            await call.transact(lambda inner: self._settle(inner, row))

    def _settle(self, call: Call, seen: EventSourceMapping) -> None:
        """Writes that it is done, what the user wants, unless that has changed meanwhile."""
        self._hold(call, state.share_of(seen.uuid))
        own = call.where(seen.account, seen.region)
        row = state.find_mapping(own, seen.uuid)
        if row is None or (row.revision, row.state) != (seen.revision, seen.state):
            return
        if row.state == DELETING:
            state.delete_mapping(own, row)
            call.wake(TOPIC)
        else:
            state.save_mapping(own, replace(row, state=ENABLED if row.runs else DISABLED))
        call.wake(topic_of(row.uuid))

    def _reader(self, row: EventSourceMapping) -> Reader:
        if row.kind is Kind.SQS:
            return QueueReader(self._cloud, row)
        share = state.share_of(row.uuid)
        return StreamReader(self._cloud, row, lambda call: self._hold(call, share))

    def _hold(self, call: Call, share: int) -> None:
        """Raises LeaseLost unless this server may write how far the mappings of a share have come."""
        if share not in self._leases:
            raise LeaseLost
        state.hold_share(call, self._leases[share], share)

    async def _claim(self, call: Call, shares: set[int]) -> None:
        missing = shares - self._leases.keys()
        if not missing:
            return

        def claim(inner: Call) -> dict[int, Lease]:
            claimed = {share: state.claim_share(inner, self._owner, share) for share in missing}
            return {share: lease for share, lease in claimed.items() if lease is not None}

        self._leases.update(await call.transact(claim))

    async def _renew(self, call: Call) -> None:
        """Keeps what is held; readers of what was lost end."""
        lost: set[int] = set()

        def renew(inner: Call) -> None:
            lost.clear()
            for share, lease in self._leases.items():
                try:
                    state.hold_share(inner, lease, share)
                except LeaseLost:
                    lost.add(share)

        await call.transact(renew)
        for share in lost:
            _LOG.warning("another server has taken over a share of the event source mappings")
            del self._leases[share]
        if lost:
            self._cloud.wakeups.wake(TOPIC)

    async def _stop(self, call: Call) -> None:
        for reader in (*self._leaving, *(running.reader for running in self._running.values())):
            await reader.close()
        self._running.clear()
        leases, self._leases = self._leases, {}

        def release(inner: Call) -> None:
            for share, lease in leases.items():
                state.release_share(inner, lease, share)

        await call.transact(release)


def topic_of(uuid: str) -> str:
    """The topic that is woken when a mapping's state has settled."""
    return f"event source mapping {uuid}"
