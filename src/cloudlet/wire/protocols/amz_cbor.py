"""application/x-amz-cbor-1.1: AWS JSON in binary, as AWS's Java SDKs speak it to Kinesis.

Unlike RPC v2 CBOR it names the operation in X-Amz-Target, and its times are whole milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import cbor2

from cloudlet.wire.protocols.cbor import CborCodecs, read_cbor
from cloudlet.wire.protocols.json import JsonProtocol, wording_of
from cloudlet.wire.protocols.scalars import epoch_of

if TYPE_CHECKING:
    from cloudlet.wire.model import ServiceModel, Shape
    from cloudlet.wire.protocols.documents import Codec

CONTENT_TYPE: Final = "application/x-amz-cbor-1.1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_TAG: Final = 1


class AmzCborCodecs(CborCodecs):
    """CBOR whose times are milliseconds since 1970, tagged or not."""

    def special_reader(self, shape: Shape) -> Codec:
        """The reader of a blob, timestamp, float or double."""
        if shape.type != "timestamp":
            return super().special_reader(shape)
        refuse = self.wording.refuse

        def read(value: Any) -> Any:
            if isinstance(value, str) and value.isdecimal():
                value = int(value)
            if type(value) is not int:
                refuse(value, shape)
            try:
                return _EPOCH + timedelta(milliseconds=value)
            except OverflowError:
                refuse(value, shape)

        return read

    def special_writer(self, shape: Shape) -> Codec | None:
        """The writer of a blob, timestamp, float or double; None for what is written as it is."""
        if shape.type == "timestamp":
            return lambda value: round(epoch_of(value) * 1000)
        return super().special_writer(shape)


class AmzCborProtocol(JsonProtocol):
    """AWS JSON 1.1 with CBOR for JSON."""

    event_content_type = CONTENT_TYPE

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.codecs = AmzCborCodecs(wording_of(service))
        self.content_type = CONTENT_TYPE

    def decode(self, body: bytes) -> Any:
        """A document from bytes. Raises SerializationException."""
        return read_cbor(body, {_TIME_TAG: _untagged})

    def encode(self, document: Any) -> bytes:
        """The bytes of a document."""
        return cbor2.dumps(document)


def _untagged(value: Any, _immutable: bool) -> Any:
    return value
