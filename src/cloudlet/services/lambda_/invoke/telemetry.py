"""The Telemetry API and its older form, the Logs API: extensions get events and log lines on their ports.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html. It holds a bounded number of events for each
listener, and says how many were dropped.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from msgspec import Struct, field

from cloudlet.core.http import HttpResponse
from cloudlet.services.lambda_.invoke.journal import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.clock import Clock

TELEMETRY: Final = "/2022-07-01/telemetry"
LOGS: Final = "/2020-08-15/logs"
_TYPES: Final = ("platform", "function", "extension")
_ITEMS: Final = (1_000, 10_000, 10_000)
_BYTES: Final = (262_144, 1_048_576, 262_144)
_MILLISECONDS: Final = (25, 30_000, 1_000)
_HELD_BYTES: Final = 8 << 20


class Post(Protocol):
    """How a port inside is reached."""

    async def __call__(self, port: int, data: bytes, *, answered: bool) -> bytes:
        """Sends bytes, and returns the first of the answer where one is awaited. Raises OSError."""


class _Subscription(Struct):
    """Who gets what, how many at once and where."""

    types: frozenset[str]
    items: int
    size_bytes: int
    seconds: float
    port: int
    path: str | None
    """Of the URL; None for plain lines of JSON on a TCP connection."""
    held: list[bytes] = field(default_factory=list)
    held_bytes: int = 0
    dropped: int = 0
    sending: asyncio.Task[None] | None = None
    full: asyncio.Event = field(default_factory=asyncio.Event)


class Telemetry:
    """The listeners of one environment's processes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._subscriptions: dict[str, _Subscription] = {}
        self._post: Post | None = None
        self._closed = False
        self._before: list[dict[str, Any]] = []

    def reach_by(self, post: Post) -> None:
        """Tells how ports inside are reached."""
        self._post = post

    def close_registration(self) -> None:
        """The initialization is over: who has not subscribed by now never will."""
        self._closed = True
        self._before.clear()

    def subscribe(self, name: str, path: str, wanted: Mapping[str, Any]) -> HttpResponse:
        """Takes a subscription, or says what is wrong with it."""
        api = "Telemetry" if path == TELEMETRY else "Logs"
        if self._closed:
            text = f"{api} API subscription is closed already"
            return _refusal(403, f"{api}.SubscriptionClosed", text)
        try:
            subscription = _subscription(wanted)
        except (ValueError, TypeError, AttributeError) as error:
            return _refusal(400, "ValidationError", str(error))
        self._subscriptions[name] = subscription
        for event in self._before:
            self._hold(subscription, event)
        return HttpResponse(200, [("Content-Type", "text/plain; charset=utf-8")], b'"OK"')

    def event(self, event: dict[str, Any]) -> None:
        """Passes an event of the platform on; those of the initialization wait for who subscribes later."""
        if not self._closed:
            self._before.append(event)
        self._pass_on("platform", event)

    def line(self, kind: str, text: str) -> None:
        """Passes a line of the log on."""
        if self._subscriptions:
            at = stamp(self._clock.time())
            self._pass_on(kind, {"time": at, "type": kind, "record": text})

    async def flush(self) -> None:
        """Sends what is held."""
        for subscription in self._subscriptions.values():
            subscription.full.set()
            if subscription.sending is not None:
                await subscription.sending

    def close(self) -> None:
        """Sends no more."""
        for subscription in self._subscriptions.values():
            if subscription.sending is not None:
                subscription.sending.cancel()
        self._subscriptions.clear()

    def _pass_on(self, kind: str, event: dict[str, Any]) -> None:
        for subscription in self._subscriptions.values():
            if kind in subscription.types:
                self._hold(subscription, event)

    def _hold(self, subscription: _Subscription, event: dict[str, Any]) -> None:
        piece = json.dumps(event, separators=(",", ":")).encode()
        if subscription.held_bytes + len(piece) > _HELD_BYTES:
            subscription.dropped += 1
            return
        subscription.held.append(piece)
        subscription.held_bytes += len(piece)
        if len(subscription.held) >= subscription.items or subscription.held_bytes >= subscription.size_bytes:
            subscription.full.set()
        if subscription.sending is None or subscription.sending.done():
            subscription.sending = asyncio.ensure_future(self._send(subscription))

    async def _send(self, subscription: _Subscription) -> None:
        while subscription.held:
            try:
                async with asyncio.timeout(subscription.seconds):
                    await subscription.full.wait()
            except TimeoutError:
                pass  # what is held by now is sent though it is little
            subscription.full.clear()
            pieces, subscription.held, subscription.held_bytes = subscription.held, [], 0
            if subscription.dropped:
                record = {"droppedRecords": subscription.dropped, "reason": "Consumer too slow"}
                lost = {"time": stamp(self._clock.time()), "type": "platform.logsDropped", "record": record}
                pieces.append(json.dumps(lost).encode())
                subscription.dropped = 0
            try:
                await self._deliver(subscription, pieces)
            except OSError:
                subscription.dropped += len(pieces)
                return

    async def _deliver(self, subscription: _Subscription, pieces: list[bytes]) -> None:
        if self._post is None:
            return
        if subscription.path is None:
            await self._post(subscription.port, b"\n".join([*pieces, b""]), answered=False)
            return
        body = b"[" + b",".join(pieces) + b"]"
        head = (
            f"POST {subscription.path} HTTP/1.1\r\nHost: sandbox.localdomain:{subscription.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        await self._post(subscription.port, head.encode() + body, answered=True)


def _subscription(wanted: Mapping[str, Any]) -> _Subscription:
    """What a request asks for. Raises ValueError, TypeError or AttributeError."""
    types = frozenset(wanted["types"]) if wanted.get("types") else frozenset()
    if not types or not types <= set(_TYPES):
        raise ValueError("types must be some of platform, function and extension")
    buffering = wanted.get("buffering") or {}
    destination = wanted.get("destination") or {}
    protocol = destination.get("protocol")
    if protocol == "HTTP":
        address = urlsplit(destination.get("URI", ""))
        if address.hostname not in ("sandbox.localdomain", "sandbox") or address.port is None:
            raise ValueError("destination.URI must be of the form http://sandbox.localdomain:PORT")
        port, path = address.port, address.path or "/"
    elif protocol == "TCP":
        port, path = int(destination["port"]), None
    else:
        raise ValueError("destination.protocol must be HTTP or TCP")
    return _Subscription(
        types,
        _within("maxItems", buffering, _ITEMS),
        _within("maxBytes", buffering, _BYTES),
        _within("timeoutMs", buffering, _MILLISECONDS) / 1000,
        port,
        path,
    )


def _within(name: str, buffering: Mapping[str, Any], bounds: tuple[int, int, int]) -> int:
    least, most, usual = bounds
    value = int(buffering.get(name, usual))
    if not least <= value <= most:
        raise ValueError(f"buffering.{name} must be between {least} and {most}")
    return value


def _refusal(status: int, error_type: str, message: str) -> HttpResponse:
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return HttpResponse(status, [("Content-Type", "application/json")], body)
