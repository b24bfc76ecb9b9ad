"""DynamoDB's expressions: conditions, filters, projections, key conditions and updates.

Texts are compiled once and kept, within a bound. Nothing here knows tables or the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions.conditions import CompiledCondition, compile_condition
from cloudlet.services.dynamodb.expressions.key_conditions import CompiledKeyCondition, compile_key_condition
from cloudlet.services.dynamodb.expressions.projections import CompiledProjection, compile_projection
from cloudlet.services.dynamodb.expressions.updates import CompiledUpdate, compile_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.services.dynamodb.expressions.names import Names

T = TypeVar("T")

MAX_EXPRESSION_BYTES: Final = 4096
_BOUND: Final = 4096

__all__ = [
    "CompiledCondition",
    "CompiledKeyCondition",
    "CompiledProjection",
    "CompiledUpdate",
    "Expressions",
]


class Expressions:
    """Compiled expressions, the oldest forgotten first."""

    def __init__(self, bound: int = _BOUND) -> None:
        self._bound = bound
        self._compiled: dict[tuple[Any, ...], Any] = {}

    async def close(self) -> None:
        """Forgets everything."""
        self._compiled.clear()

    def condition(self, kind: str, text: str, names: Names) -> CompiledCondition:
        """A ConditionExpression or FilterExpression. Raises ValidationException."""
        return self._find((kind, text, *names.items()), lambda: compile_condition(kind, text, names))

    def key_condition(self, text: str, names: Names) -> CompiledKeyCondition:
        """A KeyConditionExpression. Raises ValidationException."""
        kind = "KeyConditionExpression"
        return self._find((kind, text, *names.items()), lambda: compile_key_condition(text, names))

    def projection(self, text: str, names: Names) -> CompiledProjection:
        """A ProjectionExpression. Raises ValidationException."""
        kind = "ProjectionExpression"
        return self._find((kind, text, *names.items()), lambda: compile_projection(text, names))

    def update(self, text: str, names: Names) -> CompiledUpdate:
        """An UpdateExpression. Raises ValidationException."""
        kind = "UpdateExpression"
        return self._find((kind, text, *names.items()), lambda: compile_update(text, names))

    def _find(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        found: T | None = self._compiled.get(key)
        if found is not None:
            return found
        kind, text = key[0], key[1]
        if len(text.encode()) > MAX_EXPRESSION_BYTES:
            told = "" if kind == "UpdateExpression" else f" expression size: {len(text.encode())}"
            raise ValidationException(
                f"Invalid {kind}: Expression size has exceeded the maximum allowed size;{told}"
            )
        made = make()
        if len(self._compiled) >= self._bound:
            del self._compiled[next(iter(self._compiled))]
        self._compiled[key] = made
        return made
