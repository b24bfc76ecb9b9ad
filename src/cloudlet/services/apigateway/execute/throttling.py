"""Token buckets: how fast requests are let in, of an account, a stage's method and a usage plan's key.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
Every server has its own buckets; they are never stored.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

from .errors import throttled

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.services.apigateway.usage_model import Throttle

    from .invocation import Invocation

ACCOUNT_RATE: Final = 10_000.0
ACCOUNT_BURST: Final = 5_000
_MOST_BUCKETS: Final = 20_000
Key: TypeAlias = tuple[str, ...]


class TokenBucket:
    """Holds up to `burst` tokens and gets `rate` new ones a second; each request takes one."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, burst: int, now: float) -> None:
        self._tokens = float(burst)
        self._at = now

    def take(self, rate: float, burst: int, now: float) -> bool:
        """Takes a token, if there is one."""
        tokens = min(self._tokens + (now - self._at) * rate, burst)
        self._at = now
        self._tokens = tokens - 1.0 if tokens >= 1.0 else tokens
        return tokens >= 1.0


class Throttles:
    """The buckets that were used last; one that was long unused is full again anyway."""

    def __init__(self, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._buckets: OrderedDict[Key, TokenBucket] = OrderedDict()

    async def close(self) -> None:
        """Forgets them."""
        self._buckets.clear()

    def take(self, key: Key, rate: float, burst: int) -> bool:
        """Takes a token of one bucket; less than nothing is no limit."""
        if rate < 0 or burst < 0:
            return True
        now = self._clock.time()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(burst, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        return bucket.take(rate, burst, now)


async def throttle(invocation: Invocation) -> None:
    """Lets a request in as fast as plan and method allow, and the account where throughput is limited.

    Raises GatewayError.
    """
    throttles = invocation.call.cloud.component(Throttles)
    stage, method = invocation.stage, invocation.method
    if not _plan_allows(throttles, invocation):
        raise throttled()
    limits = method.settings
    if (limits.throttling_rate_limit, limits.throttling_burst_limit) != (ACCOUNT_RATE, ACCOUNT_BURST):
        key = ("method", stage.api_id, stage.name, *method.key)
        if not throttles.take(key, limits.throttling_rate_limit, limits.throttling_burst_limit):
            raise throttled()
    account = ("account", stage.account, stage.region)
    if invocation.call.cloud.throughput_limits and not throttles.take(account, ACCOUNT_RATE, ACCOUNT_BURST):
        raise throttled()


def _plan_allows(throttles: Throttles, invocation: Invocation) -> bool:
    admission = invocation.admission
    if admission is None:
        return True
    key = ("plan", admission.plan.id, admission.key_id)
    if admission.throttle is not None:
        stage, method = invocation.stage, invocation.method
        return _take(throttles, (*key, stage.api_id, stage.name, *method.key), admission.throttle)
    return admission.plan.throttle is None or _take(throttles, key, admission.plan.throttle)


def _take(throttles: Throttles, key: Key, limit: Throttle) -> bool:
    rate = ACCOUNT_RATE if limit.rate_limit is None else limit.rate_limit
    burst = ACCOUNT_BURST if limit.burst_limit is None else limit.burst_limit
    return throttles.take(key, rate, burst)
