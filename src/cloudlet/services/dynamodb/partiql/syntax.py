"""The statements of PartiQL as they were read; conditions and updates are the trees of expressions.

Literals and parameters are already values, under placeholders; nothing here is checked against a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from cloudlet.services.dynamodb.expressions.syntax import Action, Condition, Path


class Source(Struct, frozen=True):
    """A table, or one of its indexes."""

    table: str
    index: str | None = None


class Order(Struct, frozen=True):
    """One key attribute of ORDER BY."""

    attribute: str
    descending: bool


class Returning(Struct, frozen=True):
    """RETURNING scope which *."""

    scope: str
    """ALL or MODIFIED."""
    which: str
    """OLD or NEW."""


class Select(Struct, frozen=True):
    """SELECT columns FROM source WHERE condition ORDER BY order."""

    source: Source
    columns: tuple[Path, ...] | None
    """None for *."""
    where: Condition | None
    order: tuple[Order, ...]
    values: Mapping[str, dict[str, Any]]
    call: str | None = None
    """The place of a function among the columns, which no SELECT may have."""


class Insert(Struct, frozen=True):
    """INSERT INTO table VALUE item."""

    table: str
    item: dict[str, Any]


class Update(Struct, frozen=True):
    """UPDATE table SET ... REMOVE ... WHERE condition RETURNING."""

    table: str
    actions: tuple[Action, ...]
    where: Condition | None
    returning: Returning | None
    values: Mapping[str, dict[str, Any]]


class Delete(Struct, frozen=True):
    """DELETE FROM table WHERE condition RETURNING."""

    table: str
    where: Condition | None
    returning: Returning | None
    values: Mapping[str, dict[str, Any]]


class Exists(Struct, frozen=True):
    """EXISTS(select), in a transaction."""

    select: Select


Statement: TypeAlias = "Select | Insert | Update | Delete | Exists"


def table_of(statement: Statement) -> str:
    """The name of the table that a statement is about."""
    if isinstance(statement, Exists):
        return statement.select.source.table
    return statement.source.table if isinstance(statement, Select) else statement.table
