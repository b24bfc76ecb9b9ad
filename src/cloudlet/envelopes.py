"""Envelope encryption: what a service stores is sealed with data keys that KMS gives to its callers.

A data key lies beside what it seals, encrypted by KMS; in the clear it is in memory only, for as long as the
service may use it again without asking. Stands beside core because it needs a library in C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.core.kms import requester

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from cloudlet.core.call import Call

_NONCE_BYTES: Final = 12
_KEPT: Final = 10_000
_Use: TypeAlias = "tuple[str | bytes, ...]"
"""Who seals with which key and for what, or who opens by which data key."""


class Sealed(Struct, frozen=True):
    """Some content as it is stored."""

    data_key: bytes
    """Encrypted, as KMS gave it out."""
    content: bytes


class _DataKey(Struct, frozen=True):
    encrypted: bytes
    cipher: AESGCM
    until: float


class DataKeys:
    """The data keys that one service may use now, by who asked for them; each server has its own."""

    def __init__(self) -> None:
        self._keys: dict[_Use, _DataKey] = {}

    async def close(self) -> None:
        """Forgets all of them."""
        self._keys.clear()

    def find(self, key: _Use, now: float) -> _DataKey | None:
        """A data key that may still be used."""
        found = self._keys.get(key)
        return found if found is not None and now < found.until else None

    def keep(self, key: _Use, data_key: _DataKey) -> None:
        """Lets a data key be used until its time is over."""
        self._keys[key] = data_key
        if len(self._keys) > _KEPT:
            del self._keys[next(iter(self._keys))]


class Envelopes:
    """Seals and opens for one caller in one transaction, as the service that the caller asks."""

    def __init__(self, call: Call, keys: DataKeys, context: Mapping[str, str], reuse_seconds: float) -> None:
        """`context` is the encryption context, which KMS binds the data keys to."""
        self._call = call
        self._keys = keys
        self._context = context
        self._until = call.time() + reuse_seconds
        self._asked: dict[_Use, _DataKey] = {}
        """What this transaction has got from KMS, good for others once that is on disk."""

    def seal(self, key_id: str, content: bytes) -> Sealed:
        """Encrypts with the caller's data key of a KMS key. Raises what KMS says to it."""
        data_key = self._data_key(("seal", self._requester, key_id, *self._context.values()), key_id)
        nonce = self._call.ids.random.randbytes(_NONCE_BYTES)
        return Sealed(data_key.encrypted, nonce + data_key.cipher.encrypt(nonce, content, None))

    def open(self, sealed: Sealed) -> bytes:
        """What was sealed. Raises what KMS says to the caller's wish to decrypt the data key."""
        key = (self._requester, sealed.data_key)
        found = self._find(key)
        if found is None:
            found = self._keep(key, self._decrypted(sealed.data_key))
        return found.cipher.decrypt(sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:], None)

    def _data_key(self, key: tuple[str, ...], key_id: str) -> _DataKey:
        found = self._find(key)
        if found is not None:
            return found
        request = {"KeyId": key_id, "KeySpec": "AES_256", "EncryptionContext": self._context}
        answer = self._call.ask_within("kms", "GenerateDataKey", request)
        return self._keep(key, _DataKey(answer["CiphertextBlob"], _cipher(answer["Plaintext"]), self._until))

    def _decrypted(self, encrypted: bytes) -> _DataKey:
        request = {"CiphertextBlob": encrypted, "EncryptionContext": self._context}
        answer = self._call.ask_within("kms", "Decrypt", request)
        return _DataKey(encrypted, _cipher(answer["Plaintext"]), self._until)

    @property
    def _requester(self) -> str:
        return requester(self._call.principal)

    def _find(self, key: _Use) -> _DataKey | None:
        return self._asked.get(key) or self._keys.find(key, self._call.time())

    def _keep(self, key: _Use, data_key: _DataKey) -> _DataKey:
        self._asked[key] = data_key
        keys = self._keys
        self._call.transaction.after_commit(lambda: keys.keep(key, data_key))
        return data_key


def _cipher(plain: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 (start time: loaded with the first key)
        AESGCM,
    )

    return AESGCM(plain)
