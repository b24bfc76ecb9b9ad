"""Makes the tree of an expression.

or      := and ("OR" and)*
and     := compare ("AND" compare)*
compare := sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)*
sum     := product (("+" | "-") product)*
product := minus (("*" | "/") minus)*
minus   := "-" minus | power
power   := atom ("^" minus)?
atom    := number | text | name | name "(" list ")" | "[" list "]" | "(" or ")"
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloudlet.services.cloudwatch.math.syntax import (
    Binary,
    ExpressionError,
    Function,
    Items,
    Minus,
    Name,
    Node,
    Number,
    Text,
    Token,
    tokens,
)

_LEVELS: Final[Sequence[frozenset[str]]] = (
    frozenset({"OR"}),
    frozenset({"AND"}),
    frozenset({"==", "!=", "<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)
_DEEPEST: Final = 60
_END: Final = Token("end", "")


def parse(expression: str) -> Node:
    """The tree of an expression. Raises ExpressionError."""
    parser = _Parser(tokens(expression))
    node = parser.level(0)
    parser.expect(_END.text)
    return node


class _Parser:
    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._place = 0
        self._depth = 0

    def level(self, number: int) -> Node:
        """An expression of operators that bind at least as much as those of a level."""
        if number == len(_LEVELS):
            return self._minus()
        node = self.level(number + 1)
        while self._next().kind != "text" and self._next().text in _LEVELS[number]:
            operator = self._take().text
            node = Binary(operator, node, self.level(number + 1))
        return node

    def expect(self, text: str) -> None:
        """Takes a sign that must come. Raises ExpressionError."""
        found = self._take()
        if found.kind == "text" or found.text != text:
            raise ExpressionError(f"Expected '{text or 'end of expression'}' but found '{found.text}'")

    def _minus(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("The expression is nested too deeply")
        if self._next() == Token("sign", "-"):
            self._take()
            node: Node = Minus(self._minus())
        else:
            node = self._power()
        self._depth -= 1
        return node

    def _power(self) -> Node:
        node = self._atom()
        if self._next() == Token("sign", "^"):
            self._take()
            return Binary("^", node, self._minus())
        return node

    def _atom(self) -> Node:
        token = self._take()
        match token.kind, token.text:
            case "number", _:
                return Number(float(token.text))
            case "text", _:
                return Text(token.text[1:-1])
            case "word", name if self._next() == Token("sign", "("):
                self._take()
                return Function(name, self._list(")"))
            case "word", name:
                return Name(name)
            case "sign", "[":
                return Items(self._list("]"))
            case "sign", "(":
                node = self.level(0)
                self.expect(")")
                return node
        raise ExpressionError(f"Unexpected '{token.text or 'end of expression'}'")

    def _list(self, end: str) -> tuple[Node, ...]:
        if self._next() == Token("sign", end):
            self._take()
            return ()
        nodes = [self.level(0)]
        while self._next() == Token("sign", ","):
            self._take()
            nodes.append(self.level(0))
        self.expect(end)
        return tuple(nodes)

    def _next(self) -> Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else _END

    def _take(self) -> Token:
        token = self._next()
        self._place += 1
        return token
