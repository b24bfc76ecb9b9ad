"""What DynamoDB checks of an update before it runs, in DynamoDB's order and words.

Nothing here evaluates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import names as naming
from cloudlet.services.dynamodb.expressions.syntax import Add, Arithmetic, Delete, Function, Path, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cloudlet.services.dynamodb.expressions.names import Check, Names, Values
    from cloudlet.services.dynamodb.expressions.syntax import Action, Operand

FUNCTIONS: Final = ("if_not_exists", "list_append")
_LONG_TYPE_NAMES: Final = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
    "L": "LIST",
    "M": "MAP",
}
_SETS: Final = ("SS", "NS", "BS")
_OPERAND_COUNT: Final = 2


def checks_of(actions: Sequence[Action], operands: Iterable[Operand], names: Names) -> tuple[Check, ...]:
    """Values are defined; paths stand apart; ADD and DELETE, then functions, get what they can work with."""
    known = tuple(operands)
    targets = tuple(naming.resolve(action.path, names) for action in actions)
    return (
        *(_defined(operand.name) for operand in known if isinstance(operand, Value)),
        lambda _values: naming.check_paths_apart("UpdateExpression", targets),
        *(_operand_of(action) for action in actions if isinstance(action, (Add, Delete))),
        *(_function(operand) for operand in known if isinstance(operand, (Function, Arithmetic))),
    )


def _defined(name: str) -> Check:
    def check(values: Values) -> None:
        if name not in values:
            raise _invalid(
                f"An expression attribute value used in expression is not defined; attribute value: {name}"
            )

    return check


def _operand_of(action: Add | Delete) -> Check:
    operator, name = ("ADD" if isinstance(action, Add) else "DELETE"), action.value.name
    allowed = ("N", *_SETS) if operator == "ADD" else _SETS

    def check(values: Values) -> None:
        kind = next(iter(values[name]))
        if kind not in allowed:
            raise _invalid(
                "Incorrect operand type for operator or function; "
                f"operator: {operator}, operand type: {_LONG_TYPE_NAMES[kind]}"
            )

    return check


def _function(operand: Function | Arithmetic) -> Check:
    if isinstance(operand, Arithmetic):
        return _typed(operand.operator, (operand.left, operand.right), "N")
    if len(operand.arguments) != _OPERAND_COUNT:
        return _refusal(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {operand.name}, number of operands: {len(operand.arguments)}"
        )
    if operand.name == "list_append":
        if any(isinstance(each, Function) and each.name == operand.name for each in operand.arguments):
            return _refusal(
                f"The function is not allowed to be used this way in an expression; function: {operand.name}"
            )
        return _typed(operand.name, operand.arguments, "L")
    if not isinstance(operand.arguments[0], Path):
        return _refusal(
            f"Operator or function requires a document path; operator or function: {operand.name}"
        )
    return lambda _values: None


def _typed(operator: str, operands: Sequence[Operand], wanted: str) -> Check:
    names = [operand.name for operand in operands if isinstance(operand, Value)]

    def check(values: Values) -> None:
        for name in names:
            kind = next(iter(values[name]))
            if kind != wanted:
                raise _invalid(
                    "Incorrect operand type for operator or function; "
                    f"operator or function: {operator}, operand type: {kind}"
                )

    return check


def _refusal(reason: str) -> Check:
    def refuse(_values: Values) -> None:
        raise _invalid(reason)

    return refuse


def _invalid(reason: str) -> ValidationException:
    return ValidationException(f"Invalid UpdateExpression: {reason}")
