"""Which tenants of a standard queue are noisy neighbors: they take much of what its consumers can do.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
A tenant is a message group. Processing times are kept in memory: they only decide on who goes first.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct, field

_SHARE: Final = 0.1
_LEAST_IN_FLIGHT: Final = 30
_LEAST_SECONDS: Final = 10.0
"""AWS does not say how much processing it takes to judge by; this is ours."""
_RECENT_SECONDS: Final = 60.0
"""After so long, processing time counts half."""
_FORGIVEN_SECONDS: Final = 300.0
"""A tenant that sends nothing for so long is quiet again."""
_QUEUES_KEPT: Final = 1_000
_TENANTS_KEPT: Final = 1_000


def is_forgiven(sent_at: float, now: float) -> bool:
    """Whether a tenant that sent something last at a time is quiet whatever it takes."""
    return now >= sent_at + _FORGIVEN_SECONDS


def may_crowd(in_flight: int) -> bool:
    """Whether a tenant has so many messages in flight that their share of all counts."""
    return in_flight >= _LEAST_IN_FLIGHT


def crowds(in_flight: int, all_in_flight: int) -> bool:
    """Whether a tenant's messages in flight are too large a share of the queue's."""
    return may_crowd(in_flight) and in_flight > _SHARE * all_in_flight


class _Recent(Struct):
    """Seconds of processing, of which older ones count less."""

    seconds: float = 0.0
    at: float = 0.0

    def until(self, now: float) -> float:
        return self.seconds * math.exp2((self.at - now) / _RECENT_SECONDS)

    def add(self, seconds: float, now: float) -> None:
        self.seconds = self.until(now) + seconds
        self.at = now


class _Queue(Struct):
    total: _Recent = field(default_factory=_Recent)
    tenants: dict[str, _Recent] = field(default_factory=dict)


class ProcessingTimes:
    """How long messages of each tenant were in flight lately, as far as this server saw it."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    async def close(self) -> None:
        """Forgets everything."""
        self._queues.clear()

    def watches(self, queue_id: str) -> bool:
        """Whether a queue has had tenants, so that messages without one count too."""
        return queue_id in self._queues

    def add(self, queue_id: str, tenant: str, seconds: float, now: float) -> None:
        """Counts the time that a message was in flight; a message without a tenant has "" for one."""
        queue = self._queues.get(queue_id)
        if queue is None:
            queue = self._queues[queue_id] = _Queue()
            if len(self._queues) > _QUEUES_KEPT:
                del self._queues[next(iter(self._queues))]
        queue.total.add(seconds, now)
        if tenant:
            queue.tenants.setdefault(tenant, _Recent()).add(seconds, now)
            if len(queue.tenants) > _TENANTS_KEPT:
                del queue.tenants[min(queue.tenants, key=lambda name: queue.tenants[name].until(now))]

    def is_too_long(self, queue_id: str, tenant: str, more_seconds: float, now: float) -> bool:
        """Whether a tenant's processing time, with some not added yet, is too large a share of all."""
        queue = self._queues.get(queue_id)
        recent = queue.tenants.get(tenant) if queue is not None else None
        seconds = more_seconds + (0.0 if recent is None else recent.until(now))
        total = more_seconds + (0.0 if queue is None else queue.total.until(now))
        return seconds >= _LEAST_SECONDS and seconds > _SHARE * total
