"""The store of one process on an engine of its own: runs transactions on the loop, one after the other.

Knows no engine by name, and no transaction is ever open across an await, so none sees another's half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from cloudlet.store.errors import StoreFailed
from cloudlet.store.group import Group, GroupSync, Log
from cloudlet.store.keys import KeyEncoder
from cloudlet.store.transaction import BufferedTransaction, ReadOnlyTransaction, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.store import Transaction

T = TypeVar("T")


class Engine(Rows, Log, Protocol):
    """Rows on a disk, with a log."""

    def write(self, erased: list[tuple[bytes, bytes]], writes: dict[bytes, bytes | None]) -> None:
        """Removes the ranges, then writes the rows: all or nothing, visible at once. Raises StoreFailed."""


class EmbeddedStore:
    """cloudlet.core.store.Store on an Engine."""

    def __init__(self, engine: Engine, on_fatal: Callable[[StoreFailed], None]) -> None:
        self._engine = engine
        self._keys = KeyEncoder()
        self._groups = GroupSync(engine, on_fatal)

    async def transact(self, work: Callable[[Transaction], T], *, read_only: bool = False) -> T:
        """Runs `work` as one transaction and returns its result once all it saw and wrote is on disk."""
        groups = self._groups
        if groups.is_held and not read_only:
            await groups.released()
        groups.check()
        kind = ReadOnlyTransaction if read_only else BufferedTransaction
        transaction = kind(self._engine, self._keys, None if groups.is_clean else groups)
        try:
            result = work(transaction)
        except Exception:
            # That something is there, or is not, may be all that the error says.
            if transaction.saw is not None:
                await groups.synced(transaction.saw)
            raise
        if transaction.writes or transaction.erased:
            await groups.synced(self._commit(transaction))
            return result
        if transaction.saw is not None:
            await groups.synced(transaction.saw)
        for action in transaction.actions:
            action()
        return result

    def _commit(self, transaction: BufferedTransaction) -> Group:
        try:
            self._engine.write(transaction.erased, transaction.writes)
        except StoreFailed as error:
            raise self._groups.fail(error) from error
        return self._groups.join(transaction.writes, bool(transaction.erased), transaction.actions)

    async def close(self) -> None:
        """Syncs and closes; further calls fail."""
        await self._groups.close()
