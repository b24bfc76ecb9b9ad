"""Quotas of usage plans: requests are counted in memory and written down together, a moment later.

A killed server forgets what the last moment counted, and no more; servers add up what each has counted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from cloudlet.core.access import Principal
from cloudlet.services.apigateway import metering

from .errors import quota_exceeded

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud

    from .invocation import Invocation

_GATHER_SECONDS: Final = 0.2
_Key: TypeAlias = tuple[str, str, str, str, date]
"""account, region, plan, key, day"""


class UsageCounts:
    """What was counted and not yet written down. A component; by run(), a worker's body too."""

    name: Final = "apigateway-usage"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._counted: Counter[_Key] = Counter()
        self._leaving: Counter[_Key] = Counter()
        self._something = asyncio.Event()

    async def close(self) -> None:
        """Writes down what is left."""
        await self.write()

    def pending(self, call: Call, plan_id: str, key_id: str) -> int:
        """What the store does not know yet."""
        key = (call.account, call.region, plan_id, key_id, metering.today(call))
        return self._counted[key] + self._leaving[key]

    def count(self, call: Call, plan_id: str, key_id: str) -> None:
        """Counts one request."""
        self._counted[call.account, call.region, plan_id, key_id, metering.today(call)] += 1
        self._something.set()

    async def run(self) -> None:
        """Writes down, a little after there is something."""
        while True:
            await self._something.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Writes down all that was counted until now."""
        leaving, self._counted = self._counted, Counter()
        self._something.clear()
        if not leaving:
            return
        self._leaving.update(leaving)
        call = self._cloud.call("apigateway", Principal.of_service("apigateway.amazonaws.com"), "", "")
        try:
            await call.transact(lambda inner: _write(inner, leaving))
        except BaseException:
            self._counted.update(leaving)
            self._something.set()
            raise
        finally:
            self._leaving.subtract(leaving)
            self._leaving += Counter()


def _write(call: Call, counted: Counter[_Key]) -> None:
    for (account, region, plan_id, key_id, day), count in counted.items():
        call.account, call.region = account, region
        metering.add_used(call, plan_id, key_id, count, day)


async def count_request(invocation: Invocation) -> None:
    """Counts a request on its key's account. Raises GatewayError where the quota is used up."""
    admission = invocation.admission
    if admission is None:
        return
    call, counts = invocation.call, invocation.call.cloud.component(UsageCounts)
    left = admission.quota_left
    if left is not None and left - counts.pending(call, admission.plan.id, admission.key_id) <= 0:
        raise quota_exceeded()
    counts.count(call, admission.plan.id, admission.key_id)
