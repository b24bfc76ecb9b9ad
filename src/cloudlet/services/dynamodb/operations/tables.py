"""Operations on tables and their indexes.

UpdateTable is in table_updates.py, item operations are in items.py and queries.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import definitions, state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import create_table_permissions, on_table
from cloudlet.services.dynamodb.description import ACTIVE, CREATING, DELETING, UPDATING, describe_table
from cloudlet.services.dynamodb.encryption import wanted_key
from cloudlet.services.dynamodb.errors import ResourceInUseException
from cloudlet.services.dynamodb.model import TableSize
from cloudlet.services.dynamodb.operations.deletions import check_removable, remove_table
from cloudlet.services.dynamodb.operations.policies import checked_policy
from cloudlet.services.dynamodb.policies import ResourcePolicy, next_revision
from cloudlet.services.dynamodb.replica_descriptions import describe_replicas
from cloudlet.services.dynamodb.table_keys import new_encryption
from cloudlet.services.dynamodb.tags import new_tags
from cloudlet.services.dynamodb.throughput import check_quotas

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table

_DEFAULT_PAGE: Final = 100
_GONE: Final = (
    "AttributeDefinitions",
    "KeySchema",
    "CreationDateTime",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
)
"""What DynamoDB does not tell any more of a table that is being deleted."""


@operation("CreateTable", permissions=create_table_permissions)
def create_table(call: Call, request: Request) -> dict[str, Any]:
    """Makes a table; it can be used as soon as the answer is there."""
    if ":" in request["TableName"]:
        request = {**request, "TableName": state.table_name(call, request["TableName"])}
    key_id = wanted_key(request.get("SSESpecification"))
    table = definitions.new_table(request, call.ids.uuid(), call.time())
    table = replace(table, tags=new_tags(request.get("Tags"), by_service=bool(call.via)))
    check_quotas(request, call.region)
    for index in request.get("GlobalSecondaryIndexes", ()):
        check_quotas(index, call.region, index["IndexName"])
    if state.find_table(call, table.name) is not None:
        raise ResourceInUseException(f"Table already exists: {table.name}")
    if "ResourcePolicy" in request:
        text = checked_policy(call, request["ResourcePolicy"])
        table = replace(table, policy=ResourcePolicy(text, next_revision(None, call.time())))
    if key_id is not None:
        table = replace(table, encryption=new_encryption(call, table.name, key_id))
    if request.get("StreamSpecification", {}).get("StreamEnabled"):
        table = state.start_stream(call, table, request["StreamSpecification"]["StreamViewType"])
    state.add_table(call, table)
    return {"TableDescription": _described_new(call, table)}


def _described_new(call: Call, table: Table) -> dict[str, Any]:
    """A table as CreateTable tells it: what follows from other things comes only with DescribeTable."""
    shown = replace(table, on_demand_since=None)
    described = describe_table(shown, TableSize(), _arn(call, table), CREATING)
    if table.warm is None:
        del described["WarmThroughput"]
    for index in described.get("GlobalSecondaryIndexes", ()):
        del index["WarmThroughput"]
    return described


@operation("DescribeTable", permissions=on_table("DescribeTable"), read_only=True)
def describe(call: Call, request: Request) -> dict[str, Any]:
    """A table as it is."""
    call = owner(call, request["TableName"])
    table = state.find_table(call, request["TableName"])
    if table is None or table.restoring is None:
        table = state.managed_table(call, request["TableName"])
    return {"Table": described(call, table.as_of(call.time()), _status(table))}


@operation("ListTables", resource="table/*", read_only=True)
def list_tables(call: Call, request: Request) -> dict[str, Any]:
    """The names of the account's tables in the region, in order."""
    limit = request.get("Limit", _DEFAULT_PAGE)
    names = state.list_table_names(call, request.get("ExclusiveStartTableName"), limit + 1)
    if len(names) <= limit:
        return {"TableNames": names}
    return {"TableNames": names[:limit], "LastEvaluatedTableName": names[limit - 1]}


@operation("DeleteTable", permissions=on_table("DeleteTable"))
def delete_table(call: Call, request: Request) -> dict[str, Any]:
    """Removes a table with its items and indexes; its stream stays readable for a day."""
    call = owner(call, request["TableName"])
    table = state.find_table(call, request["TableName"])
    if table is not None and table.restoring is not None:
        raise ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table: {table.name} is being used."
            if table.replicas
            else "Attempt to change a resource which is still in use: Table is being created: " + table.name
        )
    table = state.managed_table(call, request["TableName"])
    check_removable(call, table)
    if any(index.backfilling for index in table.indexes):
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: "
            "Cannot delete table while indexes are being created, updated, or deleted."
        )
    shown = described(call, table, DELETING)
    remove_table(call, table)
    return {"TableDescription": {key: value for key, value in shown.items() if key not in _GONE}}


def _status(table: Table) -> str:
    if table.restoring is not None:
        return CREATING
    return UPDATING if any(each.status == CREATING for each in table.replicas) else ACTIVE


def described(call: Call, table: Table, status: str) -> dict[str, Any]:
    """A table with its replicas as it is told."""
    siblings = {there.region: sibling for there, sibling in state.siblings(call, table)}
    return {
        **describe_table(table, state.table_size(call, table), _arn(call, table), status),
        **describe_replicas(table, siblings),
    }


def _arn(call: Call, table: Table) -> str:
    return call.arn(f"table/{table.name}")
