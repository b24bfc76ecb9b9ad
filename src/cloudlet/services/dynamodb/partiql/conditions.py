"""The grammar of paths and conditions in WHERE.

It gives the trees of DynamoDB's own conditions; what they may compare is checked when those are compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.condition_checks import OPERAND_COUNTS
from cloudlet.services.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from cloudlet.services.dynamodb.partiql.literals import at_literal, literal
from cloudlet.services.dynamodb.partiql.tokens import malformed
from cloudlet.services.dynamodb.partiql.words import KEYWORDS

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.partiql.reader import Reader

_Term: TypeAlias = "Condition | Operand"
_OPERATORS: Final = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TYPES: Final = {
    "NULL": "NULL",
    "BOOL": "BOOL",
    "BOOLEAN": "BOOL",
    "BLOB": "B",
    "STRING": "S",
    "NUMERIC": "N",
    "STRUCT": "M",
    "TUPLE": "M",
    "LIST": "L",
}
_NO_BOOLEAN: Final = "WHERE clause must contain an expression that resolves to a boolean"


def condition(reader: Reader) -> Condition:
    """The condition of a WHERE clause. Raises ValidationException."""
    return _boolean(_or(reader))


def at_name(reader: Reader) -> bool:
    """Whether an attribute's name begins here."""
    token = reader.token
    return token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in KEYWORDS)


def path(reader: Reader) -> Path:
    """A document path such as a."b"[3].c. Raises ValidationException."""
    if not at_name(reader):
        raise malformed("Expected identifier")
    elements: list[str | int] = [reader.take().text]
    while True:
        if reader.accept("."):
            if not at_name(reader):
                raise malformed("Invalid path dot component")
            elements.append(reader.take().text)
        elif reader.accept("["):
            elements.append(_index(reader))
        else:
            return Path(tuple(elements))


def _index(reader: Reader) -> int | str:
    token = reader.token
    if token.kind == "string":
        reader.take()
        reader.expect("]", "Expected right bracket")
        return token.text
    if token.is_symbol("*"):
        raise ValidationException("Wildcard path component like a[*].b are not supported")
    if token.kind != "number" or not token.text.isdigit():
        raise malformed("Expected path index")
    reader.take()
    reader.expect("]", "Expected right bracket")
    return int(token.text)


def _or(reader: Reader) -> _Term:
    terms = [_and(reader)]
    while reader.accept_word("OR"):
        terms.append(_and(reader))
    return terms[0] if len(terms) == 1 else Or(tuple(map(_boolean, terms)))


def _and(reader: Reader) -> _Term:
    terms = [_not(reader)]
    while reader.accept_word("AND"):
        terms.append(_not(reader))
    return terms[0] if len(terms) == 1 else And(tuple(map(_boolean, terms)))


def _not(reader: Reader) -> _Term:
    if reader.accept_word("NOT"):
        return Not(_boolean(_not(reader)))
    return _predicate(reader)


def _predicate(reader: Reader) -> _Term:
    left = _term(reader)
    if reader.token.kind == "symbol" and reader.token.text in _OPERATORS:
        return _comparison(left, _OPERATORS[reader.take().text], _term(reader), reader)
    if reader.accept_word("IS"):
        return _is(reader, left)
    negated = reader.accept_word("NOT")
    found: _Term = left
    if reader.accept_word("BETWEEN"):
        lower = _operand(_term(reader))
        reader.expect_word("AND")
        found = Between(_operand(left), lower, _operand(_term(reader)))
    elif reader.accept_word("IN"):
        found = In(_operand(left), _choices(reader))
    elif negated:
        raise malformed("Unexpected token after expression")
    return Not(_boolean(found)) if negated else found


def _comparison(left: _Term, operator: str, right: _Term, reader: Reader) -> Condition:
    """A comparison; that of a condition with true or false is the condition itself, or its contrary."""
    if _is_test(left) and isinstance(right, Value) and "BOOL" in reader.values[right.name]:
        holds = reader.values.pop(right.name)["BOOL"]
        return _boolean(left) if holds == (operator == "=") else Not(_boolean(left))
    return Comparison(operator, _operand(left), _operand(right))


def _is(reader: Reader, left: _Term) -> Condition:
    negated = reader.accept_word("NOT")
    token = reader.take()
    if not isinstance(left, Path):
        raise ValidationException(
            "The left hand side argument to IS must be a Variable Reference, Literal, or Path"
        )
    if token.is_word("MISSING"):
        return Function("attribute_exists" if negated else "attribute_not_exists", (left,))
    if token.kind != "word" or token.text.upper() not in _TYPES:
        raise ValidationException(
            f"Unsupported data type for IS operator: {token.text}. Supported data types are "
            "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]"
        )
    test = Function("attribute_type", (left, reader.keep({"S": _TYPES[token.text.upper()]})))
    return Not(test) if negated else test


def _choices(reader: Reader) -> tuple[Operand, ...]:
    closing = "]" if reader.accept("[") else ")"
    if closing == ")":
        reader.expect("(", "Expected list in IN")
    choices: list[Operand] = []
    while not reader.accept(closing):
        if choices:
            reader.expect(",", "Expected comma in IN")
        choices.append(_operand(_term(reader)))
    if not choices:
        raise ValidationException(
            "IN operator must have a left hand argument of type Variable Reference "
            "and right hand argument of type Seq with at least one member"
        )
    return tuple(choices)


def _term(reader: Reader) -> _Term:
    if reader.accept("("):
        inner = _or(reader)
        reader.expect(")", "Expected RIGHT_PAREN")
        return inner
    if at_literal(reader):
        return reader.keep(literal(reader))
    if reader.token.kind == "word" and reader.following().is_symbol("("):
        return _call(reader)
    if reader.token.is_word("MISSING"):
        raise ValidationException("MISSING must be compared using IS operator")
    if reader.is_over:
        raise malformed("Unexpected term")
    return path(reader)


def _call(reader: Reader) -> Function:
    token = reader.take()
    name = token.text.lower()
    if name not in OPERAND_COUNTS:
        raise ValidationException(f"Unrecognized function: {name} at {token.place}")
    reader.expect("(", "Expected left parenthesis")
    arguments: list[Operand] = []
    while not reader.accept(")"):
        if arguments:
            reader.expect(",", "Expected comma in call")
        arguments.append(_operand(_term(reader)))
    if len(arguments) != OPERAND_COUNTS[name]:
        raise ValidationException(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(arguments)}"
        )
    return Function(name, tuple(arguments))


def _is_test(term: _Term) -> bool:
    return not isinstance(term, Path | Value) and not (isinstance(term, Function) and term.name == "size")


def _boolean(term: _Term) -> Condition:
    if isinstance(term, Path | Value) or not _is_test(term):
        raise ValidationException(_NO_BOOLEAN)
    return term  # type: ignore[return-value]  # what is a test is a condition


def _operand(term: _Term) -> Operand:
    if isinstance(term, Path | Value | Function):
        return term
    raise ValidationException("The arguments to operators must be values or paths")
