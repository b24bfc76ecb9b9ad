"""An answer that is streamed, as a response: its metadata first, where it has some, and the rest as it comes.

https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from cloudlet.core.http import HttpResponse
from cloudlet.services.lambda_.function_urls import answers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudlet.services.lambda_.invoke.streaming import ResponseStream

_WITH_METADATA: Final = "application/vnd.awslambda.http-integration-response"
_END_OF_METADATA: Final = bytes(8)
_METADATA_LIMIT_BYTES: Final = 1 << 20
_BYTES: Final = "application/octet-stream"


async def response_of(stream: ResponseStream) -> HttpResponse:
    """The response, its body still coming. Raises Unusable."""
    pieces = stream.pieces()
    if stream.content_type.partition(";")[0].strip().lower() != _WITH_METADATA:
        headers = [("Content-Type", stream.content_type or _BYTES)]
        return HttpResponse(200, headers, _body(stream, b"", pieces))
    begin = b""
    async for piece in pieces:
        begin += piece
        if _END_OF_METADATA in begin or len(begin) > _METADATA_LIMIT_BYTES:
            break
    metadata, ended, first = begin.partition(_END_OF_METADATA)
    try:
        stated: Any = msgspec.json.decode(metadata)
    except (msgspec.DecodeError, RecursionError) as error:
        stream.abandon()
        raise answers.Unusable from error
    if not ended or not isinstance(stated, dict):
        stream.abandon()
        raise answers.Unusable
    response = answers.stated(stated, b"", content_type=_BYTES)
    response.body = _body(stream, first, pieces)
    return response


async def _body(stream: ResponseStream, first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        if first:
            yield first
        async for piece in pieces:
            yield piece
    finally:
        stream.abandon()
