"""ExecuteStatement, BatchExecuteStatement and ExecuteTransaction.

Statements become the reads and writes that DynamoDB has anyway; what they say stands in partiql/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.core.errors import ServiceError
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import keys, state, writes
from cloudlet.services.dynamodb.capacity import Consumed, read_units, wants_capacity
from cloudlet.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    TransactionCanceledException,
    ValidationException,
)
from cloudlet.services.dynamodb.expressions.projections import projection_of
from cloudlet.services.dynamodb.operations.transactions import (
    READERS,
    cancelled,
    transact_get_items,
    transact_write_items,
)
from cloudlet.services.dynamodb.partiql import authorization
from cloudlet.services.dynamodb.partiql.grammar import parse
from cloudlet.services.dynamodb.partiql.selection import check_readable, columns_of, select, source_of
from cloudlet.services.dynamodb.partiql.single_items import key_of, requested
from cloudlet.services.dynamodb.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Select,
    Statement,
    Update,
    table_of,
)
from cloudlet.services.dynamodb.reads import Source
from cloudlet.services.dynamodb.throttling import READ, WRITE, take
from cloudlet.services.dynamodb.values import item_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item
    from cloudlet.services.dynamodb.writes import Outcome, Write

_DUPLICATE: Final = "Duplicate primary key exists in table"
_NO_KEY: Final = "Select statements within {} must specify the primary key in the where clause."
_PREFIXES: Final = tuple(
    f"Invalid {kind}: "
    for kind in ("ConditionExpression", "FilterExpression", "UpdateExpression", "ProjectionExpression")
)
_ON_FAILURE: Final = "ReturnValuesOnConditionCheckFailure"


class _Written(Struct, frozen=True):
    """What a statement that writes has done."""

    item: Item | None
    """What RETURNING asked for, if there is anything."""
    consumed: Consumed


@operation("ExecuteStatement", permissions=authorization.statement_permissions)
def execute_statement(call: Call, request: Request) -> dict[str, Any]:
    """One statement: a page of a SELECT, or a write of one item."""
    statement = parse(request["Statement"], request.get("Parameters", ()))
    if isinstance(statement, Exists):
        raise ValidationException("EXISTS can only be used in ExecuteTransaction write requests.")
    try:
        if isinstance(statement, Select):
            return select(call, statement, request)
        written = _write(call, statement, request)
    except ValidationException as refused:
        raise _worded(refused) from refused
    answer: dict[str, Any] = {"Items": [] if written.item is None else [written.item]}
    if wanted := wants_capacity(request):
        answer["ConsumedCapacity"] = written.consumed.describe(wanted)
    return answer


@operation("BatchExecuteStatement", permissions=authorization.batch_permissions)
def batch_execute_statement(call: Call, request: Request) -> dict[str, Any]:
    """Up to 25 statements, each of one item and each for itself."""
    consumed: dict[str, Consumed] = {}
    responses = [_batched(call, each, consumed) for each in request["Statements"]]
    answer: dict[str, Any] = {"Responses": responses}
    if wanted := wants_capacity(request):
        answer["ConsumedCapacity"] = [each.describe(wanted) for each in consumed.values()]
    return answer


@operation("ExecuteTransaction", permissions=authorization.transaction_permissions)
def execute_transaction(call: Call, request: Request) -> dict[str, Any]:
    """Up to 100 statements, all reads or all writes, all or none."""
    statements = [
        parse(each["Statement"], each.get("Parameters", ())) for each in request["TransactStatements"]
    ]
    reads = [each for each in statements if isinstance(each, Select)]
    if reads and len(reads) != len(statements):
        raise ValidationException("Unsupported operation in transaction.")
    return _read_all(call, reads, request) if reads else _write_all(call, statements, request)


def _write(call: Call, statement: Insert | Update | Delete, request: Mapping[str, Any]) -> _Written:
    table = state.table(call, statement.table)
    kind, asked = requested(table, statement)
    if _ON_FAILURE in request:
        asked[_ON_FAILURE] = request[_ON_FAILURE]
    write = READERS[kind](call, asked)
    writes.check_against(table, write)
    consumed = Consumed(table.name)
    try:
        outcome = writes.perform(call, table, write, consumed, want_old=True)
    except ConditionalCheckFailedException as failed:
        if isinstance(statement, Insert):
            raise DuplicateItemException(_DUPLICATE) from failed
        raise
    take(call, table, WRITE, consumed)
    return _Written(_returned(statement, write, outcome), consumed)


def _returned(statement: Insert | Update | Delete, write: Write, outcome: Outcome) -> Item | None:
    returning = None if isinstance(statement, Insert) else statement.returning
    if returning is None:
        return None
    item = outcome.old if returning.which == "OLD" else outcome.new
    if item is None or returning.scope == "ALL" or write.expressions.update is None:
        return item
    return projection_of(write.expressions.update.targets).of(item) or None


def _batched(call: Call, request: Mapping[str, Any], consumed: dict[str, Consumed]) -> dict[str, Any]:
    """The response to one statement of a batch, which fails for itself."""
    answer: dict[str, Any] = {}
    try:
        statement = parse(request["Statement"], request.get("Parameters", ()))
        answer["TableName"] = table_of(statement)
        item, used = _run_batched(call, statement, request)
    except (ConditionalCheckFailedException, DuplicateItemException) as refused:
        return {"Error": _batch_error(refused), **answer}
    except ServiceError as refused:
        # It did not get as far as its table.
        return {"Error": _batch_error(refused)}
    if used.table_name in consumed:
        consumed[used.table_name].merge(used)
    else:
        consumed[used.table_name] = used
    return answer if item is None else {**answer, "Item": item}


def _run_batched(
    call: Call, statement: Statement, request: Mapping[str, Any]
) -> tuple[Item | None, Consumed]:
    if isinstance(statement, Exists):
        raise ValidationException("EXISTS can only be used in ExecuteTransaction write requests.")
    if not isinstance(statement, Select):
        written = _write(call, statement, request)
        return written.item, written.consumed
    source = source_of(call, statement)
    check_readable(source, statement)
    table = source.table
    item = state.find_item(call, table, _key(table, statement, "BatchExecuteStatement"))
    consistent = request.get("ConsistentRead", False)
    consumed = Consumed(table.name, read_units(item_size(item) if item else 0, consistent=consistent))
    take(call, table, READ, consumed)
    columns = columns_of(statement)
    shown = item if item is None or columns is None else columns.of(item)
    return shown, consumed


def _batch_error(refused: ServiceError) -> dict[str, Any]:
    """An error as a batch tells it: its code without Exception, and the item that a condition met."""
    if isinstance(refused, ValidationException):
        return {"Code": "ValidationError", "Message": _worded(refused).message}
    error: dict[str, Any] = {"Code": refused.code.removesuffix("Exception"), "Message": refused.message}
    return {**error, **refused.members}


def _key(table: Table, statement: Select, operation_name: str) -> Item:
    key = key_of(table, statement)
    if key is None:
        raise ValidationException(_NO_KEY.format(operation_name))
    keys.check_key(table, key)
    return key


def _read_all(call: Call, statements: Sequence[Select], request: Request) -> dict[str, Any]:
    gets = []
    for position, statement in enumerate(statements):
        if statement.source.index is not None:
            raise _invalid(position, "Reads on indices are not supported within transactions.")
        table = state.table(call, statement.source.table)
        check_readable(Source(table, None), statement)
        key = key_of(table, statement)
        if key is None:
            raise _invalid(position, _NO_KEY.format("ExecuteTransaction"))
        gets.append({"Get": {"TableName": statement.source.table, "Key": key}})
    asked = {name: request[name] for name in ("ReturnConsumedCapacity",) if name in request}
    answer: dict[str, Any] = transact_get_items(call, {"TransactItems": gets, **asked})
    for statement, response in zip(statements, answer["Responses"], strict=True):
        columns = columns_of(statement)
        if columns is not None and "Item" in response:
            response["Item"] = columns.of(response["Item"])
    return answer


def _write_all(call: Call, statements: Sequence[Statement], request: Request) -> dict[str, Any]:
    actions = [
        _action(call, position, statement, each)
        for position, (statement, each) in enumerate(
            zip(statements, request["TransactStatements"], strict=True)
        )
    ]
    asked = {
        name: request[name] for name in ("ReturnConsumedCapacity", "ClientRequestToken") if name in request
    }
    try:
        answer: dict[str, Any] = transact_write_items(call, {"TransactItems": actions, **asked})
    except TransactionCanceledException as refused:
        raise _told_of_inserts(refused, statements) from refused
    return {"Responses": [], **answer}


def _action(call: Call, position: int, statement: Statement, request: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(statement, Select):
        raise ValidationException("Unsupported operation in transaction.")
    if isinstance(statement, Update | Delete) and statement.returning is not None:
        raise _invalid(position, "RETURNING clause is not supported in ExecuteTransaction.")
    try:
        kind, asked = requested(state.table(call, table_of(statement)), statement)
    except ValidationException as refused:
        raise _invalid(position, refused.message) from refused
    if _ON_FAILURE in request:
        asked[_ON_FAILURE] = request[_ON_FAILURE]
    return {kind: asked}


def _told_of_inserts(
    refused: TransactionCanceledException, statements: Sequence[Statement]
) -> TransactionCanceledException:
    """The same refusal, in which an INSERT of what is there says so."""
    reasons = [
        {"Code": "DuplicateItem", "Message": _DUPLICATE}
        if isinstance(statement, Insert) and reason["Code"] == "ConditionalCheckFailed"
        else reason
        for statement, reason in zip(statements, refused.members["CancellationReasons"], strict=True)
    ]
    return cancelled(reasons)


def _invalid(position: int, message: str) -> ValidationException:
    return ValidationException(f"Validation failed in TransactStatements[{position}]: {message}")


def _worded(refused: ValidationException) -> ValidationException:
    """The refusal without the name of the expression that the statement was turned into."""
    for prefix in _PREFIXES:
        if refused.message.startswith(prefix):
            return ValidationException(refused.message.removeprefix(prefix))
    return refused
