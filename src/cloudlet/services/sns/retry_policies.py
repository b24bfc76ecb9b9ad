"""Retry policies: how often, and how far apart, a delivery is tried again. Knows no clock.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#delivery-policies-protocol
How AWS's backoff functions rise is told by a picture only; the formulas are cloudlet's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct


class RetryPolicy(Struct, frozen=True):
    """The phases in which a delivery is tried again."""

    no_delay: int
    min_delay: int
    backoff: int
    max_delay: int
    min_seconds: float
    max_seconds: float
    backoff_function: str

    def delay_seconds(self, attempts: int) -> float | None:
        """How long to wait after so many attempts that failed; None once there are no more."""
        retry = attempts - 1
        if retry < self.no_delay:
            return 0.0
        retry -= self.no_delay
        if retry < self.min_delay:
            return self.min_seconds
        retry -= self.min_delay
        if retry < self.backoff:
            return self._backoff_seconds((retry + 1) / self.backoff)
        return self.max_seconds if retry - self.backoff < self.max_delay else None

    def total_seconds(self) -> float:
        """How long all retries wait together."""
        backoff = sum(self._backoff_seconds((retry + 1) / self.backoff) for retry in range(self.backoff))
        return self.min_delay * self.min_seconds + backoff + self.max_delay * self.max_seconds

    def _backoff_seconds(self, share: float) -> float:
        """The delay when a share of the backoff phase has passed, its own retry counted."""
        rise = _RISES[self.backoff_function](share)
        return self.min_seconds + (self.max_seconds - self.min_seconds) * rise


_RISES: Final[Mapping[str, Callable[[float], float]]] = MappingProxyType(
    {
        "linear": lambda share: share,
        "arithmetic": lambda share: share * (1 + share) / 2,
        "geometric": lambda share: share**2,
        "exponential": lambda share: math.expm1(5 * share) / math.expm1(5),
    }
)
BACKOFF_FUNCTIONS: Final = tuple(sorted(_RISES))
AWS_MANAGED: Final = RetryPolicy(3, 2, 10, 100_000, 1.0, 20.0, "exponential")
"""For queues and functions."""
