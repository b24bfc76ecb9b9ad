"""INSERT, UPDATE, DELETE and EXISTS as the requests that write or check one item.

Nothing is done here: the requests are read and performed as those of the item operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.syntax import And, Function, Or, Path
from cloudlet.services.dynamodb.partiql.key_search import INCOMPLETE_KEY, split_key
from cloudlet.services.dynamodb.partiql.syntax import Delete, Exists, Insert, Select, Update
from cloudlet.services.dynamodb.partiql.writing import Writer
from cloudlet.services.dynamodb.writes import CHECK, DELETE, PUT, UPDATE

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.expressions.syntax import Condition
    from cloudlet.services.dynamodb.model import Table


def requested(table: Table, statement: Insert | Update | Delete | Exists) -> tuple[str, dict[str, Any]]:
    """The kind of write and its request, as an action of TransactWriteItems. Raises ValidationException."""
    if isinstance(statement, Insert):
        return PUT, _insert(table, statement)
    if isinstance(statement, Update):
        return UPDATE, _update(table, statement)
    if isinstance(statement, Delete):
        return DELETE, _delete(table, statement)
    return CHECK, _check(table, statement.select)


def key_of(table: Table, statement: Select) -> dict[str, Any] | None:
    """The key of the one item that a SELECT reads by its key alone; None for any other."""
    if statement.source.index is not None:
        return None
    split = split_key(statement.where, table.keys.attributes, statement.values)
    return None if split is None or split[1] else split[0]


def _insert(table: Table, statement: Insert) -> dict[str, Any]:
    writer = Writer({})
    condition = writer.condition(_absent(table))
    return {
        "TableName": statement.table,
        "Item": statement.item,
        "ConditionExpression": condition,
        **writer.members(),
    }


def _update(table: Table, statement: Update) -> dict[str, Any]:
    key, rest = _split(table, statement)
    writer = Writer(statement.values)
    exists = Function("attribute_exists", (Path((table.keys.partition,)),))
    return {
        "TableName": statement.table,
        "Key": key,
        "UpdateExpression": writer.update(statement.actions),
        "ConditionExpression": writer.condition(And((exists, *rest)) if rest else exists),
        **writer.members(),
    }


def _delete(table: Table, statement: Delete) -> dict[str, Any]:
    key, rest = _split(table, statement)
    request: dict[str, Any] = {"TableName": statement.table, "Key": key}
    if rest:
        # An item that is not there is no failure, whatever the other conditions say.
        writer = Writer(statement.values)
        condition = Or((_absent(table), And(tuple(rest)) if len(rest) > 1 else rest[0]))
        request |= {"ConditionExpression": writer.condition(condition), **writer.members()}
    return request


def _check(table: Table, select: Select) -> dict[str, Any]:
    if select.source.index is not None:
        raise ValidationException("Operations on indices are not supported in transactions")
    split = split_key(select.where, table.keys.attributes, select.values)
    if split is None or not split[1]:
        raise ValidationException("EXISTS() must contain a single item read with additional condition")
    key, rest = split
    writer = Writer(select.values)
    condition = writer.condition(And(tuple(rest)) if len(rest) > 1 else rest[0])
    return {
        "TableName": select.source.table,
        "Key": key,
        "ConditionExpression": condition,
        **writer.members(),
    }


def _split(table: Table, statement: Update | Delete) -> tuple[dict[str, Any], list[Condition]]:
    split = split_key(statement.where, table.keys.attributes, statement.values)
    if split is None:
        raise ValidationException(INCOMPLETE_KEY)
    return split


def _absent(table: Table) -> Function:
    return Function("attribute_not_exists", (Path((table.keys.partition,)),))
