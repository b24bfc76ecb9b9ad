"""Provisioned concurrency: environments initialized before anybody calls, and replaced when they end.

How many a version or alias shall have is stored by the operations; nothing of this outlives the server, so
whoever stores it asks again after a start. How environments are made and ended is the pool's.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct, field

from cloudlet.core.errors import ServiceError
from cloudlet.core.sandbox import SandboxError

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.invoke.environment import Environment
    from cloudlet.services.lambda_.invoke.router import Target

INIT_FAILURE: Final = "FUNCTION_ERROR_INIT_FAILURE"
_LOG: Final = logging.getLogger("cloudlet.lambda")


class Provision(Struct, frozen=True):
    """How far a version or alias has got what it shall have."""

    requested: int
    available: int
    trouble: str | None = None
    """AWS's word for why there will be no more, such as FUNCTION_ERROR_INIT_FAILURE."""


class Maker(Protocol):
    """What the pool does for it."""

    async def make(self, call: Call, target: Target, *, provisioned: bool = False) -> Environment:
        """A new environment that is not initialized. Raises ServiceError."""

    def end(self, environment: Environment) -> None:
        """Ends an environment."""

    def expires(self, environment: Environment) -> bool:
        """Whether its credentials would not last for an event."""


class _Kept(Struct):
    """What one version or alias has."""

    call: Call
    target: Target
    requested: int
    idle: list[Environment] = field(default_factory=list)
    busy: set[Environment] = field(default_factory=set)
    trouble: str | None = None
    filling: asyncio.Task[None] | None = None

    @property
    def available(self) -> int:
        return len(self.idle) + len(self.busy)


class Provisioned:
    """The environments of all versions and aliases that have some of their own."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._kept: dict[str, _Kept] = {}

    def keep(self, call: Call, target: Target, count: int) -> None:
        """Begins to keep so many environments for what the target was named as; 0 ends them."""
        arn = target.reference.arn
        kept = self._kept.get(arn)
        if kept is not None and kept.target.version.generation != target.version.generation:
            self._end(arn, kept)
            kept = None
        if count == 0:
            if kept is not None:
                self._end(arn, kept)
            return
        if kept is None:
            kept = self._kept[arn] = _Kept(call, target, count)
        kept.requested, kept.target, kept.trouble = count, target, None
        while kept.idle and kept.available > count:
            self._maker.end(kept.idle.pop())
        self._fill(kept)

    def status(self, arn: str) -> Provision | None:
        """How far it has got; None where nothing is kept."""
        kept = self._kept.get(arn)
        return None if kept is None else Provision(kept.requested, kept.available, kept.trouble)

    def serving(self, target: Target) -> str:
        """For which version or alias that is kept which serves a target; empty where nothing does.

        What is kept for an alias serves its version by all names, as at AWS.
        """
        arn = target.reference.arn
        if not self._kept or arn in self._kept:
            return arn if self._kept else ""
        generation = target.version.generation
        same = (arn for arn, kept in self._kept.items() if kept.target.version.generation == generation)
        return next(same, "")

    def granted(self, arn: str) -> int:
        """How many calls at once are not counted as others are, of those that something serves."""
        kept = self._kept.get(arn)
        return 0 if kept is None else min(kept.available, kept.requested)

    def of_function(self, function_arn: str) -> int:
        """How much all versions and aliases of a function shall have."""
        return sum(
            kept.requested
            for kept in self._kept.values()
            if kept.target.reference.unqualified_arn == function_arn
        )

    def of_account(self, account: str, region: str) -> int:
        """How much the functions have that reserved nothing."""
        named = ((kept.target, kept.target.reference, kept.requested) for kept in self._kept.values())
        return sum(
            requested
            for target, reference, requested in named
            if target.reserved_concurrency is None
            and (reference.account, reference.region) == (account, region)
        )

    def take(self, target: Target) -> Environment | None:
        """One that is ready for an event."""
        kept = self._kept.get(self.serving(target)) if self._kept else None
        if kept is None or kept.target.version.generation != target.version.generation:
            return None
        while kept.idle:
            environment = kept.idle.pop()
            if environment.alive and not self._maker.expires(environment):
                kept.busy.add(environment)
                return environment
            self._maker.end(environment)
            self._fill(kept)
        return None

    def give_back(self, environment: Environment) -> bool:
        """Takes one back after an event; False where it is none of these, or is wanted no more."""
        kept = next((each for each in self._kept.values() if environment in each.busy), None)
        if kept is None:
            return False
        kept.busy.discard(environment)
        if not environment.alive or kept.available >= kept.requested:
            self._fill(kept)
            return False
        kept.idle.append(environment)
        environment.rest()
        return True

    def forget_function(self, function_arn: str) -> None:
        """Ends what a function had that is gone."""
        for arn, kept in list(self._kept.items()):
            if kept.target.reference.unqualified_arn == function_arn:
                self._end(arn, kept)

    def close(self) -> None:
        """Ends everything."""
        for arn, kept in list(self._kept.items()):
            self._end(arn, kept)

    def _end(self, arn: str, kept: _Kept) -> None:
        del self._kept[arn]
        if kept.filling is not None:
            kept.filling.cancel()
        for environment in kept.idle:
            self._maker.end(environment)

    def _fill(self, kept: _Kept) -> None:
        if kept.filling is None or kept.filling.done():
            kept.filling = asyncio.ensure_future(self._make(kept))

    async def _make(self, kept: _Kept) -> None:
        while kept.trouble is None and kept.available < kept.requested:
            try:
                environment = await self._maker.make(kept.call, kept.target, provisioned=True)
            except ServiceError as error:
                kept.trouble = error.message
                return
            try:
                ready = await environment.initialize()
            except SandboxError as error:
                _LOG.error("no environment for %s: %s", kept.target.reference.arn, error)
                kept.trouble, ready = str(error), False
            except BaseException:
                self._maker.end(environment)
                raise
            if not ready:
                self._maker.end(environment)
                kept.trouble = kept.trouble or INIT_FAILURE
                return
            kept.idle.append(environment)
            environment.rest()
