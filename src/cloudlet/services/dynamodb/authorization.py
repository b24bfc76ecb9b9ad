"""What IAM judges of DynamoDB's operations: the ARNs of tables and indexes, and the condition keys.

Nothing here decides. A request that is malformed has fewer keys; the operation itself refuses it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.core.arn import find_arn
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.addressing import check_tagged, owner
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import Expressions
from cloudlet.services.dynamodb.values import type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Context, Request
    from cloudlet.services.dynamodb.model import Table

    Judged = Callable[[Call, Any], Sequence[Permission]]

_FILLING: Final = (
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
)
"""What a restore does in the new table."""
_NOBODY: Final = "none"
"""The account of what nobody owns."""
_NO_CONTEXT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
_ACTIONS: Final = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
_EXPRESSIONS: Final = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_ATTRIBUTE_MAPS: Final = (
    "Item",
    "Key",
    "AttributeUpdates",
    "Expected",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
)


def on_table(action: str, context: Callable[[Call, Any], Context] | None = None) -> Judged:
    """The permission for an action on the table that a request names, or on its index."""

    def judge(call: Call, request: Request) -> Sequence[Permission]:
        known = _NO_CONTEXT if context is None else LazyContext(lambda: context(call, request))
        return [permission(call, action, request["TableName"], known, request.get("IndexName"))]

    return judge


def on_resource(action: str, member: str) -> Judged:
    """The permission for an action on the table whose ARN a request has."""

    def judge(call: Call, request: Request) -> Sequence[Permission]:
        return [_on_arn(call, action, request[member])]

    return judge


def _on_arn(call: Call, action: str, arn: str) -> Permission:
    own = find_arn(arn)
    if own is None or (own.account, own.region) != (call.account, call.region):
        return Permission(f"dynamodb:{action}", arn)
    return Permission(f"dynamodb:{action}", arn, resource_policy=policy_of(_find_table(call, arn)))


def on_tagged(action: str) -> Judged:
    """The permission for an action on the tags of the table whose ARN a request has."""

    def judge(call: Call, request: Request) -> Sequence[Permission]:
        text = request["ResourceArn"]
        *account, resource = text.split(":", 5)
        # DynamoDB does not look at what is no ARN at all before IAM has refused to list its tags.
        if action == "ListTagsOfResource" and (len(account) < 5 or "/" not in resource):
            return [Permission(f"dynamodb:{action}", text or "*", resource_account=_NOBODY)]
        check_tagged(text)
        return [permission(call, action, text)]

    return judge


def on_policy(action: str) -> Judged:
    """The permission for an action on a table's or a stream's policy, judged by that policy, too."""
    on_table_arn = on_resource(action, "ResourceArn")

    def judge(call: Call, request: Request) -> Sequence[Permission]:
        if "/stream/" in request["ResourceArn"]:
            return [stream_permission(call, action, request["ResourceArn"])]
        return on_table_arn(call, request)

    return judge


def on_backup(action: str) -> Judged:
    """The permission for an action on the backup that a request names."""
    return lambda _call, request: [Permission(f"dynamodb:{action}", request["BackupArn"])]


def restore_from_backup(call: Call, request: Request) -> Sequence[Permission]:
    """To use the backup, and to make and fill the new table."""
    action = "RestoreTableFromBackup"
    return [Permission(f"dynamodb:{action}", request["BackupArn"]), *_filled(call, request, action)]


def restore_to_moment(call: Call, request: Request) -> Sequence[Permission]:
    """To use the old table, and to make and fill the new one."""
    action = "RestoreTableToPointInTime"
    source = request.get("SourceTableArn") or table_arn(call, request.get("SourceTableName") or "*")
    return [_on_arn(call, action, source), *_filled(call, request, action)]


def _filled(call: Call, request: Request, action: str) -> list[Permission]:
    arn = table_arn(call, request["TargetTableName"])
    return [Permission(f"dynamodb:{each}", arn) for each in (action, *_FILLING)]


def create_table_permissions(call: Call, request: Request) -> Sequence[Permission]:
    """CreateTable, and PutResourcePolicy for a table that begins with a policy."""
    actions = ["CreateTable", "PutResourcePolicy"] if "ResourcePolicy" in request else ["CreateTable"]
    arn = table_arn(call, request["TableName"])
    return [Permission(f"dynamodb:{action}", arn) for action in actions]


def permission(
    call: Call,
    action: str,
    name: str,
    context: Mapping[str, tuple[str, ...]] = _NO_CONTEXT,
    index: str | None = None,
) -> Permission:
    """The permission for an action on a table by its name or ARN, with the table's own policy."""
    # Every request on items comes here: its own table, by name, is found without a detour.
    if ":" in name:
        own, arn = owner(call, name), name
        table = _find_table(own, name)
    else:
        own, arn = call, f"arn:aws:dynamodb:{call.region}:{call.account}:table/{name}"
        table = _find_own(call, name)
    return Permission(
        f"dynamodb:{action}",
        arn if index is None else f"{arn}/index/{index}",
        context,
        policy_of(table),
        None if own is call else own.account,
    )


