"""Background work on keys: their end, when its time has come.

A key whose time is over answers to nobody before it is removed, so nothing hangs on how soon that is.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.kms import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.kms.model import Key

_SWEEP_SECONDS: Final = 3600.0


class Deadlines:
    """Removes the keys whose time is over, then sleeps until the next one's is."""

    name = "kms-deadlines"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        clock = self._cloud.clock
        call = self._cloud.call("kms", Principal.of_service("kms.amazonaws.com"), "", "")
        with self._cloud.wakeups.listening(state.DEADLINES_TOPIC) as listener:
            while True:
                ending = await call.transact(state.list_ending_keys, read_only=True)
                for key in ending:
                    if _is_over(key, clock.time()):
                        await call.transact(
                            partial(_delete, account=key.account, region=key.region, key_id=key.id)
                        )
                left = (key.deletion_at - clock.time() for key in ending if key.deletion_at is not None)
                await listener.wait(clock, min((each for each in left if each > 0), default=_SWEEP_SECONDS))


def _delete(call: Call, account: str, region: str, key_id: str) -> None:
    key = state.find_key(call, account, region, key_id)
    if key is not None and _is_over(key, call.time()):
        state.delete_key(call, key)


def _is_over(key: Key, now: float) -> bool:
    return key.deletion_at is not None and key.deletion_at <= now
