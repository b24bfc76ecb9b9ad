"""The program itself, for tests: a server on a thread, on a store that runs transactions twice by chance."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

import uvloop

from cloudlet.app import App, build
from cloudlet.catalogue import OFFERS
from cloudlet.config import Config
from cloudlet.core.clock import SystemClock
from cloudlet.core.services import Offer
from cloudlet.store.unpleasant import UnpleasantStore

Client = Callable[..., Any]
"""Makes boto3 clients, as the fixture of that name does."""

# In the environment, so that the processes that pytest spreads its tests over have the same.
SEED: Final = int(os.environ.setdefault("CLOUDLET_TEST_SEED", str(random.randrange(10**6))))
"""Which transactions are run twice, as after a conflict."""


class RunningServer:
    """A server on a thread of its own, with a loop that tests may hand work to."""

    def __init__(self, config: Config, offers: tuple[Offer, ...] = OFFERS) -> None:
        self.clock = SystemClock()
        self.app: App
        self._loop = uvloop.new_event_loop()
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(config, offers, started), daemon=True)
        self._thread.start()
        started.result(30)

    @property
    def endpoint(self) -> str:
        """The URL that clients call."""
        return self.app.endpoint

    def run(self, coroutine: Any) -> Any:
        """Runs a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def advance(self, seconds: float) -> None:
        """Moves the cloud's clock."""

        async def move() -> None:
            self.clock.advance(seconds)

        self.run(move())

    def close(self) -> None:
        """Stops the server."""
        self.run(self.app.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, config: Config, offers: tuple[Offer, ...], started: Future[None]) -> None:
        asyncio.set_event_loop(self._loop)

        async def start() -> None:
            self.app = await build(config, clock=self.clock, offers=offers)
            self.app.cloud.store = UnpleasantStore(self.app.cloud.store, random.Random(SEED), likelihood=0.2)
            await self.app.start()
            for (
                service
            ) in self.app.cloud.services:  # tests make calls in threads of their own; workers need the loop
                self.app.cloud.services.load(service)

        try:
            self._loop.run_until_complete(start())
        except BaseException as error:
            started.set_exception(error)
            raise
        started.set_result(None)
        self._loop.run_forever()
