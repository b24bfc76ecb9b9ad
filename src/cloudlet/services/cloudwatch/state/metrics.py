"""Which metrics there are, and their datapoints in every tier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, pairwise
from typing import Final, TypeAlias

from cloudlet.core.call import Call
from cloudlet.core.distribution import Distribution
from cloudlet.core.rows import Rows
from cloudlet.core.store import Key
from cloudlet.services.cloudwatch.model import (
    ACTIVE_STEP_SECONDS,
    TIERS,
    Datapoint,
    KnownMetric,
    Measurement,
    Metric,
    Tier,
    aligned,
    usable,
)

_EVERYTHING: Final = 1 << 62
_AGED_AT_ONCE: Final = 500


Place: TypeAlias = tuple[str, str, bytes]
"""Where a metric stands among an account's: namespace, name, digest."""

_KNOWN: Final = Rows(("cloudwatch", "metric"), KnownMetric)
"""account, region, namespace, name, digest"""
_DATA: Final = Rows(("cloudwatch", "data"), Distribution)
"""digest, resolution, timestamp, unit"""


def add(call: Call, account: str, region: str, measurements: Iterable[Measurement]) -> None:
    """Writes what was measured, together with what is there."""
    for measured in measurements:
        metric, datapoint = measured.metric, measured.datapoint
        digest = metric.digest(account, region)
        _note(call, account, region, metric, digest, datapoint.timestamp)
        _merge(call, digest, measured.resolution, datapoint)


def _note(call: Call, account: str, region: str, metric: Metric, digest: bytes, timestamp: int) -> None:
    key = (account, region, metric.namespace, metric.name, digest)
    known = _KNOWN.find(call, *key)
    if known is None or timestamp - known.latest >= ACTIVE_STEP_SECONDS:
        _KNOWN.save(call, KnownMetric(metric, float(timestamp)), *key)


def _merge(call: Call, digest: bytes, resolution: int, datapoint: Datapoint) -> None:
    key = (digest, resolution, aligned(datapoint.timestamp, resolution), datapoint.unit)
    found = _DATA.find(call, *key)
    _DATA.save(call, datapoint.values if found is None else found.merged(datapoint.values), *key)


def list_known(
    call: Call, namespace: str | None = None, name: str | None = None, after: Place | None = None
) -> Iterator[tuple[Place, KnownMetric]]:
    """The call's metrics by namespace and name, each with its place; only those beyond a place if given."""
    prefix = (call.account, call.region)
    narrowed = (*prefix, *((namespace, *((name,) if name else ())) if namespace else ()))
    beyond = after[len(narrowed) - len(prefix) :] if after else None
    for key, known in _KNOWN.items_below(call, *narrowed, after=beyond):
        if name is None or known.metric.name == name:
            yield _place(key), known


def _place(key: Key) -> Place:
    namespace, name, digest = key[-3:]
    if not isinstance(digest, bytes):
        raise TypeError(f"not a metric's key: {key}")
    return str(namespace), str(name), digest


def datapoints(call: Call, metric: Metric, start: float, end: float, period: int) -> list[Datapoint]:
    """A metric's datapoints with start <= timestamp < end that can be told in a period, of every unit."""
    digest = metric.digest(call.account, call.region)
    now = call.time()
    found = chain.from_iterable(_of_tier(call, digest, tier, start, end) for tier in TIERS)
    return [datapoint for tier, datapoint in found if usable(tier, period, now - datapoint.timestamp)]


def _of_tier(
    call: Call, digest: bytes, tier: Tier, start: float, end: float
) -> Iterator[tuple[Tier, Datapoint]]:
    prefix = (*_DATA.prefix, digest, tier.resolution)
    first = max(aligned(start, 1), 0)
    for key, value in call.transaction.range((*prefix, first), (*prefix, aligned(end, 1)), limit=_EVERYTHING):
        yield tier, _datapoint(key, value)


def _datapoint(key: Key, value: bytes) -> Datapoint:
    timestamp, unit = key[-2:]
    if not isinstance(timestamp, int):
        raise TypeError(f"not a datapoint's key: {key}")
    return Datapoint(timestamp, str(unit), _DATA.decode(value))


async def age(call: Call) -> None:
    """Aggregates all that is too old for its tier into the next, and removes what is too old for any."""
    async for key, known in _KNOWN.scan(call):
        _, _, digest = _place(key)
        if await call.transact(partial(_has_aged, digest=digest), read_only=True):
            while await call.transact(partial(_age_some, digest=digest)):
                pass
        if known.latest < call.time() - TIERS[-1].kept_seconds:
            await call.transact(partial(_forget, key=key))


def _has_aged(call: Call, digest: bytes) -> bool:
    return any(_aged(call, digest, tier, 1) for tier in TIERS)


def _age_some(call: Call, digest: bytes) -> bool:
    """Whether there was something to age."""
    found = False
    for tier, coarser in pairwise(TIERS):
        for datapoint in _aged(call, digest, tier, _AGED_AT_ONCE):
            _merge(call, digest, coarser.resolution, datapoint)
            _DATA.delete(call, digest, tier.resolution, datapoint.timestamp, datapoint.unit)
            found = True
    for datapoint in _aged(call, digest, TIERS[-1], _AGED_AT_ONCE):
        _DATA.delete(call, digest, TIERS[-1].resolution, datapoint.timestamp, datapoint.unit)
        found = True
    return found


def _aged(call: Call, digest: bytes, tier: Tier, limit: int) -> list[Datapoint]:
    """The oldest datapoints of a tier that it keeps no longer."""
    prefix = (*_DATA.prefix, digest, tier.resolution)
    oldest = aligned(call.time() - tier.kept_seconds, 1)
    rows = call.transaction.range(prefix, (*prefix, oldest), limit=limit)
    return [_datapoint(key, value) for key, value in rows]


def _forget(call: Call, key: Key) -> None:
    _KNOWN.delete(call, *key)
