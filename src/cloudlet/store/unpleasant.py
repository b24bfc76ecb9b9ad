"""A store that runs transactions twice by chance, as an engine across a network does after a conflict.

For tests: what a transaction's function does beside the store shows up as done twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from cloudlet.core.store import Store, Transaction

T = TypeVar("T")


class _Conflict(Exception):
    """The end of a run that is discarded."""


class UnpleasantStore:
    """Wraps a store; `source`, seeded, decides which transactions meet a conflict, `likelihood` how many."""

    def __init__(self, store: Store, source: random.Random, likelihood: float = 0.5) -> None:
        self._store = store
        self._source = source
        self._likelihood = likelihood

    async def transact(self, work: Callable[[Transaction], T], *, read_only: bool = False) -> T:
        """Runs `work`, perhaps once for nothing, then as one transaction."""
        if self._source.random() < self._likelihood:
            await self._run_for_nothing(work, read_only)
        return await self._store.transact(work, read_only=read_only)

    async def close(self) -> None:
        """Closes the store below."""
        await self._store.close()

    async def _run_for_nothing(self, work: Callable[[Transaction], T], read_only: bool) -> None:
        def run(transaction: Transaction) -> None:
            try:
                work(transaction)
            finally:
                raise _Conflict

        try:
            await self._store.transact(run, read_only=read_only)
        except _Conflict:
            return
