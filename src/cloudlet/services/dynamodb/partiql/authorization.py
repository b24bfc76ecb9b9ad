"""What IAM judges of PartiQL's statements: an action of its own for each kind, and the condition keys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import Permission
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.authorization import key_text, policy_of, table_arn
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.conditions import operands_within
from cloudlet.services.dynamodb.expressions.syntax import Path
from cloudlet.services.dynamodb.partiql import key_search
from cloudlet.services.dynamodb.partiql.grammar import parse
from cloudlet.services.dynamodb.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Select,
    Statement,
    Update,
    table_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.expressions.syntax import Condition
    from cloudlet.services.dynamodb.model import Table

_ACTIONS: Final[dict[type[Any], str]] = {
    Select: "PartiQLSelect",
    Exists: "PartiQLSelect",
    Insert: "PartiQLInsert",
    Update: "PartiQLUpdate",
    Delete: "PartiQLDelete",
}


def statement_permissions(call: Call, request: Request) -> Sequence[Permission]:
    """The permission for ExecuteStatement."""
    return list(_permissions(call, [request], {}))


def batch_permissions(call: Call, request: Request) -> Sequence[Permission]:
    """The permissions for the statements of BatchExecuteStatement."""
    return list(_permissions(call, request["Statements"], {}))


def transaction_permissions(call: Call, request: Request) -> Sequence[Permission]:
    """The permissions for the statements of ExecuteTransaction."""
    enclosing = {"dynamodb:EnclosingOperation": ("ExecuteTransaction",)}
    return list(_permissions(call, request["TransactStatements"], enclosing))


def _permissions(
    call: Call, requests: Sequence[Mapping[str, Any]], enclosing: Mapping[str, tuple[str, ...]]
) -> Iterator[Permission]:
    for each in requests:
        try:
            statement = parse(each["Statement"], each.get("Parameters", ()))
            table = state.find_table(call, table_of(statement))
        except ValidationException:
            continue
        arn = table_arn(call, table_of(statement))
        select = _select(statement)
        if select is not None and select.source.index is not None:
            arn = f"{arn}/index/{select.source.index}"
        context = {**enclosing, **_context(table, statement)}
        yield Permission(f"dynamodb:{_ACTIONS[type(statement)]}", arn, context, policy_of(table))


def _select(statement: Statement) -> Select | None:
    if isinstance(statement, Exists):
        return statement.select
    return statement if isinstance(statement, Select) else None


def _context(table: Table | None, statement: Statement) -> dict[str, tuple[str, ...]]:
    attributes = tuple(sorted(_attributes(statement)))
    context = {"dynamodb:Attributes": attributes} if attributes else {}
    select = _select(statement)
    if select is not None:
        chosen = "ALL_ATTRIBUTES" if select.columns is None else "SPECIFIC_ATTRIBUTES"
        context["dynamodb:Select"] = (chosen,)
    keys = None if table is None else _leading_keys(table, statement)
    if keys is not None:
        context["dynamodb:LeadingKeys"] = tuple(map(key_text, keys))
    if select is not None:
        context["dynamodb:FullTableScan"] = ("false" if keys is not None else "true",)
    return context


def _leading_keys(table: Table, statement: Statement) -> list[dict[str, Any]] | None:
    """The partition keys that a statement is about; None where it may be about any."""
    name = table.keys.partition
    if isinstance(statement, Insert):
        return [statement.item[name]] if name in statement.item else []
    if isinstance(statement, Update | Delete):
        return key_search.partitions(statement.where, name, statement.values)
    select = statement.select if isinstance(statement, Exists) else statement
    index = None if select.source.index is None else table.find_index(select.source.index)
    partition = name if index is None else index.keys.partition
    return key_search.partitions(select.where, partition, select.values)


def _where(statement: Statement) -> Condition | None:
    return statement.where if isinstance(statement, Update | Delete) else None


def _attributes(statement: Statement) -> Iterator[str]:
    if isinstance(statement, Insert):
        yield from statement.item
        return
    select = _select(statement)
    where = select.where if select is not None else _where(statement)
    if where is not None:
        paths = (each for each in operands_within(where) if isinstance(each, Path))
        yield from {str(path.elements[0]) for path in paths}
    if select is not None:
        yield from {str(path.elements[0]) for path in select.columns or ()}
    if isinstance(statement, Update):
        yield from {str(action.path.elements[0]) for action in statement.actions}
