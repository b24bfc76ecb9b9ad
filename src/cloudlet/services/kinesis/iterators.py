"""Shard iterators: a place in a shard that is good for five minutes, in a text that clients hand back.

Holds all it says; nothing is stored for it.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from cloudlet.services.kinesis.errors import ExpiredIteratorException, InvalidArgumentException

_VERSION: Final = bytes((0, 0, 0, 0, 0, 0, 0, 1))
_NUMBERS: Final = struct.Struct(">QIQ8s")
_CHECKSUM: Final = struct.Struct(">I")
_LIFE_MILLISECONDS: Final = 300_000


class ShardIterator(Struct, frozen=True):
    """Where the next GetRecords begins."""

    account: str
    region: str
    stream_name: str
    shard_index: int
    place: int
    issued_at: int
    """Milliseconds since 1970."""

    def write(self, salt: str) -> str:
        """The text for clients; the salt makes any two of them differ."""
        numbers = _NUMBERS.pack(self.issued_at, self.shard_index, self.place, salt[:8].encode())
        named = f"{self.account}/{self.region}/{self.stream_name}".encode()
        content = numbers + named
        return base64.b64encode(_VERSION + _CHECKSUM.pack(zlib.crc32(content)) + content).decode()

    @classmethod
    def read(cls, text: str) -> ShardIterator:
        """The iterator of a text, which AWS takes in quotes too. Raises InvalidArgumentException."""
        try:
            content = base64.b64decode(text.strip('"'), validate=True)
            (checksum,) = _CHECKSUM.unpack_from(content, len(_VERSION))
            content = content.removeprefix(_VERSION)[_CHECKSUM.size :]
            issued_at, shard_index, place, _ = _NUMBERS.unpack_from(content)
            account, region, name = content[_NUMBERS.size :].decode().split("/")
        except (binascii.Error, struct.error, ValueError) as error:
            raise InvalidArgumentException("Invalid ShardIterator.") from error
        if checksum != zlib.crc32(content):
            raise InvalidArgumentException("Invalid ShardIterator.")
        return cls(account, region, name, shard_index, place, issued_at)

    def check_age(self, now: int) -> None:
        """Raises ExpiredIteratorException five minutes after it was issued."""
        if now - self.issued_at >= _LIFE_MILLISECONDS:
            raise ExpiredIteratorException(
                f"Iterator expired. The iterator was created at time {_java_date(self.issued_at)} "
                f"while right now it is {_java_date(now)} which is further in the future than the "
                f"tolerated delay of {_LIFE_MILLISECONDS} milliseconds."
            )


def _java_date(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%a %b %d %H:%M:%S UTC %Y}"
