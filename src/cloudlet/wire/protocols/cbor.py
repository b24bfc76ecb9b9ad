"""RPC v2 CBOR: the operation in the path, everything else in one CBOR body.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import cbor2

from cloudlet.wire.protocols.documents import Codec, DocumentCodecs
from cloudlet.wire.protocols.errors import SerializationException
from cloudlet.wire.protocols.json import DocumentProtocol, wording_of
from cloudlet.wire.protocols.scalars import write_epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudlet.core.http import Headers, HttpRequest
    from cloudlet.wire.model import ServiceModel, Shape


class CborCodecs(DocumentCodecs):
    """CBOR: blobs are byte strings, times are tagged seconds since 1970, floats are floats."""

    def special_reader(self, shape: Shape) -> Codec:
        """The reader of a blob, timestamp, float or double."""
        refuse = self.wording.refuse
        accepted: dict[str, tuple[type, ...]] = {"blob": (bytes,), "timestamp": (datetime,)}
        types = accepted.get(shape.type, (int, float))

        def read(value: Any) -> Any:
            if type(value) not in types:
                refuse(value, shape)
            return value

        return read

    def special_writer(self, shape: Shape) -> Codec | None:
        """The writer of a blob, timestamp, float or double; None for what is written as it is."""
        if shape.type == "timestamp":
            return lambda value: cbor2.CBORTag(1, write_epoch(value))
        return float if shape.type in ("float", "double") else None


class CborProtocol(DocumentProtocol):
    """Smithy RPC v2 CBOR."""

    content_type = "application/cbor"
    event_content_type = "application/cbor"

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.codecs = CborCodecs(wording_of(service))

    def route(self, request: HttpRequest, body: bytes = b"") -> str | None:
        """The operation that the path names: /service/{service}/operation/{operation}"""
        parts = request.path.rsplit("/", 4)
        if len(parts) < 5 or parts[1] != "service" or parts[3] != "operation":
            return None
        return parts[4] if parts[4] in self.service else None

    def decode(self, body: bytes) -> Any:
        """A document from bytes. Raises SerializationException."""
        return read_cbor(body)

    def encode(self, document: Any) -> bytes:
        """The bytes of a document."""
        return cbor2.dumps(document)

    def headers(self, request_id: str, content: bytes) -> Headers:
        """The headers of every answer."""
        return [*super().headers(request_id, content), ("smithy-protocol", "rpc-v2-cbor")]


def read_cbor(body: bytes, tags: Mapping[int, Callable[[Any, bool], Any]] | None = None) -> Any:
    """A document from CBOR, with tags that are read in another way. Raises SerializationException."""
    try:
        return cbor2.loads(body, semantic_decoders=tags)
    except (
        cbor2.CBORDecodeError,
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
        MemoryError,
    ) as error:
        raise SerializationException("The CBOR body is malformed.") from error
