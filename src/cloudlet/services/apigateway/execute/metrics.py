"""What a stage counts of its requests for CloudWatch.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
Keeps nothing: what is counted is gathered by the cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.metrics import Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.http import HttpResponse
    from cloudlet.core.metrics import Dimensions, Metrics

    from .compiled import CompiledMethod, CompiledStage
    from .invocation import Invocation

_NAMESPACE: Final = "AWS/ApiGateway"
_COUNT: Final = "Count"
_MILLISECONDS: Final = "Milliseconds"


class StageSeries(Struct, frozen=True):
    """The metrics with one set of dimensions."""

    count: Series
    client_errors: Series
    server_errors: Series
    latency: Series
    integration_latency: Series
    cache_hits: Series
    cache_misses: Series

    @classmethod
    def of(cls, metrics: Metrics, stage: CompiledStage, dimensions: Dimensions) -> StageSeries:
        """The metrics of a stage's owner."""

        def series(name: str, unit: str) -> Series:
            return metrics.series(stage.account, stage.region, _NAMESPACE, name, dimensions, unit)

        return cls(
            count=series("Count", _COUNT),
            client_errors=series("4XXError", _COUNT),
            server_errors=series("5XXError", _COUNT),
            latency=series("Latency", _MILLISECONDS),
            integration_latency=series("IntegrationLatency", _MILLISECONDS),
            cache_hits=series("CacheHitCount", _COUNT),
            cache_misses=series("CacheMissCount", _COUNT),
        )


def count(invocation: Invocation, response: HttpResponse) -> None:
    """Counts a request that has been answered."""
    status, hit = response.status, invocation.is_served_from_cache
    latency = (invocation.call.time() - invocation.received_at.timestamp()) * 1000
    for series in _series(invocation):
        series.count.add()
        # Those that ended well count as 0: the average of either is the rate of errors.
        series.client_errors.add(1.0 if 400 <= status < 500 else 0.0)
        series.server_errors.add(1.0 if status >= 500 else 0.0)
        series.latency.add(latency)
        if invocation.is_integrated:
            series.integration_latency.add(invocation.integration_seconds * 1000)
        if invocation.cache_key is not None:
            series.cache_hits.add(1.0 if hit else 0.0)
            series.cache_misses.add(0.0 if hit else 1.0)


def _series(invocation: Invocation) -> tuple[StageSeries, ...]:
    stage, method = invocation.stage, invocation.matched
    key = method.key if method is not None and method.settings.metrics_enabled else None
    found = stage.series.get(key)
    if found is None:
        metrics = invocation.call.cloud.metrics
        found = stage.series[key] = tuple(
            StageSeries.of(metrics, stage, each) for each in _dimensions(stage, method if key else None)
        )
    return found


def _dimensions(stage: CompiledStage, method: CompiledMethod | None) -> Iterator[Dimensions]:
    api_name, stage_name = ("ApiName", stage.api_name), ("Stage", stage.name)
    yield (api_name,)
    yield (api_name, stage_name)
    if method is not None:
        yield api_name, ("Method", method.http_method), ("Resource", method.resource_path), stage_name
