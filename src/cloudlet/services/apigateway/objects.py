"""What lies in S3 and is needed whole: documents of APIs, truststores.

Reads as the caller, who must be allowed to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.core.http import FileBody
from cloudlet.services.apigateway.errors import BadRequestException

if TYPE_CHECKING:
    from cloudlet.core.call import Call


async def object_content(call: Call, request: Mapping[str, Any], limit_bytes: int) -> bytes:
    """What a GetObject gets. Raises ServiceError as S3 does, and BadRequestException beyond the limit."""
    content = await _content((await call.ask("s3", "GetObject", request))["Body"], limit_bytes)
    if len(content) > limit_bytes:
        raise BadRequestException(f"The document is larger than {limit_bytes} bytes.")
    return content


async def _content(body: bytes | FileBody | AsyncIterator[bytes], limit_bytes: int) -> bytes:
    """The whole body, or a little more than the limit of it."""
    if isinstance(body, FileBody):
        return await asyncio.to_thread(_read, body, limit_bytes)
    if isinstance(body, bytes):
        return body
    content = bytearray()
    async for piece in body:
        content += piece
        if len(content) > limit_bytes:
            break
    return bytes(content)


def _read(body: FileBody, limit_bytes: int) -> bytes:
    with body.path.open("rb") as file:
        file.seek(body.offset)
        return file.read(min(body.count, limit_bytes + 1))
