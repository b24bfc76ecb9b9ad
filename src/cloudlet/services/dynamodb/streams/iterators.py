"""Shard iterators: a stream's ARN, then a token of a position in one of its shards and of when it was given.

The token holds everything, so nothing is stored for it; whose stream it is, IAM judges by the ARN.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.core.arn import find_arn
from cloudlet.services.dynamodb.errors import ExpiredIteratorException, ValidationException

if TYPE_CHECKING:
    from cloudlet.core.arn import Arn

_VALID_SECONDS: Final = 15 * 60.0
_VERSION: Final = "1"


class Position(Struct, frozen=True):
    """Where in a shard to read next, and when that was said."""

    shard_id: str
    number: int
    issued: float


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Position)


def shard_iterator(stream_arn: str, position: Position) -> str:
    """The text of an iterator."""
    token = urlsafe_b64encode(_ENCODER.encode(position)).decode("ascii")
    return f"{stream_arn}|{_VERSION}|{token}"


def read_iterator(text: str, now: float) -> tuple[Arn, Position]:
    """The stream and the position of an iterator. Raises ValidationException, ExpiredIteratorException."""
    arn_text, _, rest = text.partition("|")
    version, _, token = rest.partition("|")
    arn, position = find_arn(arn_text), _position(token)
    if arn is None or version != _VERSION or position is None:
        raise ValidationException("Invalid ShardIterator")
    if now - position.issued > _VALID_SECONDS:
        raise ExpiredIteratorException("Shard iterator has expired")
    return arn, position


def _position(token: str) -> Position | None:
    try:
        return _DECODER.decode(urlsafe_b64decode(token))
    except (ValueError, msgspec.MsgspecError):
        return None