def stream_permission(call: Call, action: str, arn: str) -> Permission:
    """The permission for an action on a stream, with the stream's own policy."""
    parsed = find_arn(arn)
    found = None
    if parsed is not None and (parsed.account, parsed.region) == (call.account, call.region):
        name, _, label = parsed.resource.removeprefix("table/").partition("/stream/")
        found = state.find_stream(call, name, label)
    policy = None if found is None or found.policy is None else found.policy.document
    return Permission(f"dynamodb:{action}", arn, resource_policy=policy)


def policy_of(table: Table | None) -> PolicyDocument | None:
    """The policy that IAM judges by beside the caller's own."""
    return None if table is None or table.policy is None else table.policy.document


def table_arn(call: Call, name_or_arn: str) -> str:
    """The ARN of a table that is named by name or ARN."""
    return name_or_arn if ":" in name_or_arn else call.arn(f"table/{name_or_arn}")


def write_context(call: Call, request: Request) -> Context:
    """The condition keys of a write of one item."""
    item = request.get("Key") or request.get("Item") or {}
    return {
        **_leading_keys(call, request["TableName"], (item,)),
        **_attributes(call, request),
        **_parameters(request),
    }


def read_context(call: Call, request: Request) -> Context:
    """The condition keys of GetItem, Query and Scan."""
    keys = (request["Key"],) if "Key" in request else _queried_keys(call, request)
    return {
        **_leading_keys(call, request["TableName"], keys),
        **_attributes(call, request),
        **_parameters(request),
        "dynamodb:Select": (_select(request),),
    }


def batch_permissions(call: Call, request: Request, action: str) -> Sequence[Permission]:
    """One permission for each table of BatchGetItem or BatchWriteItem."""
    return [
        permission(
            call, action, name, _known({**_batch_context(call, name, requested), **_parameters(request)})
        )
        for name, requested in request["RequestItems"].items()
    ]


def transaction_permissions(call: Call, request: Request) -> Sequence[Permission]:
    """One permission for each action of a transaction, judged as the action alone would be."""
    enclosing = {"dynamodb:EnclosingOperation": (_enclosing(request),)}
    return [
        permission(
            call,
            _ACTIONS.get(kind, "ConditionCheckItem"),
            action["TableName"],
            _known({**(read_context if kind == "Get" else write_context)(call, action), **enclosing}),
        )
        for requested in request["TransactItems"]
        for kind, action in requested.items()
    ]


def _enclosing(request: Request) -> str:
    reads = any("Get" in requested for requested in request["TransactItems"])
    return "TransactGetItems" if reads else "TransactWriteItems"


def _known(context: Context) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in context.items()}


