"""The bytes of an answer that may come as a file or in pieces."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cloudlet.core.http import FileBody

from .errors import internal_server_error
from .payload import LARGEST_PAYLOAD_BYTES

if TYPE_CHECKING:
    from cloudlet.core.http import HttpResponse


async def content_of(response: HttpResponse) -> bytes:
    """The whole body. Raises GatewayError beyond what the gateway passes on."""
    body = response.body
    if isinstance(body, bytes):
        return body
    if isinstance(body, FileBody):
        if body.count > LARGEST_PAYLOAD_BYTES:
            raise internal_server_error()
        return await asyncio.to_thread(_read, body)
    pieces: list[bytes] = []
    size = 0
    async for piece in body:
        size += len(piece)
        if size > LARGEST_PAYLOAD_BYTES:
            raise internal_server_error()
        pieces.append(piece)
    return b"".join(pieces)


def _read(body: FileBody) -> bytes:
    with body.path.open("rb") as file:
        file.seek(body.offset)
        return file.read(body.count)
