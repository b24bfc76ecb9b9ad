"""IAM's wildcards as regular expressions: `*` is any run of characters, `?` exactly one.

Nothing here knows which element a pattern stands in.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias


class AnyRun:
    """The type of ANY_RUN."""


class AnyOne:
    """The type of ANY_ONE."""


ANY_RUN: Final = AnyRun()
ANY_ONE: Final = AnyOne()
Token: TypeAlias = "str | AnyRun | AnyOne"


def tokens(pattern: str) -> list[Token]:
    """A pattern as literal texts and wildcards."""
    found: list[Token] = []
    for piece in re.split(r"([*?])", pattern):
        if piece == "*":
            found.append(ANY_RUN)
        elif piece == "?":
            found.append(ANY_ONE)
        elif piece:
            found.append(piece)
    return found


def expression(pattern: list[Token]) -> str:
    """The tokens as a regular expression for fullmatch with DOTALL, without catastrophic backtracking.

    Between two runs the first place that fits is as good as any later one, so it is held in an atomic group.
    """
    runs = [[]] if not pattern else _split_at_runs(pattern)
    head, *rest = runs
    if not rest:
        return "".join(head)
    *middle, tail = rest
    inner = "".join(f"(?>.*?{''.join(part)})" for part in middle if part)
    return f"{''.join(head)}{inner}.*{''.join(tail)}"


def compiled(pattern: list[Token]) -> re.Pattern[str]:
    """The tokens as a compiled expression; use its fullmatch."""
    return re.compile(expression(pattern), re.DOTALL)


def _split_at_runs(pattern: list[Token]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in pattern:
        if isinstance(token, AnyRun):
            parts.append([])
        elif isinstance(token, AnyOne):
            parts[-1].append(".")
        else:
            parts[-1].append(re.escape(token))
    return parts


class Matcher:
    """Many patterns at once: literals in a set, prefixes in one startswith, the rest in one expression."""

    __slots__ = ("_everything", "_expression", "_literals", "_prefixes")

    def __init__(self, patterns: list[str]) -> None:
        self._everything = "*" in patterns
        self._literals = frozenset(each for each in patterns if "*" not in each and "?" not in each)
        starred = [each for each in patterns if each not in self._literals]
        self._prefixes = tuple(each[:-1] for each in starred if _is_prefix(each))
        others = [expression(tokens(each)) for each in starred if not _is_prefix(each)]
        self._expression = (
            re.compile("|".join(f"(?:{each})" for each in others), re.DOTALL) if others else None
        )

    def matches(self, text: str) -> bool:
        """Whether any of the patterns fits the whole text."""
        if self._everything or text in self._literals or text.startswith(self._prefixes):
            return True
        return self._expression is not None and self._expression.fullmatch(text) is not None


def _is_prefix(pattern: str) -> bool:
    return pattern.endswith("*") and "*" not in pattern[:-1] and "?" not in pattern
