"""Requests signed by botocore and by hand, for the tests of signatures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cloudlet.core.http import BytesBody, HttpRequest
from cloudlet.wire.sigv4.canonical import basic_timestamp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CREDENTIALS = Credentials(ACCESS_KEY_ID, SECRET)


class Pieces:
    """A body that arrives in pieces of one size."""

    def __init__(self, content: bytes, size: int = 1000) -> None:
        self.content, self.size = content, size

    @property
    def length(self) -> int | None:
        return len(self.content)

    async def read(self, limit_bytes: int) -> bytes:
        return self.content

    async def stream(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), self.size):
            yield self.content[start : start + self.size]


def received(method: str, url: str, headers, body: bytes = b"") -> HttpRequest:
    """A request as the server would hand it on."""
    parts = urlsplit(url)
    texts = [(k, v.decode() if isinstance(v, bytes) else str(v)) for k, v in headers]
    if not any(key.lower() == "host" for key, _ in texts):
        texts.append(("Host", parts.netloc))
    return HttpRequest(method, parts.path or "/", parts.query, texts, BytesBody(body))


def botocore_signed(signer, method: str, url: str, body: bytes = b"", headers=None) -> HttpRequest:
    """A request that a botocore signer signed."""
    request = AWSRequest(method, url, headers=headers or {}, data=body)
    signer.add_auth(request)
    prepared = request.prepare()
    return received(method, prepared.url, prepared.headers.items(), body)


def seconds(timestamp: str) -> float:
    parsed = basic_timestamp(timestamp)
    assert parsed is not None
    return parsed[1]


def replaced(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    """The request with another value of a header, or without it."""
    headers = [(k, v) for k, v in request.headers if k.lower() != name]
    if value is not None:
        headers.append((name, value))
    return HttpRequest(request.method, request.path, request.query, headers, request.body)


def read(body) -> bytes:
    """All of a body."""
    return asyncio.run(body.read(1 << 30))
