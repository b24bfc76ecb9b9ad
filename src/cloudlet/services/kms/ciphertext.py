"""The form of a ciphertext blob: it says which key of which account made it, and with which material.

    format | account | length of the key id | key id | material id | nonce and encrypted data

What stands before the nonce is authenticated with the data, together with the encryption context.
It encrypts nothing.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.services.kms.errors import InvalidCiphertextException

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT: Final = b"\x01\x02\x02\x00"
_ACCOUNT_LENGTH: Final = 12
_MATERIAL_ID_BYTES: Final = 32
_LENGTH: Final = struct.Struct(">I")


class Header(Struct, frozen=True):
    """What a blob says of itself in the clear."""

    account: str
    key_id: str
    material_id: str

    def packed(self) -> bytes:
        """The beginning of the blob."""
        key_id = self.key_id.encode()
        return b"".join(
            (_FORMAT, self.account.encode(), bytes([len(key_id)]), key_id, bytes.fromhex(self.material_id))
        )


def unpacked(blob: bytes) -> tuple[Header, bytes]:
    """A blob's header, and the rest. Raises InvalidCiphertextException for what KMS has not made."""
    account_end = len(_FORMAT) + _ACCOUNT_LENGTH
    if not blob.startswith(_FORMAT) or len(blob) <= account_end:
        raise InvalidCiphertextException("")
    key_end = account_end + 1 + blob[account_end]
    end = key_end + _MATERIAL_ID_BYTES
    try:
        account = blob[len(_FORMAT) : account_end].decode("ascii")
        key_id = blob[account_end + 1 : key_end].decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidCiphertextException("") from error
    if len(blob) <= end:
        raise InvalidCiphertextException("")
    return Header(account, key_id, blob[key_end:end].hex()), blob[end:]


def authenticated(header: Header, encryption_context: Mapping[str, str]) -> bytes:
    """What is authenticated beside the data: the header and the context, whose order does not count."""
    pairs = sorted((key.encode(), value.encode()) for key, value in encryption_context.items())
    texts = (_LENGTH.pack(len(text)) + text for pair in pairs for text in pair)
    return b"".join((header.packed(), *texts))
