"""The services' own metrics: gathered in memory, kept by CloudWatch some seconds later.

Counting writes nothing and waits for nobody. What was counted in the last seconds before a kill is lost, as
the metrics of AWS's services are best effort; users' PutMetricData goes past this, and is durable.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.core.distribution import Distribution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.clock import Clock

Dimensions: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, in any order; each set of them, and none at all, is a metric of its own."""

_MINUTE: Final = 60
_FOLDED_AT: Final = 1024
_FLUSH_SECONDS: Final = 5.0
_SERVICE: Final = "cloudwatch"


class MetricKey(Struct, frozen=True):
    """Which metric of whom, and in which unit its values are."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Dimensions = ()
    unit: str = "Count"


class Gathered(Struct, frozen=True):
    """The values of one metric in one minute, as far as they came since the last flush."""

    key: MetricKey
    minute: int
    """When the minute began, in seconds since 1970."""
    values: Distribution


class Series:
    """One metric to be counted often: find it once, add to it at every event. It may be kept for ever."""

    __slots__ = ("_folded", "_metrics", "_until", "_values", "key")

    def __init__(self, metrics: Metrics, key: MetricKey) -> None:
        self._metrics = metrics
        self.key = key
        self._values: list[float] = []
        self._folded: Distribution | None = None
        self._until = 0.0

    def add(self, value: float = 1.0) -> None:
        """Takes a value of now."""
        now = self._metrics.clock.time()
        if now >= self._until:
            self._begin_minute(now)
        values = self._values
        values.append(value)
        if len(values) == _FOLDED_AT:
            self._fold()

    def take(self) -> Gathered | None:
        """What was added since the last time."""
        if self._values:
            self._fold()
        folded, until = self._folded, self._until
        self._folded, self._until = None, 0.0
        return None if folded is None else Gathered(self.key, int(until) - _MINUTE, folded)

    def _begin_minute(self, now: float) -> None:
        self._metrics.begin(self, self.take())
        self._until = float(now // _MINUTE * _MINUTE + _MINUTE)

    def _fold(self) -> None:
        latest = Distribution.of_samples(self._values)
        self._folded = latest if self._folded is None else self._folded.merged(latest)
        self._values = []


class Metrics:
    """Where services count: `call.cloud.metrics`. In transactions that may be run twice, after_commit()."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._by_key: dict[MetricKey, Series] = {}
        self._begun: dict[Series, None] = {}
        self._ended: list[Gathered] = []
        self._something = asyncio.Event()
        self._flushing = asyncio.Lock()

    def count(
        self,
        account: str,
        region: str,
        namespace: str,
        name: str,
        dimensions: Dimensions = (),
        value: float = 1.0,
        unit: str = "Count",
    ) -> None:
        """Takes one value of a metric."""
        self.series(account, region, namespace, name, dimensions, unit).add(value)

    def series(
        self,
        account: str,
        region: str,
        namespace: str,
        name: str,
        dimensions: Dimensions = (),
        unit: str = "Count",
    ) -> Series:
        """One metric, for whoever counts it often."""
        key = MetricKey(account, region, namespace, name, dimensions, unit)
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = Series(self, key)
        return found

    def begin(self, series: Series, ended: Gathered | None) -> None:
        """Told by a series that has its first value since a flush or of a minute."""
        if ended is not None:
            self._ended.append(ended)
        self._begun[series] = None
        self._something.set()

    def take(self) -> list[Gathered]:
        """All values that came since the last time."""
        self._something.clear()
        self._by_key.clear()
        gathered, self._ended = self._ended, []
        begun, self._begun = self._begun, {}
        return gathered + [taken for series in begun if (taken := series.take()) is not None]

    async def flush(self, cloud: Cloud) -> None:
        """Returns when all that was counted until now is in CloudWatch's rows."""
        async with self._flushing:
            gathered = self.take()
            if gathered:
                call = cloud.call(_SERVICE, Principal.of_service("monitoring.amazonaws.com"), "", "")
                await call.transact(lambda inner: _keep(inner, gathered))

    async def wait(self) -> None:
        """Returns when there is something to flush."""
        await self._something.wait()


class MetricsWorker:
    """Brings what services counted to CloudWatch, some seconds after the first of it."""

    name = "metrics"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        metrics = self._cloud.metrics
        while True:
            await metrics.wait()
            await asyncio.sleep(_FLUSH_SECONDS)
            await metrics.flush(self._cloud)


def _keep(call: Call, gathered: Sequence[Gathered]) -> None:
    keep = call.service.keeps_metrics
    if keep is None:
        raise RuntimeError(f"{call.service.name} keeps no metrics.")
    keep(call, gathered)
