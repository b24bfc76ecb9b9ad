"""Import tokens: the private half of the key that material is wrapped with, sealed; nothing is stored.

A token belongs to one key and lives a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from cloudlet.services.kms.errors import (
    ExpiredImportTokenException,
    InvalidCiphertextException,
    InvalidImportTokenException,
)
from cloudlet.services.kms.hsm import HardwareSecurityModule

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.kms.model import Key

_PURPOSE: Final = b"import token"


class ImportToken(msgspec.Struct, frozen=True, array_like=True):
    """What a token says to KMS."""

    key_arn: str
    wrapping_algorithm: str
    private_key: bytes
    """In DER."""
    valid_to: float
    """Seconds since 1970."""

    def sealed(self, call: Call) -> bytes:
        """The token as it is given out."""
        hsm = call.cloud.component(HardwareSecurityModule)
        return hsm.sealed(call, msgspec.msgpack.encode(self), _PURPOSE)


def read_token(call: Call, key: Key, token: bytes) -> ImportToken:
    """A key's token. Raises InvalidImportTokenException or ExpiredImportTokenException."""
    try:
        content = call.cloud.component(HardwareSecurityModule).opened(token, _PURPOSE)
    except InvalidCiphertextException as error:
        raise InvalidImportTokenException("") from error
    read = msgspec.msgpack.decode(content, type=ImportToken)
    if read.key_arn != key.arn:
        raise InvalidImportTokenException("")
    if read.valid_to <= call.time():
        raise ExpiredImportTokenException("")
    return read
