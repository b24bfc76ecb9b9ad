"""Request bodies of S3 that verify themselves while they are read: a signed hash, or aws-chunked framing.

    chunk    size-in-hex [;chunk-signature=...] CRLF  data CRLF
    last     0 [;chunk-signature=...] CRLF  [name:value CRLF]...  [x-amz-trailer-signature:... CRLF]  CRLF

Nothing is buffered but the piece at hand, so a chunk is handed on before its signature is verified: a reader
must not commit what it read before the end of the body.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.wire.checksums import (
    CHECKSUM_HEADERS,
    CheckedBody,
    Checksum,
    InvalidRequest,
    header_checks,
    is_checksum,
    read_all,
)
from cloudlet.wire.sigv4 import errors, s3
from cloudlet.wire.sigv4.canonical import EMPTY_SHA256, is_same_signature, sign
from cloudlet.wire.sigv4.credential import ALGORITHM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudlet.core.http import Body, HttpRequest
    from cloudlet.wire.sigv4.credential import SignedBy

MINIMAL_CHUNK_BYTES: Final = 8192
_LINE_BYTES: Final = 8192
_TRAILER_LINES: Final = 32
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;chunk-signature=([0-9a-f]{64}))?")
_TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"


def open_body(request: HttpRequest, payload: str, signer: ChunkSigner | NoSecret) -> Body:
    """The body behind a payload's hash or name, with the checks that the headers ask for."""
    checks = header_checks(request)
    if payload in (s3.SIGNED_CHUNKS, s3.SIGNED_CHUNKS_TRAILER, s3.UNSIGNED_TRAILER):
        chunks = AwsChunkedBody(request, payload, None if payload == s3.UNSIGNED_TRAILER else signer)
        return CheckedBody(chunks, checks) if checks else chunks
    if payload != s3.UNSIGNED:
        checks.append(PayloadHash(payload))
    return CheckedBody(request.body, checks) if checks else request.body


