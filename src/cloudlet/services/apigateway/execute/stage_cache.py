"""The cache of a stage: answers of methods, kept by the parameters that their owner has chosen.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
Only to save asking again: every server has its own, and a flush counts on all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.core.access import Permission
from cloudlet.core.errors import AccessDenied
from cloudlet.core.http import HttpResponse

from .errors import access_denied
from .method_arns import method_arn

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import Headers

    from .compiled import CompiledMethod, CompiledStage
    from .invocation import Invocation

_LARGEST_ANSWER_BYTES: Final = 1024 * 1024
_MOST_BYTES: Final = 256 * 1024 * 1024
_WARNING: Final = ("Warning", "199 Cache-control headers were ignored because the caller was unauthorized.")
Key: TypeAlias = tuple[str, ...]


class CachedAnswer(Struct, frozen=True):
    """An answer and until when it counts."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    expires_at: float


class StageCache:
    """The answers of all stages; those that were not asked for longest make room."""

    def __init__(self, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._kept: OrderedDict[Key, CachedAnswer] = OrderedDict()
        self._bytes = 0

    async def close(self) -> None:
        """Forgets them."""
        self._kept.clear()
        self._bytes = 0

    def find(self, key: Key) -> CachedAnswer | None:
        """An answer that still counts."""
        found = self._kept.get(key)
        if found is None or found.expires_at <= self._clock.time():
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, status: int, headers: Headers, body: bytes, seconds: float) -> None:
        """Keeps an answer, unless it is too large."""
        if len(body) > _LARGEST_ANSWER_BYTES:
            return
        replaced = self._kept.pop(key, None)
        self._bytes += len(body) - (len(replaced.body) if replaced else 0)
        self._kept[key] = CachedAnswer(status, tuple(headers), body, self._clock.time() + seconds)
        while self._bytes > _MOST_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.body)


def is_cached(stage: CompiledStage, method: CompiledMethod) -> bool:
    """Whether a method's answers are kept: those to GET, and others only where their own setting says so."""
    return stage.has_cache and method.settings.caching_enabled and method.settings.cache_ttl_in_seconds > 0


async def read_cache(invocation: Invocation) -> None:
    """Answers from the cache, if it can and the client does not ask for a new answer."""
    if not _applies(invocation):
        return
    key = invocation.cache_key = _key(invocation)
    if _asks_for_new(invocation):
        if await _may_invalidate(invocation):
            return
        strategy = invocation.method.settings.unauthorized_cache_control_header_strategy
        if strategy == "FAIL_WITH_403":
            raise access_denied("The caller is not authorized to invalidate the cache")
        invocation.warns_of_cache = strategy == "SUCCEED_WITH_RESPONSE_HEADER"
    found = invocation.call.cloud.component(StageCache).find(key)
    if found is not None:
        invocation.response = HttpResponse(found.status, [*found.headers], found.body)
        invocation.is_served_from_cache = True
        _warn(invocation)


async def write_cache(invocation: Invocation) -> None:
    """Keeps the answer."""
    key, response = invocation.cache_key, invocation.response
    if key is None or response is None:
        return
    if 200 <= response.status < 300 and isinstance(response.body, bytes):
        seconds = invocation.method.settings.cache_ttl_in_seconds
        # The trace is of the one request that asked the integration.
        headers = [each for each in response.headers if each[0] != "X-Amzn-Trace-Id"]
        cache = invocation.call.cloud.component(StageCache)
        cache.keep(key, response.status, headers, response.body, seconds)
    _warn(invocation)


def _applies(invocation: Invocation) -> bool:
    return invocation.request.method == "GET" or invocation.method.has_own_settings


def _key(invocation: Invocation) -> Key:
    stage, method = invocation.stage, invocation.method
    values = [source(invocation) for source in method.integration.cache_key]
    return (
        stage.api_id,
        stage.name,
        stage.cache_epoch,
        stage.deployment_id if stage.is_canary and not stage.canary_uses_cache else "",
        method.integration.cache_namespace or method.resource_id,
        invocation.request.method,
        *(
            "\n".join(value) if isinstance(value, list) else f"={value}" if value is not None else ""
            for value in values
        ),
    )


def _asks_for_new(invocation: Invocation) -> bool:
    control = invocation.request.header("cache-control")
    return control is not None and "max-age=0" in control.replace(" ", "").lower().split(",")


async def _may_invalidate(invocation: Invocation) -> bool:
    if not invocation.method.settings.require_authorization_for_cache_control:
        return True
    if invocation.method.authorization_type != "AWS_IAM":
        return False
    call = invocation.call
    permission = Permission(
        action="execute-api:InvalidateCache",
        resource=method_arn(invocation),
        resource_policy=invocation.stage.policy,
        resource_account=invocation.stage.account,
    )
    try:
        await call.transact(lambda inner: call.cloud.api.check_within(inner, [permission]), read_only=True)
    except AccessDenied:
        return False
    return True


def _warn(invocation: Invocation) -> None:
    if invocation.warns_of_cache and invocation.response is not None:
        invocation.response.headers.append(_WARNING)
