"""One reading of a path: the document it starts from and the work it may still do.

Must not know the grammar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .errors import PathError

MAX_STEPS: Final = 1_000_000


class _Missing:
    """What a definite path gives where the document has nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class Evaluation:
    """The root document and a budget of steps."""

    __slots__ = ("_steps", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self._steps = MAX_STEPS

    def spend(self, steps: int) -> None:
        """Account for work; ends a path that runs away."""
        self._steps -= steps
        if self._steps < 0:
            raise PathError("The path takes too many steps")


Selector = Callable[[Evaluation, list[Any]], list[Any]]
Reader = Callable[[Evaluation, Any], Any]
Predicate = Callable[[Evaluation, Any], bool]
