"""Background work on streams: what CREATING, UPDATING and DELETING wait for.

Each step is one short transaction, stored before it is due, so that a killed server goes on where it was.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.kinesis import changes, state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud

_SWEEP_SECONDS: Final = 60.0


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


def _call(cloud: Cloud, account: str = "", region: str = "") -> Call:
    return cloud.call("kinesis", Principal.of_service("kinesis.amazonaws.com"), account, region)
