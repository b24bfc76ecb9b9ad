"""Keys as bytes: a tuple's encoding sorts as the tuple does, part by part, bytes < text < integers < LAST.

Not the place for what keys mean: only a service's state.py knows that.

    bytes    01, the bytes with 00 written as 00 FF, 00
    text     02, its UTF-8 with 00 written as 00 FF, 00
    integer  03 to 15: a tag that gives sign and size, the size's own bytes beyond eight, the magnitude
    LAST     FE: above every tag, below the FF that stands after an escaped 00
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.store import LAST, Last

if TYPE_CHECKING:
    from cloudlet.core.store import Key, KeyPart

_BYTES: Final = 0x01
_TEXT: Final = 0x02
_LONG_NEGATIVE: Final = 0x03
_ZERO: Final = 0x0C
_LONG_POSITIVE: Final = 0x15
_LAST: Final = 0xFE
_SHORT: Final = 8
_SIZE: Final = 4
_ESCAPED_ZERO: Final = b"\x00\xff"

_HEAD: Final = 4
_HEADS_KEPT: Final = 4096


class KeyEncoder:
    """Encodes keys, remembering the bytes of the leading parts that many keys share."""

    __slots__ = ("_heads",)

    def __init__(self) -> None:
        self._heads: dict[Key, bytes] = {}

    def encode(self, key: Key) -> bytes:
        """A key's bytes."""
        head = key[:_HEAD]
        encoded = self._heads.get(head)
        if encoded is None:
            encoded = self._remember(head)
        for part in key[_HEAD:]:
            encoded += (
                b"\x02%b\x00" % part.encode() if type(part) is str and "\0" not in part else _part(part)
            )
        return encoded

    def _remember(self, head: Key) -> bytes:
        if len(self._heads) >= _HEADS_KEPT:
            self._heads.clear()
        self._heads[head] = encoded = b"".join([_part(part) for part in head])
        return encoded


def decode(data: bytes, at: int = 0) -> Key:
    """The key, or what is left of it from a part's boundary `at` on."""
    parts: list[KeyPart] = []
    size = len(data)
    while at < size:
        tag = data[at]
        if tag == _TEXT:
            end = data.index(0, at)
            if data[end + 1 : end + 2] != b"\xff":
                parts.append(data[at + 1 : end].decode())
                at = end + 1
            else:
                raw, at = _escaped(data, at + 1)
                parts.append(raw.decode())
        elif tag == _BYTES:
            raw, at = _escaped(data, at + 1)
            parts.append(raw)
        elif tag == _LAST:
            parts.append(LAST)
            at += 1
        else:
            number, at = _integer_at(data, at)
            parts.append(number)
    return tuple(parts)


def _part(part: KeyPart) -> bytes:
    if isinstance(part, str):
        return b"\x02%b\x00" % part.encode().replace(b"\x00", _ESCAPED_ZERO)
    if isinstance(part, int):
        return _integer(part)
    if isinstance(part, bytes):
        return b"\x01%b\x00" % part.replace(b"\x00", _ESCAPED_ZERO)
    if isinstance(part, Last):
        return b"\xfe"
    raise TypeError(f"A key has parts of bytes, str or int, not {type(part).__name__}.")


def _integer(number: int) -> bytes:
    size = (number.bit_length() + 7) // 8
    if number >= 0:
        magnitude = number.to_bytes(size, "big")
        if size <= _SHORT:
            return bytes((_ZERO + size,)) + magnitude
        return bytes((_LONG_POSITIVE,)) + size.to_bytes(_SIZE, "big") + magnitude
    # The complement of the magnitude, and of its size, sorts the larger magnitude first.
    magnitude = ((1 << 8 * size) - 1 + number).to_bytes(size, "big")
    if size <= _SHORT:
        return bytes((_ZERO - size,)) + magnitude
    return bytes((_LONG_NEGATIVE,)) + ((1 << 8 * _SIZE) - 1 - size).to_bytes(_SIZE, "big") + magnitude


def _integer_at(data: bytes, at: int) -> tuple[int, int]:
    tag = data[at]
    if not _LONG_NEGATIVE <= tag <= _LONG_POSITIVE:
        raise ValueError(f"Not a key: the tag {tag:#04x} at {at}.")
    at += 1
    size = abs(tag - _ZERO)
    if size > _SHORT:
        size = int.from_bytes(data[at : at + _SIZE], "big")
        at += _SIZE
        if tag == _LONG_NEGATIVE:
            size = (1 << 8 * _SIZE) - 1 - size
    number = int.from_bytes(data[at : at + size], "big")
    if tag < _ZERO:
        number -= (1 << 8 * size) - 1
    return number, at + size


def _escaped(data: bytes, start: int) -> tuple[bytes, int]:
    end = data.index(0, start)
    while data[end + 1 : end + 2] == b"\xff":
        end = data.index(0, end + 2)
    return data[start:end].replace(_ESCAPED_ZERO, b"\x00"), end + 1
