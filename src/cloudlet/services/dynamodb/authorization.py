"""What IAM judges of DynamoDB's operations: the ARNs of tables and indexes, and the leading keys.

Nothing here decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.access import Permission
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.values import type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Context, Request


def table_arn(call: Call, name_or_arn: str) -> str:
    """The ARN of a table that is named by name or ARN."""
    return name_or_arn if ":" in name_or_arn else call.arn(f"table/{name_or_arn}")


def table_resource(call: Call, request: Request) -> str:
    """The table an operation is about."""
    return table_arn(call, request["TableName"])


def read_resource(call: Call, request: Request) -> str:
    """The table or the index that Query or Scan reads."""
    arn = table_resource(call, request)
    return f"{arn}/index/{request['IndexName']}" if "IndexName" in request else arn


def leading_key(call: Call, request: Request) -> Context:
    """dynamodb:LeadingKeys of an operation on one item."""
    return leading_keys(call, request["TableName"], (request.get("Key") or request.get("Item") or {},))


def leading_keys(call: Call, name: str, items: Iterable[Mapping[str, Any]]) -> Context:
    """dynamodb:LeadingKeys: the partition keys that a request names."""
    table = state.find_table(call, name)
    if table is None:
        return {}
    values = (item.get(table.keys.partition) for item in items)
    return {"dynamodb:LeadingKeys": [_text(value) for value in values if value]}


def permission(call: Call, action: str, name: str, items: Iterable[Mapping[str, Any]]) -> Permission:
    """The permission for an action on some items of a table."""
    context = {key: tuple(values) for key, values in leading_keys(call, name, items).items()}
    return Permission(action=f"dynamodb:{action}", resource=table_arn(call, name), context=context)


def batch_permissions(call: Call, request: Request, action: str) -> Sequence[Permission]:
    """One permission for each table of BatchGetItem or BatchWriteItem."""
    return [
        permission(call, action, name, _items_of(requested))
        for name, requested in request["RequestItems"].items()
    ]


def transaction_permissions(call: Call, request: Request) -> Sequence[Permission]:
    """One permission for each action of a transaction, judged as the action alone would be."""
    actions = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
    return [
        permission(
            call,
            actions.get(kind, "ConditionCheckItem"),
            action["TableName"],
            (action.get("Key") or action.get("Item") or {},),
        )
        for requested in request["TransactItems"]
        for kind, action in requested.items()
    ]


def _items_of(requested: Any) -> list[Mapping[str, Any]]:
    if isinstance(requested, dict):
        return list(requested["Keys"])
    return [
        each.get("PutRequest", {}).get("Item") or each.get("DeleteRequest", {}).get("Key") or {}
        for each in requested
    ]


def _text(value: dict[str, Any]) -> str:
    if not value:
        return ""
    content = value[type_of(value)]
    return content.decode("latin-1") if isinstance(content, bytes) else str(content)
