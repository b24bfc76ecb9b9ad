"""Ends what nobody confirmed in its time: subscriptions that are pending, and ends that were not taken back.

https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html: tokens are good for two days.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.sns import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud

_SWEEP_SECONDS: Final = 3600.0
_AT_ONCE: Final = 100


class ExpiryWorker:
    """Sweeps once an hour of the cloud's clock."""

    name = "sns-expiry"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("sns", Principal.of_service("sns.amazonaws.com"), "", "")
        while True:
            await call.clock.sleep(_SWEEP_SECONDS)
            while await call.transact(partial(_sweep, limit=_AT_ONCE)) == _AT_ONCE:
                pass


def _sweep(call: Call, limit: int) -> int:
    """How many tokens were looked at whose time is over."""
    expired = state.take_expired(call, limit)
    for token, address in expired:
        found = state.find_by_token(call, address.topic, token)
        if found is not None and found.token_expires_at > call.time():
            continue
        state.forget_token(call, token)
        state.delete_ended(call, address)
        if found is not None and found.pending:
            state.delete_subscription(call, found)
    return len(expired)
