"""Leases: who may work on something stored, fenced so that one who lost it cannot write.

On the cloud's clock, in rows of the store; knows nothing of what is worked on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.rows import Rows

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key, KeyPart


class Lease(Struct, frozen=True):
    """One claim: the epoch grows with every new holder."""

    owner: str
    epoch: int
    expires_at: float


class LeaseLost(Exception):
    """Raised to a holder whose lease ran out and was claimed by another."""


class Leases:
    """The leases of one kind of thing. Every method needs a call with an open transaction."""

    def __init__(self, prefix: Key, seconds: float) -> None:
        self._rows = Rows(prefix, Lease)
        self.seconds = seconds

    def claim(self, call: Call, owner: str, *key: KeyPart) -> Lease | None:
        """The lease, if nobody else holds it now."""
        held = self._rows.find(call, *key)
        if held is not None and held.owner != owner and held.expires_at > call.time():
            return None
        epoch = 1 if held is None else held.epoch + (held.owner != owner)
        lease = Lease(owner, epoch, call.time() + self.seconds)
        self._rows.save(call, lease, *key)
        return lease

    def hold(self, call: Call, lease: Lease, *key: KeyPart) -> None:
        """Renews a lease when half of it has passed. Raises LeaseLost when another has claimed it.

        Called in every transaction that writes on the strength of the lease, so that a late writer fails.
        """
        held = self._rows.find(call, *key)
        if held is None or (held.owner, held.epoch) != (lease.owner, lease.epoch):
            raise LeaseLost
        if held.expires_at - call.time() < self.seconds / 2:
            self._rows.save(call, replace(held, expires_at=call.time() + self.seconds), *key)

    def release(self, call: Call, lease: Lease, *key: KeyPart) -> None:
        """Gives a lease back, if it is still held; its epoch stays, so that fencing goes on."""
        held = self._rows.find(call, *key)
        if held is not None and (held.owner, held.epoch) == (lease.owner, lease.epoch):
            self._rows.save(call, replace(held, owner="", expires_at=0.0), *key)