class PayloadHash:
    """The SHA-256 that was signed with the headers."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._hasher = hashlib.sha256()

    def update(self, data: bytes) -> None:
        """Sees the next bytes."""
        self._hasher.update(data)

    def finish(self) -> None:
        """Raises XAmzContentSHA256Mismatch if the body is another."""
        if self._hasher.hexdigest() != self._value:
            raise errors.XAmzContentSHA256Mismatch(
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ClientComputedContentSHA256=self._value,
                S3ComputedContentSHA256=self._hasher.hexdigest(),
            )


class ChunkSigner:
    """The chain of signatures of a body, each made over the one before; the first is that of the headers."""

    def __init__(self, key: bytes, timestamp: str, signed_by: SignedBy) -> None:
        self._key = key
        self._heading = f"{timestamp}\n{signed_by.scope.credential_scope}"
        self._signed_by = signed_by
        self._previous = signed_by.signature

    def check_chunk(self, digest: str, signature: str) -> None:
        """Raises SignatureDoesNotMatch unless the next chunk, of this SHA-256, is signed so."""
        self._check(
            f"{ALGORITHM}-PAYLOAD\n{self._heading}\n{self._previous}\n{EMPTY_SHA256}\n{digest}", signature
        )

    def check_trailer(self, trailer: str, signature: str) -> None:
        """Raises SignatureDoesNotMatch unless the trailer is signed so."""
        digest = hashlib.sha256(trailer.encode("utf-8", "surrogateescape")).hexdigest()
        self._check(f"{ALGORITHM}-TRAILER\n{self._heading}\n{self._previous}\n{digest}", signature)

    def _check(self, to_sign: str, signature: str) -> None:
        expected = sign(self._key, to_sign)
        if not is_same_signature(expected, signature):
            raise s3.signature_does_not_match(replace(self._signed_by, signature=signature), to_sign)
        self._previous = expected


class NoSecret:
    """The signatures of a key whose secret nobody knows: they must be there, and cannot be judged."""

    def check_chunk(self, digest: str, signature: str) -> None:
        """Accepts any."""

    def check_trailer(self, trailer: str, signature: str) -> None:
        """Accepts any."""


class AwsChunkedBody:
    """A body without its aws-chunked framing. Raises S3's errors for what is broken, unsigned or too long."""

    def __init__(self, request: HttpRequest, payload: str, signer: ChunkSigner | NoSecret | None) -> None:
        self._source = request.body
        self._signer = signer
        self._length = _decoded_length(request)
        self._has_trailer = payload != s3.SIGNED_CHUNKS
        self._announced = _announced_trailers(request) if self._has_trailer else {}
        self.trailers: dict[str, str] = {}
        """By name in lower case; complete at the end of the body."""

    @property
    def length(self) -> int | None:
        """The announced size in bytes, without the framing."""
        return self._length

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises RequestEntityTooLarge beyond `limit_bytes`."""
        return await read_all(self.stream(), limit_bytes)

    async def stream(self) -> AsyncIterator[bytes]:
        """The body piece by piece; can be consumed once."""
        frames = _Frames(self._source)
        checksums = tuple(self._announced.values())
        received = number = small = 0
        while True:
            size, signature = self._chunk_header(await frames.line())
            number += 1
            if size == 0:
                break
            if small:
                raise _small_chunk(number, small)
            small = size if size < MINIMAL_CHUNK_BYTES else 0
            received += size
            if received > self._length:
                raise _wrong_length(self._length, received)
            digest = hashlib.sha256()
            async for piece in frames.pieces(size):
                if self._signer is not None:
                    digest.update(piece)
                for checksum in checksums:
                    checksum.update(piece)
                yield piece
            await frames.line_end()
            if self._signer is not None:
                self._signer.check_chunk(digest.hexdigest(), signature)
        if received != self._length:
            raise _wrong_length(self._length, received)
        if self._signer is not None:
            self._signer.check_chunk(EMPTY_SHA256, signature)
        await self._finish(frames)

    def _chunk_header(self, line: bytes) -> tuple[int, str]:
        match = _CHUNK.fullmatch(line)
        if match is None or (match[2] is None) != (self._signer is None):
            raise incomplete_body()
        return int(match[1], 16), (match[2] or b"").decode()

    async def _finish(self, frames: _Frames) -> None:
        trailers = await self._read_trailers(frames)
        signature = trailers.pop(_TRAILER_SIGNATURE, None)
        if trailers.keys() != self._announced.keys() or (signature is not None and self._signer is None):
            raise malformed_trailer()
        if self._signer is not None and self._has_trailer and trailers:
            if signature is None:
                raise malformed_trailer()
            text = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
            self._signer.check_trailer(text, signature)
        for name, value in trailers.items():
            checksum = self._announced[name]
            if not is_checksum(checksum.algorithm, value):
                raise InvalidRequest(f"Value for {name} trailing header is invalid.")
            checksum.value = value
            checksum.finish()
        self.trailers = trailers

    async def _read_trailers(self, frames: _Frames) -> dict[str, str]:
        trailers: dict[str, str] = {}
        while line := (await frames.line()).strip(b"\n"):
            name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
            name = name.strip().lower()
            if not colon or not self._has_trailer or name in trailers or len(trailers) == _TRAILER_LINES:
                raise malformed_trailer()
            trailers[name] = value.strip()
        await frames.end()
        return trailers


class _Frames:
    """The framed bytes of a body, a line or a run of known length at a time."""

    def __init__(self, source: Body) -> None:
        self._pieces = source.stream()
        self._buffer = bytearray()

    async def _fill(self) -> bool:
        async for piece in self._pieces:
            if piece:
                self._buffer += piece
                return True
        return False

    async def line(self) -> bytes:
        """The bytes before the next CRLF, which is passed over."""
        start = 0
        while (end := self._buffer.find(b"\r\n", start)) < 0:
            start = max(0, len(self._buffer) - 1)
            if len(self._buffer) > _LINE_BYTES or not await self._fill():
                raise incomplete_body()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    async def line_end(self) -> None:
        """Passes over the CRLF that must follow."""
        while len(self._buffer) < 2:
            if not await self._fill():
                raise incomplete_body()
        if self._buffer[:2] != b"\r\n":
            raise incomplete_body()
        del self._buffer[:2]

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        """The next `size` bytes as they come."""
        while size:
            if not self._buffer and not await self._fill():
                raise incomplete_body()
            piece = bytes(self._buffer[:size])
            del self._buffer[:size]
            size -= len(piece)
            yield piece

    async def end(self) -> None:
        """Raises IncompleteBody if anything follows."""
        if self._buffer or await self._fill():
            raise incomplete_body()


def _decoded_length(request: HttpRequest) -> int:
    text = request.header("x-amz-decoded-content-length")
    if text is None or not re.fullmatch(r"[0-9]{1,18}", text):
        raise errors.MissingContentLength("You must provide the Content-Length HTTP header.")
    return int(text)


def _announced_trailers(request: HttpRequest) -> dict[str, Checksum]:
    announced: dict[str, Checksum] = {}
    for name in (request.header("x-amz-trailer") or "").lower().split(","):
        name = name.strip()
        if not name:
            continue
        if name not in CHECKSUM_HEADERS:
            raise InvalidRequest("The value specified in the x-amz-trailer header is not supported")
        announced[name] = Checksum(CHECKSUM_HEADERS[name])
    if len(announced) > 1:
        raise InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    return announced


def incomplete_body() -> errors.IncompleteBody:
    """The answer to broken framing."""
    return errors.IncompleteBody("The request body terminated unexpectedly")


def malformed_trailer() -> errors.MalformedTrailerError:
    """The answer to a trailer that is not the announced one."""
    return errors.MalformedTrailerError(
        "The request contained trailing data that was not well-formed or did not conform to our published "
        "schema."
    )


def _wrong_length(expected: int, provided: int) -> errors.IncompleteBody:
    return errors.IncompleteBody(
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        NumberBytesExpected=expected,
        NumberBytesProvided=provided,
    )


def _small_chunk(number: int, size: int) -> errors.InvalidChunkSizeError:
    return errors.InvalidChunkSizeError(
        f"Only the last chunk is allowed to have a size less than {MINIMAL_CHUNK_BYTES} bytes",
        Chunk=number,
        BadChunkSize=size,
    )
