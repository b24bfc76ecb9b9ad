"""How a method says what arguments it takes.

Must not know any method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

# A long or a BigInteger fits no parameter that is an int, so Java finds no such method.
INT_FROM: Final = -(2**31)
INT_BELOW: Final = 2**31
KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "s": lambda value: isinstance(value, str),
    "i": lambda value: type(value) is int and INT_FROM <= value < INT_BELOW,
    "n": lambda value: type(value) in (int, float),
    "l": lambda value: isinstance(value, list),
    "m": lambda value: isinstance(value, dict),
    "o": lambda value: True,
}


class Method(Struct, frozen=True):
    """A function of the owner and its arguments; `kinds` has a letter of KINDS for each argument."""

    function: Callable[..., Any]
    kinds: str = ""

    def accepts(self, arguments: tuple[Any, ...]) -> bool:
        """Whether the arguments are of the kinds it takes."""
        return all(KINDS[kind](argument) for kind, argument in zip(self.kinds, arguments, strict=True))


Methods = dict[tuple[str, int], Method]
