"""The grammar of whole statements: SELECT, INSERT, UPDATE in both orders, DELETE and EXISTS.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.partiql.conditions import at_name, condition, path
from cloudlet.services.dynamodb.partiql.literals import members
from cloudlet.services.dynamodb.partiql.reader import Reader
from cloudlet.services.dynamodb.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Order,
    Returning,
    Select,
    Source,
    Statement,
    Update,
)
from cloudlet.services.dynamodb.partiql.tokens import malformed
from cloudlet.services.dynamodb.partiql.updates import actions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.dynamodb.expressions.syntax import Condition, Path

_ALIAS: Final = "Aliasing is not supported"


def parse(text: str, parameters: Sequence[dict[str, Any]] = ()) -> Statement:
    """The statement with its parameters. Raises ValidationException."""
    reader = Reader(text, parameters)
    statement = _statement(reader)
    reader.expect_end()
    return statement


def _statement(reader: Reader) -> Statement:
    if reader.accept_word("SELECT"):
        return _select(reader)
    if reader.accept_word("INSERT"):
        return _insert(reader)
    if reader.accept_word("UPDATE"):
        return _update(reader)
    if reader.accept_word("DELETE"):
        return _delete(reader)
    if reader.accept_word("FROM"):
        return _update_from(reader)
    if reader.accept_word("EXISTS"):
        return _exists(reader)
    raise malformed("Expected data manipulation")


def _select(reader: Reader) -> Select:
    columns, call = _columns(reader)
    reader.expect_word("FROM")
    source = _source(reader)
    where = _where(reader)
    order = _order(reader) if reader.accept_word("ORDER") else ()
    return Select(source, columns, where, order, reader.values, call)


def _columns(reader: Reader) -> tuple[tuple[Path, ...] | None, str | None]:
    """The columns, and the place of the first function among them."""
    if reader.accept("*"):
        if reader.token.is_symbol(","):
            raise ValidationException(
                "Other attributes should not be present in the projection when '*' is used."
            )
        return None, None
    columns: list[Path] = []
    call: str | None = None
    while not (columns or call) or reader.accept(","):
        if reader.token.kind == "word" and reader.following().is_symbol("("):
            call = call or reader.token.place
            reader.skip_call()
        else:
            columns.append(path(reader))
    names = [str(column.elements[-1]) for column in columns]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ValidationException(f"Duplicate identifiers in select clause: {repeated}")
    return tuple(columns), call


def _source(reader: Reader) -> Source:
    table = _name(reader)
    index = _name(reader) if reader.accept(".") else None
    if reader.token.is_symbol("."):
        raise ValidationException("A path may contain at most 2 components in the FROM clause")
    _refuse_alias(reader)
    return Source(table, index)


def _name(reader: Reader) -> str:
    if not at_name(reader):
        raise malformed("Expected identifier")
    name = reader.take().text
    if not name:
        raise ValidationException("Path component cannot be an empty string")
    return name


def _table(reader: Reader) -> str:
    name = _name(reader)
    if reader.token.is_symbol("."):
        raise ValidationException("This operation is not supported on an index")
    return name


def _refuse_alias(reader: Reader) -> None:
    if reader.token.is_word("AS", "AT", "BY") or at_name(reader):
        raise ValidationException(_ALIAS)


def _where(reader: Reader) -> Condition | None:
    return condition(reader) if reader.accept_word("WHERE") else None


def _order(reader: Reader) -> tuple[Order, ...]:
    reader.expect_word("BY")
    order: list[Order] = []
    while not order or reader.accept(","):
        attribute = _name(reader)
        descending = reader.accept_word("DESC")
        if not descending:
            reader.accept_word("ASC")
        order.append(Order(attribute, descending))
    return tuple(order)


def _insert(reader: Reader) -> Insert:
    reader.expect_word("INTO")
    table = _name(reader)
    if reader.token.is_symbol("."):
        raise ValidationException("FROM clause may only contain a single table name")
    if not reader.accept_word("VALUE"):
        if reader.token.is_word("VALUES"):
            raise ValidationException(
                "Unsupported operation: Inserting multiple items in a single statement is not supported, "
                'use "INSERT INTO tableName VALUE item" instead'
            )
        raise malformed("Unexpected token after expression")
    if not reader.accept("{"):
        raise ValidationException(
            "Unsupported format in item expression. Please use struct format {...} "
            "to express item values for insert statement."
        )
    item = members(reader)
    if reader.token.is_word("RETURNING"):
        raise ValidationException("RETURNING is not supported in INSERT")
    return Insert(table, item)


def _update(reader: Reader) -> Update:
    table = _table(reader)
    _refuse_alias(reader)
    changes = actions(reader)
    return Update(table, changes, _where(reader), _returning(reader), reader.values)


def _update_from(reader: Reader) -> Update:
    """FROM table WHERE condition SET ...: the clauses in another order."""
    table = _table(reader)
    _refuse_alias(reader)
    where = _where(reader)
    return Update(table, actions(reader), where, _returning(reader), reader.values)


def _delete(reader: Reader) -> Delete:
    reader.expect_word("FROM")
    table = _table(reader)
    _refuse_alias(reader)
    where, returning = _where(reader), _returning(reader)
    if returning is not None and (returning.scope, returning.which) != ("ALL", "OLD"):
        raise ValidationException(
            f"Invalid returning clause: RETURNING {returning.scope} {returning.which} *. "
            "Only RETURNING ALL OLD * is allowed in DELETE statements."
        )
    return Delete(table, where, returning, reader.values)


def _returning(reader: Reader) -> Returning | None:
    if not reader.accept_word("RETURNING"):
        return None
    scope, which = reader.take(), reader.take()
    if not scope.is_word("ALL", "MODIFIED") or not which.is_word("OLD", "NEW") or not reader.accept("*"):
        raise ValidationException("Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause")
    if reader.token.is_symbol(","):
        raise ValidationException("Invalid syntax with multiple returning elements in RETURNING clause")
    return Returning(scope.text.upper(), which.text.upper())


def _exists(reader: Reader) -> Exists:
    reader.expect("(", "Expected left parenthesis")
    reader.expect_word("SELECT")
    select = _select(reader)
    reader.expect(")", "Expected RIGHT_PAREN")
    return Exists(select)
