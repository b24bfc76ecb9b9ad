"""Removes the blobs that no row names: of servers killed before they wrote the row, of deleted functions.

It asks every service which blobs are in use and knows no rows itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud

_FIRST_SECONDS: Final = 5 * 60.0
_SWEEP_SECONDS: Final = 3600.0
_GRACE_SECONDS: Final = 3600.0
"""How long a blob may wait for the row that names it."""


class BlobSweeper:
    """Sweeps some minutes after the start and then once an hour of the cloud's clock."""

    name = "blob-sweeper"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        await self._cloud.clock.sleep(_FIRST_SECONDS)
        while True:
            await self.sweep()
            await self._cloud.clock.sleep(_SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Removes what is not in use and older than the grace; how many blobs."""
        clock = self._cloud.clock
        begun = clock.machine_time()
        in_use = await self._in_use()
        # What was written after the scan began may be named by rows that it has passed already.
        older_than_seconds = _GRACE_SECONDS + clock.machine_time() - begun
        return await self._cloud.blobs.sweep(in_use.__contains__, older_than_seconds)

    async def _in_use(self) -> set[str]:
        found: set[str] = set()
        for service in await self._cloud.services.load_used(self._cloud.store):
            if service.blobs_in_use is not None:
                principal = Principal.of_service(f"{service.name}.amazonaws.com")
                call = self._cloud.call(service.name, principal, "", "")
                async for blob_id in service.blobs_in_use(call):
                    found.add(blob_id)
        return found
