"""Where mapping templates are rendered that take long. Loads no template before there is one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud

    from .invocation import Invocation
    from .vtl.template import Template


class TemplateThread:
    """The thread of the long ones: one for all, so that they cannot take the threads that others need."""

    def __init__(self, cloud: Cloud) -> None:
        self._threads = ThreadPoolExecutor(1, "mapping-templates")

    async def close(self) -> None:
        """Ends the thread; what has not begun never will."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def render(self, template: Template, invocation: Invocation, body: str) -> str:
        """What a template makes of a body. Raises TemplateError."""
        variables = invocation.variables(body)
        return await asyncio.get_running_loop().run_in_executor(self._threads, template.render, variables)
