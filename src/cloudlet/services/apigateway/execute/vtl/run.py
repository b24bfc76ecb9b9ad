"""One rendering of a template: its variables, what it has written, and what it may still spend.

Must not know nodes; the closures that `compile.py` makes run on this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .costs import steps_of_whole
from .errors import OutOfSteps, TemplateError
from .values import MAX_CHARACTERS, text_of

# AWS's quota "Number of iterations in a #foreach ... #end loop in mapping templates"; Velocity stops quietly.
MAX_ITERATIONS: Final = 1000
# A step is a quarter of a microsecond, so that this is some three seconds.
MAX_STEPS: Final = 12_000_000
_CHARACTERS_A_STEP: Final = 8
_STEPS_OF_PRINTING: Final = 3
MAX_DEFINE_DEPTH: Final = 20

Action = Callable[["Run"], None]


class BreakLoop(Exception):
    """#break on its way to its loop."""


class StopTemplate(Exception):
    """#stop on its way out."""


class Definition:
    """What #define binds: a block that renders anew wherever it is mentioned."""

    __slots__ = ("body", "cost")

    def __init__(self, body: Action, cost: int) -> None:
        self.body = body
        self.cost = cost


class Run:
    """One rendering: its variables, what it has written, and what it may still spend."""

    __slots__ = ("_counted", "_depth", "_size", "left", "output", "variables", "write")

    def __init__(self, variables: Mapping[str, Any], steps: int = MAX_STEPS) -> None:
        self.variables: dict[str, Any] = dict(variables)
        self.output: list[str] = []
        self.write = self.output.append
        self.left = steps
        """How many steps it may still take."""
        self._depth = 0
        self._counted = 0
        self._size = 0

    def spend(self, steps: int) -> None:
        """Account for work; ends a template that runs away."""
        counted = len(self.output)
        written = sum(map(len, self.output[self._counted : counted]))
        self._counted = counted
        self._size += written
        if self._size > MAX_CHARACTERS:
            raise TemplateError("The text grew too large")
        self.charge(steps + written // _CHARACTERS_A_STEP)

    def charge(self, steps: int) -> None:
        """Account for work that wrote nothing."""
        self.left -= steps
        if self.left < 0:
            raise OutOfSteps("The template takes too many steps")

    def captured(self, body: Action) -> str:
        """What a block writes, as text."""
        outer, counted = self.output, self._counted
        self.output, self._counted = [], 0
        self.write = self.output.append
        try:
            body(self)
            self.spend(1)
            return "".join(self.output)
        finally:
            self.output, self._counted = outer, counted
            self.write = outer.append

    def expand(self, definition: Definition) -> None:
        """Write what a #define stands for."""
        if self._depth >= MAX_DEFINE_DEPTH:
            raise TemplateError("Max recursion depth reached in #define")
        self._depth += 1
        self.spend(definition.cost)
        definition.body(self)
        self._depth -= 1

    def text(self, value: Any) -> str:
        """A value as text; nothing for null."""
        if isinstance(value, Definition):
            return self.captured(lambda run: run.expand(value))
        return "" if value is None else self.printed(value)

    def printed(self, value: Any) -> str:
        """What a value that is not null looks like."""
        if type(value) is not str:
            self.charge(_STEPS_OF_PRINTING * steps_of_whole(value, self.left))
        return text_of(value)


class Loop:
    """$foreach: where a loop stands."""

    __slots__ = ("index", "parent", "size")

    def __init__(self, size: int, parent: Any) -> None:
        self.index = 0
        self.size = size
        self.parent = parent

    def property(self, name: str) -> Any:
        """One of index, count, hasNext, first, last, parent, topmost."""
        if name == "index":
            return self.index
        if name == "count":
            return self.index + 1
        if name == "hasNext":
            return self.index + 1 < self.size
        if name == "first":
            return self.index == 0
        if name == "last":
            return self.index + 1 >= self.size
        if name == "parent":
            return self.parent
        return self.outermost() if name == "topmost" else None

    def outermost(self) -> Loop:
        """The loop around all the others."""
        loop = self
        while isinstance(loop.parent, Loop):
            loop = loop.parent
        return loop
