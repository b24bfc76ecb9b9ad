"""Takes up the operations that are stored as pending, each under a lease.

What an operation does is in deploy/execute.py.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from cloudlet.core.access import Principal
from cloudlet.core.call import Call, Cloud
from cloudlet.core.lease import Lease, LeaseLost
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.execute import Execution
from cloudlet.services.cloudformation.deploy.handler import SERVICE_PRINCIPAL
from cloudlet.services.cloudformation.state import Pending

_LOG: Final = logging.getLogger("cloudlet.cloudformation")
_SWEEP_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 2.0
_MOST_STACKS: Final = 64


class DeployWorker:
    """Runs every pending operation that no other server holds."""

    name = "cloudformation deploy"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._owner = cloud.ids.uuid()
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Works until cancelled."""
        cloud = self._cloud
        try:
            with cloud.wakeups.listening(state.DEPLOY_TOPIC) as listener:
                while True:
                    left = await self._take_up()
                    await listener.wait(cloud.clock, _RETRY_SECONDS if left else _SWEEP_SECONDS)
        finally:
            for task in self._running.values():
                task.cancel()
            self._running.clear()

    async def _take_up(self) -> bool:
        """Begins what it can; whether something is left that must be tried again soon."""
        pending = await self._call("", "").transact(state.pending, read_only=True)
        for entry in pending:
            if entry.stack_id not in self._running and len(self._running) < _MOST_STACKS:
                lease = await self._claim(entry)
                if lease is not None:
                    self._start(entry, lease)
        return any(entry.stack_id not in self._running for entry in pending)

    async def _claim(self, entry: Pending) -> Lease | None:
        return await self._call(entry.account, entry.region).transact(
            lambda call: state.LEASES.claim(call, self._owner, entry.stack_id)
        )

    def _start(self, entry: Pending, lease: Lease) -> None:
        task = asyncio.ensure_future(self._execute(entry, lease))
        self._running[entry.stack_id] = task
        task.add_done_callback(lambda _: self._ended(entry.stack_id))

    def _ended(self, stack_id: str) -> None:
        # The next operation may have been asked for before this one was off the list.
        self._running.pop(stack_id, None)
        self._cloud.wakeups.wake(state.DEPLOY_TOPIC)

    async def _execute(self, entry: Pending, lease: Lease) -> None:
        try:
            await Execution(self._cloud, entry, lease).run()
        except LeaseLost:
            _LOG.warning("another server took over %s", entry.stack_id)
        except Exception:  # noqa: BLE001  the edge of an operation: it stays pending and is tried again
            _LOG.exception("the operation on %s failed; it is tried again", entry.stack_id)
            await self._cloud.clock.sleep(_RETRY_SECONDS)
            self._cloud.wakeups.wake(state.DEPLOY_TOPIC)

    def _call(self, account: str, region: str) -> Call:
        service = Principal.of_service(SERVICE_PRINCIPAL)
        return self._cloud.call("cloudformation", service, account, region)