def _batch_context(call: Call, name: str, requested: Any) -> Context:
    if isinstance(requested, dict):
        keys = _leading_keys(call, name, requested["Keys"])
        return {**keys, **_attributes(call, requested), "dynamodb:Select": (_select(requested),)}
    items = [
        each.get("PutRequest", {}).get("Item") or each.get("DeleteRequest", {}).get("Key") or {}
        for each in requested
    ]
    names = sorted({attribute for item in items for attribute in item})
    return {**_leading_keys(call, name, items), "dynamodb:Attributes": names}


def _leading_keys(call: Call, name: str, items: Iterable[Mapping[str, Any]]) -> Context:
    """dynamodb:LeadingKeys: the partition keys that a request names."""
    table = _find_table(call, name)
    if table is None:
        return {}
    values = (item.get(table.keys.partition) for item in items)
    keys = [key_text(value) for value in values if value]
    return {"dynamodb:LeadingKeys": keys} if keys else {}


def _find_own(call: Call, name: str) -> Table | None:
    try:
        return state.find_table(call, name)
    except ValidationException:
        return None


def _find_table(call: Call, name: str) -> Table | None:
    try:
        return state.find_table(owner(call, name), name)
    except ValidationException:
        return None


def _queried_keys(call: Call, request: Request) -> tuple[Mapping[str, Any], ...]:
    """What a query says of keys, as if it were an item; an index's partition key counts as the table's."""
    table = _find_table(call, request["TableName"])
    if table is None:
        return ()
    index = table.find_index(request["IndexName"]) if "IndexName" in request else None
    partition = (table.keys if index is None else index.keys).partition
    for attribute, value in _equalities(call, request):
        if attribute == partition:
            return ({table.keys.partition: value},)
    return ()


def _equalities(call: Call, request: Request) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, condition in request.get("KeyConditions", {}).items():
        if condition.get("ComparisonOperator") == "EQ" and condition.get("AttributeValueList"):
            yield name, condition["AttributeValueList"][0]
    if "KeyConditionExpression" not in request:
        return
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    try:
        compiled = call.cloud.component(Expressions).key_condition(request["KeyConditionExpression"], names)
    except ValidationException:
        return
    for part in compiled.parts:
        if part.operator == "=" and part.values[0] in values:
            yield part.attribute, values[part.values[0]]


def _attributes(call: Call, request: Mapping[str, Any]) -> Context:
    """dynamodb:Attributes: every attribute that a request names."""
    found = {name for member in _ATTRIBUTE_MAPS for name in request.get(member, ())}
    found.update(request.get("AttributesToGet", ()))
    for member in _EXPRESSIONS:
        if member in request:
            found.update(_attributes_of(call, member, request[member], request))
    return {"dynamodb:Attributes": sorted(found)} if found else {}


def _attributes_of(call: Call, member: str, text: str, request: Mapping[str, Any]) -> set[str]:
    expressions, names = call.cloud.component(Expressions), request.get("ExpressionAttributeNames", {})
    try:
        if member == "UpdateExpression":
            paths = expressions.update(text, names).paths
        elif member == "ProjectionExpression":
            paths = expressions.projection(text, names).paths
        elif member == "KeyConditionExpression":
            paths = expressions.key_condition(text, names).condition.paths
        else:
            paths = expressions.condition(member, text, names).paths
    except ValidationException:
        return set()
    return {str(path[0]) for path in paths}


def _parameters(request: Mapping[str, Any]) -> Context:
    return {
        f"dynamodb:{member}": (request[member],)
        for member in ("ReturnValues", "ReturnConsumedCapacity")
        if member in request
    }


def _select(request: Mapping[str, Any]) -> str:
    if "Select" in request:
        return str(request["Select"])
    if "ProjectionExpression" in request or "AttributesToGet" in request:
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if "IndexName" in request else "ALL_ATTRIBUTES"


def key_text(value: dict[str, Any]) -> str:
    """A key's value as policies name it in dynamodb:LeadingKeys."""
    content = value[type_of(value)]
    return content.decode("latin-1") if isinstance(content, bytes) else str(content)
