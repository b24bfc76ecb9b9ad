"""Removes events that are older than their group keeps them."""

from __future__ import annotations

from functools import partial
from typing import Final

from cloudlet.core.access import Principal
from cloudlet.core.call import Call, Cloud
from cloudlet.services.logs import state
from cloudlet.services.logs.model import LogGroup

_SWEEP_SECONDS: Final = 3600.0


class RetentionWorker:
    """Sweeps once an hour of the cloud's clock; reads hide what has expired before that."""

    name = "logs-retention"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            await self._cloud.clock.sleep(_SWEEP_SECONDS)
            await self.sweep()

    async def sweep(self) -> None:
        """Removes what has expired now."""
        limited = await self._call("", "").transact(_groups_with_retention, read_only=True)
        for account, region, group in limited:
            await self._call(account, region).transact(partial(_sweep_group, name=group.name))

    def _call(self, account: str, region: str) -> Call:
        return self._cloud.call("logs", Principal.of_service("logs.amazonaws.com"), account, region)


def _groups_with_retention(call: Call) -> list[tuple[str, str, LogGroup]]:
    return [found for found in state.every_group(call) if found[2].retention_days is not None]


def _sweep_group(call: Call, name: str) -> None:
    group = state.find_group(call, name)
    if group is None:
        return
    oldest_kept = group.oldest_kept(int(call.time() * 1000))
    for stream in list(state.list_streams(call, name)):
        state.delete_events_before(call, name, stream.name, oldest_kept)
