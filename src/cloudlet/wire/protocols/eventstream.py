"""application/vnd.amazon.eventstream: messages of headers and a payload, each with its checksums.

Frames only; what an event's payload looks like is said by the protocol that uses it.
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from msgspec import Struct, field

from cloudlet.core.errors import ServiceError
from cloudlet.wire.model import Shape
from cloudlet.wire.protocols.errors import SerializationException
from cloudlet.wire.protocols.scalars import epoch_of

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"
_PRELUDE: Final = struct.Struct(">III")
_OVERHEAD: Final = _PRELUDE.size + 4
_MAX_HEADERS: Final = 128 * 1024
_MAX_PAYLOAD: Final = 24 * 1024 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

HeaderValue: TypeAlias = "bool | int | bytes | str | datetime | uuid.UUID"
WritePayload: TypeAlias = "Callable[[Shape, Mapping[str, Any]], tuple[str, bytes]]"
"""Turns what is left of an event, its headers taken out, into a content type and bytes."""


class Message(Struct, frozen=True):
    """One frame."""

    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    payload: bytes = b""


def encode_message(message: Message) -> bytes:
    """A message as bytes."""
    headers = b"".join(_encode_header(name, value) for name, value in message.headers.items())
    total = _OVERHEAD + len(headers) + len(message.payload)
    lengths = struct.pack(">II", total, len(headers))
    framed = b"".join((lengths, struct.pack(">I", zlib.crc32(lengths)), headers, message.payload))
    return framed + struct.pack(">I", zlib.crc32(framed))


def _encode_header(name: str, value: HeaderValue) -> bytes:
    encoded = name.encode()
    return bytes((len(encoded),)) + encoded + _encode_value(value)


def _encode_value(value: HeaderValue) -> bytes:
    match value:
        case bool():
            return b"\x00" if value else b"\x01"
        case int():
            return (
                struct.pack(">Bi", 4, value)
                if -(1 << 31) <= value < 1 << 31
                else struct.pack(">Bq", 5, value)
            )
        case bytes():
            return struct.pack(">BH", 6, len(value)) + value
        case str():
            text = value.encode()
            return struct.pack(">BH", 7, len(text)) + text
        case datetime():
            return struct.pack(">Bq", 8, round(epoch_of(value) * 1000))
        case uuid.UUID():
            return b"\x09" + value.bytes


class MessageDecoder:
    """Takes bytes as they come and gives the messages they complete."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, chunk: bytes) -> list[Message]:
        """The messages that `chunk` completes. Raises SerializationException for what is no event stream."""
        self._pending += chunk
        messages = []
        while len(self._pending) >= _PRELUDE.size:
            total, headers_length, checksum = _PRELUDE.unpack_from(self._pending)
            _check_prelude(bytes(self._pending[:8]), total, headers_length, checksum)
            if len(self._pending) < total:
                break
            frame = bytes(self._pending[:total])
            del self._pending[:total]
            messages.append(_decode_frame(frame, headers_length))
        return messages


def _check_prelude(lengths: bytes, total: int, headers_length: int, checksum: int) -> None:
    if zlib.crc32(lengths) != checksum:
        raise SerializationException("The prelude checksum of an event stream message does not match.")
    payload_length = total - _OVERHEAD - headers_length
    if headers_length > _MAX_HEADERS or not 0 <= payload_length <= _MAX_PAYLOAD:
        raise SerializationException("The lengths of an event stream message are out of bounds.")


def _decode_frame(frame: bytes, headers_length: int) -> Message:
    if zlib.crc32(frame[:-4]) != struct.unpack(">I", frame[-4:])[0]:
        raise SerializationException("The checksum of an event stream message does not match.")
    split = _PRELUDE.size + headers_length
    try:
        headers = _decode_headers(frame[_PRELUDE.size : split])
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise SerializationException("The headers of an event stream message are malformed.") from error
    return Message(headers, frame[split:-4])


def _decode_headers(data: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    position = 0
    while position < len(data):
        start, end = position + 1, position + 1 + data[position]
        name = data[start:end].decode()
        headers[name], position = _decode_value(data, end)
    return headers


def _decode_value(data: bytes, at: int) -> tuple[HeaderValue, int]:
    kind, at = data[at], at + 1
    match kind:
        case 0 | 1:
            return kind == 0, at
        case 2 | 3 | 4 | 5:
            size = 1 << (kind - 2)
            return int.from_bytes(_exactly(data, at, size), "big", signed=True), at + size
        case 6 | 7:
            (length,) = struct.unpack_from(">H", data, at)
            raw = _exactly(data, at + 2, length)
            return raw if kind == 6 else raw.decode(), at + 2 + length
        case 8:
            milliseconds = int.from_bytes(_exactly(data, at, 8), "big", signed=True)
            return _EPOCH + timedelta(milliseconds=milliseconds), at + 8
        case 9:
            return uuid.UUID(bytes=_exactly(data, at, 16)), at + 16
        case _:
            raise ValueError(f"unknown type of header: {kind}")


def _exactly(data: bytes, at: int, length: int) -> bytes:
    part = data[at : at + length]
    if len(part) != length:
        raise ValueError("the header ends too early")
    return part


class EventWriter:
    """Frames the events of one operation's output."""

    def __init__(self, stream: Shape, write_payload: WritePayload) -> None:
        self._events = stream.members
        self._write_payload = write_payload

    async def frames(
        self, events: AsyncIterator[Mapping[str, Any]], first: bytes = b""
    ) -> AsyncIterator[bytes]:
        """The bytes of `first`, then of each event; an error of the iterator's is the last message."""
        if first:
            yield first
        try:
            async for event in events:
                for name, members in event.items():
                    yield self.frame(name, members)
        except ServiceError as error:
            yield self._error_frame(error)

    def frame(self, name: str, members: Mapping[str, Any]) -> bytes:
        """One event, named as the member of the stream's union."""
        shape = self._events[name]
        kind = "exception" if shape.has("exception") else "event"
        headers: dict[str, HeaderValue] = {":message-type": kind, f":{kind}-type": name}
        body: dict[str, Any] = {}
        for member_name, value in members.items():
            if value is not None:
                is_header = shape.members[member_name].has("eventheader")
                (headers if is_header else body)[member_name] = value
        content_type, payload = self._payload(shape, body)
        if content_type:
            headers[":content-type"] = content_type
        return encode_message(Message(headers, payload))

    def _payload(self, shape: Shape, body: Mapping[str, Any]) -> tuple[str, bytes]:
        for name, member in shape.members.items():
            if not member.has("eventpayload"):
                continue
            if member.type == "blob":
                return "application/octet-stream", bytes(body.get(name, b""))
            if member.type == "string":
                return "text/plain", str(body.get(name, "")).encode()
            return self._write_payload(member, body.get(name, {}))
        return self._write_payload(shape, body) if shape.members else ("", b"")

    def _error_frame(self, error: ServiceError) -> bytes:
        if error.code in self._events:
            return self.frame(error.code, {"message": error.message, **error.members})
        headers = {":message-type": "error", ":error-code": error.code, ":error-message": error.message}
        return encode_message(Message(headers))
