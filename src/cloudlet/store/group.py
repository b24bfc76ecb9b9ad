"""Group commit: many transactions, one sync of the log, in one thread; then the answers.

Knows nothing of keys' meaning or of an engine's files. A failed sync is never tried again: the kernel may
have dropped the pages that it could not write, so a second sync that succeeds proves nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from cloudlet.store.errors import StoreClosed, StoreError, StoreFailed
from cloudlet.store.thread import WorkThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_KEYS_SEARCHED: Final = 512
"""Among more unsynced keys than this a range is taken to hold one of them, rather than searched for."""


class Log(Protocol):
    """What an engine does for durability."""

    def seal(self) -> None:
        """On the loop: ends what is to be synced. Raises StoreFailed."""

    def sync(self) -> None:
        """In the thread: returns when all that was sealed is on disk."""

    def wants_upkeep(self) -> bool:
        """Whether upkeep should run now, with writers held back."""

    def upkeep(self) -> None:
        """In the thread, while nobody writes: keeps the log short."""

    def close(self) -> None:
        """In the thread: syncs and closes."""


class Group:
    """The transactions that share one sync."""

    __slots__ = ("actions", "everything", "keys", "waiters")

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.everything = False
        self.waiters: list[asyncio.Future[None]] = []
        self.actions: list[Callable[[], None]] = []

    def has_within(self, first: bytes, last: bytes) -> bool:
        """Whether it changed (or may have changed) a key of a range."""
        if self.everything or len(self.keys) > _KEYS_SEARCHED:
            return True
        return any(first <= key < last for key in self.keys)


class GroupSync:
    """Syncs a log group by group. While one group is synced, the next forms."""

    def __init__(self, log: Log, on_fatal: Callable[[StoreFailed], None]) -> None:
        self._log = log
        self._on_fatal = on_fatal
        self._thread = WorkThread("store-sync")
        self._forming: Group | None = None
        self._syncing: Group | None = None
        self._busy = False
        self._gate: asyncio.Future[None] | None = None
        self._closing = False
        self.refusal: StoreError | None = None

    @property
    def is_clean(self) -> bool:
        """Whether all that was written is on disk."""
        return self._forming is None and self._syncing is None

    @property
    def is_held(self) -> bool:
        """Whether writers must wait for `released` before they begin."""
        return self._gate is not None

    def newest_of(self, seen: Group | None, key: bytes) -> Group | None:
        """The newer of a group already seen and the unsynced one that last changed a key."""
        for group in (self._forming, self._syncing):
            if group is not None and (group is seen or group.everything or key in group.keys):
                return group
        return seen

    def newest_within(self, seen: Group | None, first: bytes, last: bytes) -> Group | None:
        """The newer of a group already seen and the unsynced one that last changed a key of a range."""
        for group in (self._forming, self._syncing):
            if group is not None and (group is seen or group.has_within(first, last)):
                return group
        return seen

    def join(self, keys: Iterable[bytes], everything: bool, actions: list[Callable[[], None]]) -> Group:
        """Makes a transaction that was just written part of the forming group."""
        group = self._forming
        if group is None:
            group = self._forming = Group()
            asyncio.get_running_loop().call_soon(self._end_of_turn)
        group.keys.update(keys)
        group.everything |= everything
        group.actions += actions
        return group

    def synced(self, group: Group) -> asyncio.Future[None]:
        """Done when a group is on disk. A future for each waiter, so that one may be cancelled alone."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if group is self._forming or group is self._syncing:
            group.waiters.append(waiter)
        else:
            waiter.set_result(None)
        return waiter

    def check(self) -> None:
        """Raises what speaks against going on; a new error each time, as an error gathers its tracebacks."""
        if self.refusal is not None:
            raise type(self.refusal)(*self.refusal.args)

    async def released(self) -> None:
        """Returns when writers may go on."""
        while self._gate is not None:
            await asyncio.wait([self._gate])

    def fail(self, error: BaseException) -> StoreFailed:
        """Takes no more, tells all who wait, and calls the hook; the error to raise."""
        failure = StoreFailed(f"The store could not write to its disk and takes no more: {error}")
        failure.__cause__ = error
        groups = (self._syncing, self._forming)
        self._forming = self._syncing = None
        first = self.refusal is None
        self.refusal = failure
        for group in groups:
            for waiter in group.waiters if group else ():
                if not waiter.done():
                    waiter.set_exception(StoreFailed(str(failure)))
        self._open_gate()
        if first:
            self._on_fatal(failure)
        return failure

    async def close(self) -> None:
        """Syncs what is unsynced, then closes the log; the second call does nothing."""
        if self._closing:
            return
        self._closing = True
        while self.refusal is None and (self._forming or self._syncing or self._gate):
            await self._idle()
        self.refusal = StoreClosed("The store is closed.")
        closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._thread.run(self._log.close, lambda error: _settle(closed, error))
        try:
            await closed
        finally:
            self._thread.end()

    async def _idle(self) -> None:
        if group := self._forming or self._syncing:
            await asyncio.gather(self.synced(group), return_exceptions=True)
        elif self._gate is not None:
            await self.released()

    def _end_of_turn(self) -> None:
        if not self._busy and self._forming is not None:
            self._start()

    def _start(self) -> None:
        try:
            self._log.seal()
        except StoreFailed as error:
            self.fail(error)
            return
        self._syncing, self._forming = self._forming, None
        self._in_thread(self._log.sync, self._on_synced)

    def _on_synced(self, error: Exception | None) -> None:
        self._busy = False
        group = self._syncing
        if group is None:
            return
        if error is not None:
            self.fail(error)
            return
        self._syncing = None
        loop = asyncio.get_running_loop()
        for action in group.actions:
            loop.call_soon(action)
        for waiter in group.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._next()

    def _next(self) -> None:
        if self._log.wants_upkeep():
            self._hold()
        elif self._forming is not None:
            self._start()

    def _hold(self) -> None:
        try:
            self._log.seal()
        except StoreFailed as error:
            self.fail(error)
            return
        self._gate = asyncio.get_running_loop().create_future()
        self._in_thread(self._log.upkeep, self._on_upkeep)

    def _on_upkeep(self, error: Exception | None) -> None:
        self._busy = False
        self._open_gate()
        if error is not None:
            self.fail(error)
        elif self._forming is not None:
            self._start()

    def _open_gate(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.set_result(None)

    def _in_thread(self, call: Callable[[], None], then: Callable[[Exception | None], None]) -> None:
        self._busy = True
        self._thread.run(call, then)


def _settle(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
