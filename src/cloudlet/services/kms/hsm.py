"""The hardware security module: the only place that sees key material in the clear.

Material leaves it wrapped by the cloud's domain key, which lies beside the state, not in it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from cloudlet.services.kms import ciphertext
from cloudlet.services.kms.errors import InvalidCiphertextException
from cloudlet.services.kms.model import KeyMaterial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.kms.model import Key

_DOMAIN_KEY: Final = "kms-domain-key"
_NONCE_BYTES: Final = 12
_MATERIAL_ID_DIGITS: Final = 64


class HardwareSecurityModule:
    """Makes, wraps and uses key material."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def close(self) -> None:
        """Nothing is kept."""

    def new_material(self, call: Call, key: Key) -> KeyMaterial:
        """New material for a key that is no pair."""
        return self.wrapped(call, key, self.random(call, key.spec.size_bytes))

    def wrapped(self, call: Call, key: Key, plain: bytes, public_key: bytes = b"") -> KeyMaterial:
        """Material in the form in which it is stored."""
        material_id = call.ids.hexadecimal(_MATERIAL_ID_DIGITS)
        sealed = self._seal(self._domain_key, call, plain, _bound(key, material_id))
        return KeyMaterial(material_id, sealed, call.time(), public_key)

    def unwrapped(self, key: Key, material: KeyMaterial) -> bytes:
        """The material itself."""
        return _opened(self._domain_key, material.wrapped, _bound(key, material.id))

    def encrypt(
        self, call: Call, key: Key, material: KeyMaterial, plaintext: bytes, context: Mapping[str, str]
    ) -> bytes:
        """A ciphertext blob by SYMMETRIC_DEFAULT: AES-256-GCM."""
        header = ciphertext.Header(key.account, key.id, material.id)
        sealed = self._seal(
            _aes_gcm(self.unwrapped(key, material)),
            call,
            plaintext,
            ciphertext.authenticated(header, context),
        )
        return header.packed() + sealed

    def decrypt(self, key: Key, material: KeyMaterial, blob: bytes, context: Mapping[str, str]) -> bytes:
        """What a ciphertext blob holds. Raises InvalidCiphertextException."""
        header, sealed = ciphertext.unpacked(blob)
        return _opened(
            _aes_gcm(self.unwrapped(key, material)), sealed, ciphertext.authenticated(header, context)
        )

    def random(self, call: Call, size_bytes: int) -> bytes:
        """Random bytes."""
        return call.ids.random.randbytes(size_bytes)

    @cached_property
    def _domain_key(self) -> AESGCM:
        return _aes_gcm(self._cloud.secrets.secret(_DOMAIN_KEY))

    def _seal(self, cipher: AESGCM, call: Call, plain: bytes, bound: bytes) -> bytes:
        nonce = self.random(call, _NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, plain, bound)


def _opened(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (start time: loaded with the first key)

    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise InvalidCiphertextException("") from error


def _aes_gcm(material: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 (start time: loaded with the first key)
        AESGCM,
    )

    return AESGCM(material)


def _bound(key: Key, material_id: str) -> bytes:
    """What wrapped material is bound to: not the region, because replicas share it."""
    return f"{key.account}/{key.id}/{material_id}".encode()
