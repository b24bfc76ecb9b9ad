"""AWS_PROXY with the response transfer mode STREAM: metadata first, and the rest as the function writes it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
Makes no event; what metadata mean is for `lambda_proxy.py`.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import AccessDenied, ServiceError

from ..callers import caller_of
from ..deadline import within
from ..errors import internal_server_error
from .functions import request_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from ..invocation import Invocation

_END_OF_METADATA: Final = bytes(8)
_METADATA_LIMIT_BYTES: Final = 1 << 20


async def invoke(invocation: Invocation, function: str, payload: bytes) -> bytes:
    """The metadata of an answer, whose rest becomes the invocation's stream. Raises GatewayError."""
    call = await caller_of(invocation)
    request = request_of(invocation, function, payload)
    seconds = invocation.method.integration.timeout_seconds
    try:
        answer = await within(seconds, call.ask("lambda", "InvokeWithResponseStream", request))
        pieces = _pieces(answer["EventStream"])
        metadata, first = await within(seconds, _metadata(pieces))
    except AccessDenied as error:
        raise internal_server_error(reason="Invalid permissions on Lambda function") from error
    except ServiceError as error:
        raise internal_server_error(500 if error.status < 500 else 502, error.message) from error
    invocation.stream = _stream(first, pieces)
    return metadata


async def _metadata(pieces: AsyncGenerator[bytes, None]) -> tuple[bytes, bytes]:
    """What stands before the eight zeros that end it, and what has come after them."""
    begin = b""
    async for piece in pieces:
        begin += piece
        if _END_OF_METADATA in begin or len(begin) > _METADATA_LIMIT_BYTES:
            break
    metadata, ended, first = begin.partition(_END_OF_METADATA)
    if not ended:
        await pieces.aclose()
        raise internal_server_error(502, "Malformed Lambda proxy response")
    return metadata, first


async def _pieces(events: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[bytes, None]:
    """What a function writes. Raises GatewayError where it ends in an error."""
    async with aclosing(events):
        async for event in events:
            if "PayloadChunk" in event:
                yield event["PayloadChunk"]["Payload"]
            elif event.get("InvokeComplete", {}).get("ErrorCode"):
                raise internal_server_error(502, "Lambda execution failed due to customer function error")


async def _stream(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        if first:
            yield first
        async for piece in pieces:
            yield piece
