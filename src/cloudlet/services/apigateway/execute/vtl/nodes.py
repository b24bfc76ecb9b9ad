"""What a mapping template consists of once parsed.

Must not know how it is written or run: `parser.py` makes these, `compile.py` turns them into closures.
"""

from __future__ import annotations

from msgspec import Struct


class Text(Struct, frozen=True):
    """Characters that come out as they stand."""

    text: str


class Literal(Struct, frozen=True):
    """A number, a boolean or a string without references."""

    value: str | int | float | bool


class Interpolated(Struct, frozen=True):
    """A double-quoted string that is a template itself."""

    body: Block


class ListLiteral(Struct, frozen=True):
    """[a, b, c]"""

    items: tuple[Expression, ...]


class MapLiteral(Struct, frozen=True):
    """{a : b, c : d}"""

    entries: tuple[tuple[Expression, Expression], ...]


class Range(Struct, frozen=True):
    """[from..to], both ends included, in either direction."""

    start: Expression
    end: Expression


class Property(Struct, frozen=True):
    """.name"""

    name: str


class Index(Struct, frozen=True):
    """[key]"""

    key: Expression


class MethodCall(Struct, frozen=True):
    """.name(arguments)"""

    name: str
    arguments: tuple[Expression, ...]


class Reference(Struct, frozen=True):
    """$name.step[step].step(): `backslashes` stood before the dollar and escape it when they are odd."""

    source: str
    name: str
    steps: tuple[Property | Index | MethodCall, ...] = ()
    backslashes: int = 0

    def ends_in_property(self) -> bool:
        """Whether it is written without braces and its last step is a name."""
        return bool(self.steps) and isinstance(self.steps[-1], Property) and not self.source.endswith("}")


class Not(Struct, frozen=True):
    """!operand"""

    operand: Expression


class Binary(Struct, frozen=True):
    """left operator right; the operator in its symbol form."""

    operator: str
    left: Expression
    right: Expression


class Set(Struct, frozen=True):
    """#set(target = value)"""

    target: Reference
    value: Expression


class If(Struct, frozen=True):
    """#if, its #elseifs and its #else."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block


class Foreach(Struct, frozen=True):
    """#foreach($name in items) body #end"""

    name: str
    items: Expression
    body: Block


class Define(Struct, frozen=True):
    """#define($name) body #end"""

    name: str
    body: Block


class Break(Struct, frozen=True):
    """#break: leaves the innermost loop, or the template where there is none."""


class Stop(Struct, frozen=True):
    """#stop: nothing after it is rendered."""


Expression = Literal | Interpolated | ListLiteral | MapLiteral | Range | Reference | Not | Binary
Statement = Text | Reference | Set | If | Foreach | Define | Break | Stop
Block = tuple[Statement, ...]
