"""Consumed capacity as DynamoDB counts it: what a read or a write costs, and how an answer says so.

Nothing here limits anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.dynamodb.model import Index

READ_UNIT_BYTES: Final = 4096
WRITE_UNIT_BYTES: Final = 1024
TRANSACTION_FACTOR: Final = 2.0


def read_units(size_bytes: int, *, consistent: bool) -> float:
    """What it costs to read so many bytes in one go."""
    units = max(1, -(-size_bytes // READ_UNIT_BYTES))
    return float(units) if consistent else units / 2


def write_units(old_bytes: int, new_bytes: int) -> float:
    """What it costs to replace an item by another; the larger counts."""
    return float(max(1, -(-max(old_bytes, new_bytes) // WRITE_UNIT_BYTES)))


class Consumed(Struct):
    """The capacity that one request consumed of one table."""

    table_name: str
    table: float = 0.0
    local_indexes: dict[str, float] = field(default_factory=dict)
    global_indexes: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All of it."""
        return self.table + sum(self.local_indexes.values()) + sum(self.global_indexes.values())

    def add_index(self, index: Index, units: float) -> None:
        """Counts what an index consumed."""
        arms = self.local_indexes if index.local else self.global_indexes
        arms[index.name] = arms.get(index.name, 0.0) + units

    def times(self, factor: float) -> Consumed:
        """So many times as much."""
        local = {name: units * factor for name, units in self.local_indexes.items()}
        global_ = {name: units * factor for name, units in self.global_indexes.items()}
        return Consumed(self.table_name, self.table * factor, local, global_)

    def merge(self, other: Consumed) -> None:
        """Counts what another action of the same request consumed of the same table."""
        self.table += other.table
        for arms, others in (
            (self.local_indexes, other.local_indexes),
            (self.global_indexes, other.global_indexes),
        ):
            for name, units in others.items():
                arms[name] = arms.get(name, 0.0) + units

    def describe(self, wanted: str, *, member: str | None = None, factor: float = 1.0) -> dict[str, Any]:
        """The answer's ConsumedCapacity. `member` repeats the units as transactions do."""

        def units(value: float) -> dict[str, float]:
            value *= factor
            return {"CapacityUnits": value, member: value} if member else {"CapacityUnits": value}

        answer: dict[str, Any] = {"TableName": self.table_name, **units(self.total)}
        if wanted == "INDEXES":
            answer["Table"] = units(self.table)
            for key, arms in (
                ("LocalSecondaryIndexes", self.local_indexes),
                ("GlobalSecondaryIndexes", self.global_indexes),
            ):
                if arms:
                    answer[key] = {name: units(value) for name, value in arms.items()}
        return answer


def wants_capacity(request: Mapping[str, Any]) -> str | None:
    """TOTAL or INDEXES, or None where the request asks for no capacity."""
    wanted = request.get("ReturnConsumedCapacity", "NONE")
    return None if wanted == "NONE" else str(wanted)
