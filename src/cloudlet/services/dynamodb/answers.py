"""What several operations put into their answers.

Nothing here writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.expressions import CompiledProjection
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

_GIGABYTE: Final = 1 << 30


def projected(item: Item, projection: CompiledProjection | None) -> Item:
    """The item, or what a projection leaves of it."""
    return item if projection is None else projection.of(item)


def collection_metrics(call: Call, table: Table, item: Item) -> dict[str, Any] | None:
    """The ItemCollectionMetrics of an item's partition; only tables with local indexes have any."""
    if not table.local_indexes:
        return None
    name = table.keys.partition
    gigabytes = state.collection_size(call, table, item) // _GIGABYTE
    return {"ItemCollectionKey": {name: item[name]}, "SizeEstimateRangeGB": [gigabytes, gigabytes + 1]}
