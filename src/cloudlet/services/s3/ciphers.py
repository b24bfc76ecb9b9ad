"""Bytes encrypted as they are stored, by AES-256 in counter mode: any range can be read by itself.

The ciphertext is as long as the plaintext; the nonce lies with it. Knows nothing of whose the key is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cryptography.hazmat.primitives.ciphers import CipherContext

NONCE_BYTES: Final = 16
_BLOCK_BYTES: Final = 16
_COUNTERS: Final = 1 << 128


class Seal(Struct, frozen=True):
    """What one new body is encrypted with."""

    key: bytes
    nonce: bytes

    def small(self, plain: bytes) -> bytes:
        """A small body as its row has it: the nonce, then the ciphertext."""
        return self.nonce + _stream(self.key, self.nonce, 0).update(plain)

    def stream(self, plain: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """A larger body as its blob has it."""
        return passed(self.key, self.nonce, plain)


def opened(key: bytes, stored: bytes) -> bytes:
    """A small body from its row."""
    return _stream(key, stored[:NONCE_BYTES], 0).update(stored[NONCE_BYTES:])


async def passed(
    key: bytes, nonce: bytes, stream: AsyncIterator[bytes], offset: int = 0
) -> AsyncIterator[bytes]:
    """A stream encrypted, or decrypted, which is the same; `offset` is where in the whole it begins."""
    cipher = _stream(key, nonce, offset)
    async for piece in stream:
        yield cipher.update(piece)


def _stream(key: bytes, nonce: bytes, offset: int) -> CipherContext:
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 (start time: loaded with the first key)
        Cipher,
        algorithms,
        modes,
    )

    counter = (int.from_bytes(nonce) + offset // _BLOCK_BYTES) % _COUNTERS
    cipher = Cipher(algorithms.AES256(key), modes.CTR(counter.to_bytes(NONCE_BYTES))).encryptor()
    cipher.update(bytes(offset % _BLOCK_BYTES))
    return cipher
