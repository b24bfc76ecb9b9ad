"""Removes the blobs that no version and no part names any more.

Knows only what state.py left for it: promptly, but not before the last reader. A blob whose row was never
committed is the business of core/blobs.py, which goes by the age of files and so could not wait for readers.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cloudlet.core.access import Principal
from cloudlet.core.call import Call, Cloud
from cloudlet.services.s3 import state

_GRACE_SECONDS: Final = 15 * 60.0
"""How long a reader that has begun may take to open the last blob of its object."""
_SWEEP_SECONDS: Final = 60.0
_BATCH: Final = 500


class GarbageWorker:
    """Sweeps once a minute of the cloud's clock."""

    name = "s3-garbage"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            await self.sweep()
            await self._cloud.clock.sleep(_SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Removes what has been garbage for longer than the grace; how many blobs."""
        removed = 0
        while found := await self._remove_some():
            removed += found
        return removed

    async def _remove_some(self) -> int:
        call = self._call()
        before = call.time() - _GRACE_SECONDS
        found = await call.transact(partial(state.list_garbage, before=before, limit=_BATCH), read_only=True)
        for _, blob_id in found:
            await self._cloud.blobs.delete(blob_id)
        if found:
            # Only now: after a crash the entries are found again.
            await call.transact(partial(state.forget_garbage, keys=[key for key, _ in found]))
        return len(found)

    def _call(self) -> Call:
        return self._cloud.call("s3", Principal.of_service("s3.amazonaws.com"), "", "")
