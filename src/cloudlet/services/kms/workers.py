"""Background work on keys: their end, and the renewal of their material, when the time has come.

A key whose time is over answers to nobody before it is removed, so nothing hangs on how soon that is.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.kms.material import rotate
from cloudlet.services.kms.model import RotationType
from cloudlet.services.kms.multi_region import delete_key
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud

_SWEEP_SECONDS: Final = 3600.0


class Deadlines:
    """Does what is due, then sleeps until the next thing is."""

    name = "kms-deadlines"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        clock = self._cloud.clock
        call = self._cloud.call("kms", Principal.of_service("kms.amazonaws.com"), "", "")
        with self._cloud.wakeups.listening(state.DEADLINES_TOPIC) as listener:
            while True:
                deadlines = await call.transact(state.list_deadlines, read_only=True)
                due = [place for at, place in deadlines if at <= clock.time()]
                for place in due:
                    await call.transact(partial(_meet, place=place))
                if not due:
                    next_at = min((at for at, _ in deadlines), default=clock.time() + _SWEEP_SECONDS)
                    await listener.wait(clock, min(max(next_at - clock.time(), 0.0), _SWEEP_SECONDS))


def _meet(call: Call, place: tuple[str, str, str]) -> None:
    """Does what is due to one key."""
    key = state.find_key(call, *place)
    now = call.time()
    if key is None or key.deadline is None or key.deadline > now:
        return
    if key.deletion_at is not None:
        delete_key(call, key)
        return
    if key.material_valid_to is not None and key.material_valid_to <= now:
        state.delete_material(call, key)
        state.save_key(call, key.without_material())
        return
    rotate(call, key.rotating(key.rotation_period_days, now), RotationType.AUTOMATIC)
