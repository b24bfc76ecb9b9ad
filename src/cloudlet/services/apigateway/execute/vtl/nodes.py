"""What a mapping template consists of once parsed.

Must not know how it is written or run: `parser.py` makes these, `compile.py` turns them into closures.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that come out as they stand."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a boolean or a string without references."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A double-quoted string that is a template itself."""

    body: Block


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """[a, b, c]"""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """{a : b, c : d}"""

    entries: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """[from..to], both ends included, in either direction."""

    start: Expression
    end: Expression


@dataclass(frozen=True, slots=True)
class Property:
    """.name"""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """[key]"""

    key: Expression


@dataclass(frozen=True, slots=True)
class MethodCall:
    """.name(arguments)"""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """$name.step[step].step(): `backslashes` stood before the dollar and escape it when they are odd."""

    source: str
    name: str
    steps: tuple[Property | Index | MethodCall, ...] = ()
    backslashes: int = 0

    def ends_in_property(self) -> bool:
        """Whether it is written without braces and its last step is a name."""
        return bool(self.steps) and isinstance(self.steps[-1], Property) and not self.source.endswith("}")


@dataclass(frozen=True, slots=True)
class Not:
    """!operand"""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """left operator right; the operator in its symbol form."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Set:
    """#set(target = value)"""

    target: Reference
    value: Expression


@dataclass(frozen=True, slots=True)
class If:
    """#if, its #elseifs and its #else."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block


@dataclass(frozen=True, slots=True)
class Foreach:
    """#foreach($name in items) body #end"""

    name: str
    items: Expression
    body: Block


@dataclass(frozen=True, slots=True)
class Define:
    """#define($name) body #end"""

    name: str
    body: Block


@dataclass(frozen=True, slots=True)
class Break:
    """#break: leaves the innermost loop, or the template where there is none."""


@dataclass(frozen=True, slots=True)
class Stop:
    """#stop: nothing after it is rendered."""


Expression = Literal | Interpolated | ListLiteral | MapLiteral | Range | Reference | Not | Binary
Statement = Text | Reference | Set | If | Foreach | Define | Break | Stop
Block = tuple[Statement, ...]
