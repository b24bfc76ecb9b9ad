"""The SET and REMOVE clauses of UPDATE, as the actions that update expressions have too.

set_add and set_delete become ADD and DELETE; nothing here knows an item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.syntax import (
    Action,
    Add,
    Arithmetic,
    Delete,
    Function,
    Operand,
    Path,
    Remove,
    Set,
    Value,
)
from cloudlet.services.dynamodb.partiql.conditions import path
from cloudlet.services.dynamodb.partiql.literals import at_literal, literal
from cloudlet.services.dynamodb.partiql.tokens import malformed
from cloudlet.services.dynamodb.values import SETS

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.partiql.reader import Reader
    from cloudlet.services.dynamodb.partiql.tokens import Token

_OPERAND_COUNTS: Final = {"if_not_exists": 2, "list_append": 2}
_SET_FUNCTIONS: Final[dict[str, type[Add | Delete]]] = {"set_add": Add, "set_delete": Delete}


def actions(reader: Reader) -> tuple[Action, ...]:
    """All SET and REMOVE clauses, in any order. Raises ValidationException."""
    found: list[Action] = []
    while reader.token.is_word("SET", "REMOVE"):
        if reader.take().is_word("SET"):
            found.append(_set(reader))
            while reader.accept(","):
                found.append(_set(reader))
        else:
            found.append(Remove(path(reader)))
            while reader.accept(","):
                found.append(Remove(path(reader)))
    if not found:
        raise malformed("Expected data manipulation")
    return tuple(found)


def _set(reader: Reader) -> Action:
    target = path(reader)
    reader.expect("=", "Expected = in SET")
    token = reader.token
    if token.text.lower() in _SET_FUNCTIONS and reader.following().is_symbol("("):
        return _set_function(reader, target)
    return Set(target, _operand(reader))


def _operand(reader: Reader) -> Operand:
    left = _term(reader)
    while reader.token.is_symbol("+", "-"):
        left = Arithmetic(reader.take().text, left, _term(reader))
    return left


def _term(reader: Reader) -> Operand:
    if reader.accept("("):
        inner = _operand(reader)
        reader.expect(")", "Expected RIGHT_PAREN")
        return inner
    if reader.token.kind == "word" and reader.following().is_symbol("("):
        return _call(reader)
    return reader.keep(literal(reader)) if at_literal(reader) else path(reader)


def _call(reader: Reader) -> Function:
    token = reader.take()
    name = token.text.lower()
    if name not in _OPERAND_COUNTS:
        raise ValidationException(f"Unrecognized function: {name} at {token.place}")
    arguments = tuple(argument for _, argument in _arguments(reader))
    if len(arguments) != _OPERAND_COUNTS[name]:
        raise ValidationException(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(arguments)}"
        )
    return Function(name, arguments)


def _set_function(reader: Reader, target: Path) -> Action:
    token = reader.take()
    shown = token.text.upper()
    arguments = _arguments(reader)
    if len(arguments) != 2:
        raise ValidationException(f"{shown} must have exactly two arguments at {token.place}")
    (first_token, first), (_, second) = arguments
    if first != target:
        raise ValidationException(
            f"The first argument to {shown} must equal the assignment value at {token.place}"
        )
    if not isinstance(second, Value) or not SETS & set(reader.values[second.name]):
        raise ValidationException(
            f"The second argument to {shown} must be a value with type SET at {first_token.place}"
        )
    return _SET_FUNCTIONS[token.text.lower()](target, second)


def _arguments(reader: Reader) -> list[tuple[Token, Operand]]:
    reader.expect("(", "Expected left parenthesis")
    found: list[tuple[Token, Operand]] = []
    while not reader.accept(")"):
        if found:
            reader.expect(",", "Expected comma in call")
        found.append((reader.token, _operand(reader)))
    return found
