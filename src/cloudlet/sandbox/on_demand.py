"""A driver opened when it is first needed, so that the cloud answers before the kernel is tried out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from cloudlet.core.sandbox import Capabilities, Sandbox, Sandboxes, SandboxSpec, Tmp

if TYPE_CHECKING:
    from cloudlet.core.http import Handler


class SandboxesOnDemand:
    """Implements core.sandbox.Sandboxes by the driver behind it."""

    def __init__(self, opener: Callable[[], Awaitable[Sandboxes]]) -> None:
        self._opener = opener
        self._opening: asyncio.Future[Sandboxes] | None = None

    async def opened(self) -> Sandboxes:
        """The driver; opened once. Raises SandboxError."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._opener())
        return await asyncio.shield(self._opening)

    @property
    def capabilities(self) -> Capabilities:
        """What the driver enforces. Raises RuntimeError before it has been opened."""
        return self._now().capabilities

    def _now(self) -> Sandboxes:
        if self._opening is None or not self._opening.done():
            raise RuntimeError("The sandbox driver has not been opened yet.")
        return self._opening.result()

    async def start(
        self,
        spec: SandboxSpec,
        *,
        runtime_api: Handler,
        output: Callable[[bytes], None],
        output_of_extensions: Callable[[bytes], None] | None = None,
        tmp: Tmp | None = None,
    ) -> Sandbox:
        """Starts a program. Raises SandboxError."""
        sandboxes = await self.opened()
        return await sandboxes.start(
            spec, runtime_api=runtime_api, output=output, output_of_extensions=output_of_extensions, tmp=tmp
        )

    def interpreter(self, runtime: str, release: str) -> str:
        """The version that functions of a release have. Raises RuntimeError before it has been opened."""
        return self._now().interpreter(runtime, release)

    async def prepare(self, runtime: str, release: str) -> None:
        """Has ready what makes the first start of a runtime quick."""
        await (await self.opened()).prepare(runtime, release)

    async def close(self) -> None:
        """Closes the driver, if it was ever opened."""
        if self._opening is not None:
            await (await self._opening).close()
