"""Key material from outside: unwrapped, and held against what its key is for.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html. Keeps nothing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding

from cloudlet.services.kms import key_pairs
from cloudlet.services.kms.errors import IncorrectKeyMaterialException, InvalidCiphertextException
from cloudlet.services.kms.key_pairs import KeyPair
from cloudlet.services.kms.specs import SYMMETRIC_DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.kms.import_tokens import ImportToken

_AES_KEY_WRAP: Final = "RSA_AES_KEY_WRAP_"
_SIZES_BYTES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        SYMMETRIC_DEFAULT: (32, 32),
        "HMAC_224": (28, 64),
        "HMAC_256": (32, 64),
        "HMAC_384": (48, 128),
        "HMAC_512": (64, 128),
    }
)
"""The least and the most bytes of material that is no pair."""


def unwrapped(token: ImportToken, wrapped: bytes) -> bytes:
    """The material that was wrapped with a token's key. Raises InvalidCiphertextException."""
    algorithm = token.wrapping_algorithm
    if not algorithm.startswith(_AES_KEY_WRAP):
        return key_pairs.decrypt(token.private_key, algorithm, wrapped)
    size = key_pairs.size_bytes(token.private_key)
    wrapping_key = key_pairs.decrypt(token.private_key, algorithm, wrapped[:size])
    try:
        return aes_key_unwrap_with_padding(wrapping_key, wrapped[size:])
    except (InvalidUnwrap, ValueError) as error:
        raise InvalidCiphertextException("") from error


def checked(spec_name: str, material: bytes) -> KeyPair:
    """The material, with its public half if it is a pair. Raises IncorrectKeyMaterialException."""
    if spec_name not in _SIZES_BYTES:
        pair = key_pairs.read(spec_name, material)
        if pair is None:
            raise IncorrectKeyMaterialException(f"The key material is not valid for key spec {spec_name}.")
        return pair
    least, most = _SIZES_BYTES[spec_name]
    if not least <= len(material) <= most:
        raise IncorrectKeyMaterialException(f"The key material is not valid for key spec {spec_name}.")
    return KeyPair(material, b"")
