"""LastProcessingResult: what the last batch of a stream's mapping ended with.

Written only when it changes, so that a mapping that works costs no writes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import AccessDenied
from cloudlet.services.lambda_.event_sources import access, state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.errors import ServiceError
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

OK: Final = "OK"
CALL_FAILED: Final = "PROBLEM: Function call failed"
_LOG: Final = logging.getLogger("cloudlet.lambda")


class Reports:
    """What is told of one mapping."""

    def __init__(self, call: Call, uuid: str) -> None:
        self._call = call
        self._uuid = uuid
        self._last: str | None = None

    async def tell(self, result: str) -> None:
        """Writes a result that differs from the last."""
        if result != self._last:
            self._last = result
            await self._call.transact(self._store)

    async def problem(self, mapping: EventSourceMapping, error: ServiceError) -> None:
        """Tells why nothing can be read."""
        _LOG.warning("mapping %s cannot read %s: %s", mapping.uuid, mapping.source_arn, error)
        text = error.message
        if isinstance(error, AccessDenied):
            text = access.no_access(mapping.source_arn)
        await self.tell(f"PROBLEM: {text}")

    def _store(self, call: Call) -> None:
        if self._last is not None and state.find_mapping(call, self._uuid) is not None:
            state.save_result(call, self._uuid, self._last)
