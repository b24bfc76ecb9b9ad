"""Holds tables and global indexes to their provisioned throughput, with what they left unused for bursts.

Only where the server is asked to; CloudWatch is told in any case. What was used is known to this server
alone, and forgotten with it.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.dynamodb.capacity import Consumed
from cloudlet.services.dynamodb.errors import ProvisionedThroughputExceededException
from cloudlet.services.dynamodb.metrics import count_consumed
from cloudlet.services.dynamodb.model import PROVISIONED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.model import Table, Throughput

READ: Final = "read"
WRITE: Final = "write"
OF_TABLE: Final = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
OF_INDEX: Final = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table "
    "was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary "
    "indexes with the UpdateTable API"
)
_METRICS: Final = {READ: "ConsumedReadCapacityUnits", WRITE: "ConsumedWriteCapacityUnits"}
_BURST_SECONDS: Final = 300.0
_MOST_BUCKETS: Final = 10_000
Place = tuple[str, str, str]
"""A table's id, an index or nothing, and what is done."""


class ProvisionedLimits:
    """How much each table and index has left: a bucket that fills with every second, up to five minutes."""

    def __init__(self) -> None:
        self._left: dict[Place, tuple[float, float]] = {}

    async def close(self) -> None:
        """Forgets everything."""
        self._left.clear()

    def refusal(self, call: Call, table: Table, kind: str, consumed: Consumed) -> str | None:
        """Why a table has not enough left for something, or None if it has."""
        if table.billing_mode != PROVISIONED:
            return None
        for index_name, rate, units in _wanted(table, kind, consumed):
            left = self._now(call, table, index_name, kind, rate)
            if left < min(units, rate * _BURST_SECONDS):
                return OF_INDEX if index_name else OF_TABLE
        return None

    def spend(self, call: Call, table: Table, kind: str, consumed: Consumed) -> None:
        """Takes what something has used."""
        if table.billing_mode != PROVISIONED:
            return
        for index_name, rate, units in _wanted(table, kind, consumed):
            left = self._now(call, table, index_name, kind, rate) - units
            if len(self._left) >= _MOST_BUCKETS:
                del self._left[next(iter(self._left))]
            self._left[(table.id, index_name, kind)] = (left, call.time())

    def _now(self, call: Call, table: Table, index_name: str, kind: str, rate: float) -> float:
        left, then = self._left.get((table.id, index_name, kind), (rate, table.created))
        return min(left + (call.time() - then) * rate, rate * _BURST_SECONDS)


def take(call: Call, table: Table, kind: str, consumed: Consumed) -> None:
    """Takes what a request uses, once it is done. Raises ProvisionedThroughputExceededException."""
    if call.cloud.throughput_limits:
        refusal = call.cloud.component(ProvisionedLimits).refusal(call, table, kind, consumed)
        if refusal is not None:
            raise ProvisionedThroughputExceededException(refusal)
    spend(call, table, kind, consumed)


def spend(call: Call, table: Table, kind: str, consumed: Consumed) -> None:
    """Takes it whether it is there or not. A transaction may be run again; it pays once."""
    used = consumed.times(1.0)  # a batch may go on adding to what one statement consumed
    call.transaction.after_commit(lambda: _spent(call, table, kind, used))


def _spent(call: Call, table: Table, kind: str, used: Consumed) -> None:
    if call.cloud.throughput_limits:
        call.cloud.component(ProvisionedLimits).spend(call, table, kind, used)
    count_consumed(call, _METRICS[kind], used)


def has_left(call: Call, table: Table, kind: str, consumed: Consumed, more: float) -> bool:
    """Whether a batch that has used so much already may use more of its table."""
    used = Consumed(table.name, consumed.table + more, consumed.local_indexes, consumed.global_indexes)
    return call.cloud.component(ProvisionedLimits).refusal(call, table, kind, used) is None


def _wanted(table: Table, kind: str, consumed: Consumed) -> Iterator[tuple[str, float, float]]:
    """What is wanted of the table and its global indexes, with how much each has a second."""
    units = consumed.table + sum(consumed.local_indexes.values())
    if units:
        yield "", _rate(table.throughput, kind), units
    for index in table.global_indexes:
        if units := consumed.global_indexes.get(index.name, 0.0):
            yield index.name, _rate(index.throughput, kind), units


def _rate(throughput: Throughput, kind: str) -> float:
    return float(throughput.read_units if kind == READ else throughput.write_units)
