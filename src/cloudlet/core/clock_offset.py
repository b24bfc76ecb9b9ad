"""How far the clock was moved, kept in the store: the cloud's time goes back at no restart, and at no reset.

What was stored on a moved clock, such as the end of a lease, would else lie far in the future.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.clock import Clock
    from cloudlet.core.store import Store, Transaction

_KEY: Final = ("cloudlet", "clock-offset")


async def restore(store: Store, clock: Clock) -> None:
    """Moves a new clock to where the last one on this store was moved."""
    clock.advance(await store.transact(seconds, read_only=True))


async def advance(store: Store, clock: Clock, more: float) -> None:
    """Moves the clock forward; first on disk, so that nothing can be stored on a time that gets lost."""
    await store.transact(lambda transaction: save(transaction, seconds(transaction) + more))
    clock.advance(more)


def seconds(transaction: Transaction) -> float:
    """By how much the clock was moved."""
    value = transaction.get(_KEY)
    return 0.0 if value is None else float(value)


def save(transaction: Transaction, moved_by: float) -> None:
    """Writes by how much the clock was moved."""
    transaction.put(_KEY, repr(moved_by).encode())
