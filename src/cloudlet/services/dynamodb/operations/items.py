"""Operations on single items.

What the writes have in common stands in writes.py; nothing here names keys of the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import keys, state, writes
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.answers import collection_metrics, projected
from cloudlet.services.dynamodb.authorization import on_table, read_context, write_context
from cloudlet.services.dynamodb.capacity import Consumed, read_units, wants_capacity
from cloudlet.services.dynamodb.expressions.projections import projection_of
from cloudlet.services.dynamodb.reads import read_projection
from cloudlet.services.dynamodb.throttling import READ, WRITE, take
from cloudlet.services.dynamodb.values import checked_item, item_size

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item
    from cloudlet.services.dynamodb.writes import Outcome, Write


@operation("GetItem", permissions=on_table("GetItem", read_context), read_only=True)
def get_item(call: Call, request: Request) -> dict[str, Any]:
    """One item by its key."""
    projection = read_projection(call, request)
    key = checked_item(request["Key"])
    call = owner(call, request["TableName"])
    table = state.table(call, request["TableName"])
    keys.check_key(table, key)
    if projection is not None:
        keys.check_paths(table, projection.paths)
    item = state.find_item(call, table, key)
    answer: dict[str, Any] = {} if item is None else {"Item": projected(item, projection)}
    wanted = wants_capacity(request)
    if wanted or call.cloud.throughput_limits:
        consistent = request.get("ConsistentRead", False)
        consumed = Consumed(table.name, read_units(item_size(item) if item else 0, consistent=consistent))
        take(call, table, READ, consumed)
        if wanted:
            answer["ConsumedCapacity"] = consumed.describe(wanted)
    return answer


@operation("PutItem", permissions=on_table("PutItem", write_context))
def put_item(call: Call, request: Request) -> dict[str, Any]:
    """Writes a whole item."""
    with writes.as_constraint():
        write = writes.read_put(call, request)
    return _written(call, request, write)


@operation("DeleteItem", permissions=on_table("DeleteItem", write_context))
def delete_item(call: Call, request: Request) -> dict[str, Any]:
    """Removes an item; one that is not there is no error."""
    with writes.as_constraint():
        write = writes.read_delete(call, request)
    return _written(call, request, write)


@operation("UpdateItem", permissions=on_table("UpdateItem", write_context))
def update_item(call: Call, request: Request) -> dict[str, Any]:
    """Changes attributes of an item, which is made if it is not there."""
    with writes.as_constraint():
        write = writes.read_update(call, request)
    writes.check_charge(write)
    return _written(call, request, write)


def _written(call: Call, request: Request, write: Write) -> dict[str, Any]:
    call = owner(call, request["TableName"])
    table = state.table(call, request["TableName"])
    writes.check_against(table, write)
    wanted = wants_capacity(request)
    consumed = Consumed(table.name) if wanted or call.cloud.throughput_limits else None
    returned = request.get("ReturnValues", "NONE")
    outcome = writes.perform(call, table, write, consumed, want_old=returned != "NONE")
    if consumed is not None:
        take(call, table, WRITE, consumed)
    answer: dict[str, Any] = {}
    if returned != "NONE":
        attributes = _returned(returned, write, outcome)
        if attributes:
            answer["Attributes"] = attributes
    if wanted and consumed is not None:
        answer["ConsumedCapacity"] = consumed.describe(wanted)
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        answer.update(_metrics(call, table, write))
    return answer


def _metrics(call: Call, table: Table, write: Write) -> dict[str, Any]:
    metrics = collection_metrics(call, table, write.subject)
    return {} if metrics is None else {"ItemCollectionMetrics": metrics}


def _returned(returned: str, write: Write, outcome: Outcome) -> Item | None:
    if returned == "ALL_OLD":
        return outcome.old
    if returned == "ALL_NEW":
        return outcome.new
    item = outcome.old if returned == "UPDATED_OLD" else outcome.new
    if item is None:
        return None
    if write.expressions.update is not None:
        return projection_of(write.expressions.update.targets).of(item)
    if write.updates is not None:
        return projection_of((name,) for name in write.updates.attributes).of(item)
    return None
