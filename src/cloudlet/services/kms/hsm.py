"""The hardware security module: the only place that sees key material in the clear.

Material leaves it wrapped by the cloud's domain key, which lies beside the state, not in it.
"""

from __future__ import annotations

import hmac
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloudlet.services.kms import ciphertext, key_pairs
from cloudlet.services.kms.errors import InvalidCiphertextException
from cloudlet.services.kms.model import KeyMaterial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.kms.key_pairs import KeyPair, SigningRequest
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

    def sealed(self, call: Call, plain: bytes, purpose: bytes) -> bytes:
        """Something of KMS's own that only this cloud's KMS can have made, and can read again."""
        return self._seal(self._domain_key, call, plain, purpose)

    def opened(self, sealed: bytes, purpose: bytes) -> bytes:
        """What was sealed for a purpose. Raises InvalidCiphertextException."""
        return _opened(self._domain_key, sealed, purpose)

    def wrapped(self, call: Call, key: Key, plain: bytes, public_key: bytes = b"") -> KeyMaterial:
        """Material in the form in which it is stored."""
        material_id = call.ids.hexadecimal(_MATERIAL_ID_DIGITS)
        sealed = self.sealed(call, plain, _bound(key, material_id))
        return KeyMaterial(material_id, sealed, call.time(), public_key)

    def wrapped_import(self, call: Call, key: Key, pair: KeyPair) -> KeyMaterial:
        """Imported material as it is stored; the same material has the same id each time."""
        named = f"{key.account}/{key.id}/".encode() + pair.private_key
        material_id = hmac.digest(self._secret, named, "sha256").hex()
        sealed = self.sealed(call, pair.private_key, _bound(key, material_id))
        return KeyMaterial(material_id, sealed, call.time(), pair.public_key)

    def unwrapped(self, key: Key, material: KeyMaterial) -> bytes:
        """The material itself. Raises RuntimeError where it was wrapped by another domain key."""
        try:
            return self.opened(material.wrapped, _bound(key, material.id))
        except InvalidCiphertextException as error:
            raise RuntimeError(
                f"The material of {key.arn} was not wrapped by the secret {_DOMAIN_KEY} that is here."
            ) from error

    def encrypt(
        self, call: Call, key: Key, material: KeyMaterial, plaintext: bytes, context: Mapping[str, str]
    ) -> bytes:
        """A ciphertext blob by SYMMETRIC_DEFAULT: AES-256-GCM."""
        header = ciphertext.Header(key.account, key.id, material.id)
        sealed = self._seal(
            AESGCM(self.unwrapped(key, material)),
            call,
            plaintext,
            ciphertext.authenticated(header, context),
        )
        return header.packed() + sealed

    def decrypt(self, key: Key, material: KeyMaterial, blob: bytes, context: Mapping[str, str]) -> bytes:
        """What a ciphertext blob holds. Raises InvalidCiphertextException."""
        header, sealed = ciphertext.unpacked(blob)
        return _opened(
            AESGCM(self.unwrapped(key, material)), sealed, ciphertext.authenticated(header, context)
        )

    def mac(self, key: Key, material: KeyMaterial, algorithm: str, message: bytes) -> bytes:
        """A message authentication code by an algorithm such as HMAC_SHA_256."""
        digest = algorithm.removeprefix("HMAC_").replace("_", "").lower()
        return hmac.digest(self.unwrapped(key, material), message, digest)

    def new_pair(self, spec_name: str) -> KeyPair:
        """A new key pair in the clear. Slow for RSA: not on the loop."""
        return key_pairs.generate(spec_name)

    def sign(self, key: Key, material: KeyMaterial, request: SigningRequest) -> bytes:
        """A signature by the private half of a pair."""
        return key_pairs.sign(self.unwrapped(key, material), request)

    def verify(self, material: KeyMaterial, request: SigningRequest, signature: bytes) -> bool:
        """Whether a signature was made by a pair."""
        return key_pairs.verify(material.public_key, request, signature)

    def encrypt_by_pair(self, key: Key, material: KeyMaterial, algorithm: str, plaintext: bytes) -> bytes:
        """A ciphertext by the public half of an RSA pair; it says nothing of its key."""
        return key_pairs.encrypt(material.public_key, key.spec_name, algorithm, plaintext)

    def decrypt_by_pair(self, key: Key, material: KeyMaterial, algorithm: str, blob: bytes) -> bytes:
        """What an RSA pair has encrypted. Raises InvalidCiphertextException."""
        return key_pairs.decrypt(self.unwrapped(key, material), algorithm, blob)

    def shared_secret(self, key: Key, material: KeyMaterial, peer_public_key: bytes) -> bytes:
        """What a pair and somebody else's have in common. Raises ValidationException."""
        return key_pairs.shared_secret(self.unwrapped(key, material), peer_public_key)

    def random(self, call: Call, size_bytes: int) -> bytes:
        """Random bytes."""
        return call.ids.random.randbytes(size_bytes)

    @cached_property
    def _domain_key(self) -> AESGCM:
        return AESGCM(self._secret)

    @cached_property
    def _secret(self) -> bytes:
        return self._cloud.secrets.secret(_DOMAIN_KEY)

    def _seal(self, cipher: AESGCM, call: Call, plain: bytes, bound: bytes) -> bytes:
        nonce = self.random(call, _NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, plain, bound)


def _opened(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise InvalidCiphertextException("") from error


def _bound(key: Key, material_id: str) -> bytes:
    """What wrapped material is bound to: not the region, because replicas share it."""
    return f"{key.account}/{key.id}/{material_id}".encode()
