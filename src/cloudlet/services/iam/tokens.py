"""Session tokens: temporary credentials that live in their own token, sealed with the server's secret.

Pure: no store, no clock. A token says whose it is and until when; its seal says that this server wrote it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.core.identity import Credential

if TYPE_CHECKING:
    from random import Random

_MAGIC: Final = b"\x21\x0aclt1"
_SEAL_BYTES: Final = 32
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_NEW_FORM: Final = 1 << 79
"""Set in every key id that has its account in it, unlike AWS's older ones and those of its examples."""


class ForeignToken(Exception):
    """Raised for a token that no cloudlet wrote."""


class BrokenToken(Exception):
    """Raised for a token of ours that was altered, or that came with another key."""


class Claims(Struct, frozen=True):
    """What a token says."""

    expires_at: float
    principal: Principal


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Claims)


def access_key_id(prefix: str, account: str, random: Random) -> str:
    """An access key id that has its account in it, where AWS has it too."""
    number = _NEW_FORM | int(account) << 39 | random.getrandbits(39)
    return prefix + "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


def find_account(key_id: str) -> str | None:
    """The account in an access key id; None for one of another form."""
    number = 0
    for letter in key_id[4:]:
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        number = number << 5 | digit
    account = number >> 39 & (1 << 40) - 1
    if len(key_id) != 20 or not number & _NEW_FORM or account >= 10**12:
        return None
    return f"{account:012d}"


def seal(secret: bytes, claims: Claims) -> str:
    """The token for claims."""
    payload = _ENCODER.encode(claims)
    return base64.b64encode(_MAGIC + _mac(secret, b"token", payload) + payload).decode()


def open_token(secret: bytes, key_id: str, token: str) -> Credential:
    """The credential that a token stands for. Raises ForeignToken or BrokenToken."""
    content = _decoded(token)
    if not content.startswith(_MAGIC):
        raise ForeignToken
    sealed, payload = content[len(_MAGIC) :][:_SEAL_BYTES], content[len(_MAGIC) + _SEAL_BYTES :]
    # Base64 has several spellings of the same bytes; only the one that seal() writes is a token.
    spelled_otherwise = base64.b64encode(content).decode() != token
    if spelled_otherwise or not hmac.compare_digest(sealed, _mac(secret, b"token", payload)):
        raise BrokenToken
    claims = _DECODER.decode(payload)
    if claims.principal.access_key_id != key_id:
        raise BrokenToken
    return Credential(secret_access_key(secret, token), claims.principal, claims.expires_at)


def secret_access_key(secret: bytes, token: str) -> str:
    """The secret access key that belongs to a token, whose claims name the key id."""
    return base64.b64encode(_mac(secret, b"key", token.encode())).decode()[:40]


def _decoded(token: str) -> bytes:
    try:
        return base64.b64decode(token, validate=True)
    except ValueError:
        raise ForeignToken from None


def _mac(secret: bytes, purpose: bytes, content: bytes) -> bytes:
    return hmac.digest(secret, purpose + b"\0" + content, hashlib.sha256)
