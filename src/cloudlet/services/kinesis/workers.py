"""Background work on streams: what CREATING, UPDATING and DELETING wait for, and the end of old records.

Each step is one short transaction, stored before it is due, so that a killed server goes on where it was.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.kinesis import changes, state
from cloudlet.services.kinesis.reader import trim

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.kinesis.model import Shard, Stream

_SWEEP_SECONDS: Final = 60.0
_RETENTION_SECONDS: Final = 3600.0


class Changes:
    """Does what is due, then sleeps until the next thing is."""

    name = "kinesis-changes"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        clock = self._cloud.clock
        with self._cloud.wakeups.listening(state.CHANGES_TOPIC) as listener:
            while True:
                waiting = await _call(self._cloud).transact(state.list_changes, read_only=True)
                due = [change for change in waiting if change.due_at <= clock.time()]
                for change in due:
                    call = _call(self._cloud, change.account, change.region)
                    await call.transact(partial(changes.complete, change=change))
                if not due:
                    next_due = min(
                        (change.due_at for change in waiting), default=clock.time() + _SWEEP_SECONDS
                    )
                    await listener.wait(clock, min(max(next_due - clock.time(), 0.0), _SWEEP_SECONDS))


class Retention:
    """Removes, once an hour, the records and the closed shards that have expired."""

    name = "kinesis-retention"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled; reads hide what has expired before that."""
        while True:
            await self._cloud.clock.sleep(_RETENTION_SECONDS)
            await self.sweep()

    async def sweep(self) -> None:
        """Removes what has expired now."""
        call = _call(self._cloud)
        for account, region, stream in await call.transact(_every_stream, read_only=True):
            own = _call(self._cloud, account, region)
            for shard in await own.transact(partial(_every_shard, name=stream.name), read_only=True):
                await own.transact(partial(trim, name=stream.name, index=shard.index))


def _every_stream(call: Call) -> list[tuple[str, str, Stream]]:
    return list(state.every_stream(call))


def _every_shard(call: Call, name: str) -> list[Shard]:
    return list(state.list_shards(call, name))


def _call(cloud: Cloud, account: str = "", region: str = "") -> Call:
    return cloud.call("kinesis", Principal.of_service("kinesis.amazonaws.com"), account, region)
