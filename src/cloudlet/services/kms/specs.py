"""What each key spec is: for what it may be used, by which algorithms, and how much it takes.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html. Knows no key.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

SYMMETRIC_DEFAULT: Final = "SYMMETRIC_DEFAULT"
RSA_SIZES: Final[Mapping[str, int]] = MappingProxyType({"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096})
CURVES: Final = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1")
EDWARDS: Final = "ECC_NIST_EDWARDS25519"


class KeyUsage(Enum):
    """For what a key is made; a key has one usage for ever."""

    ENCRYPT_DECRYPT = "ENCRYPT_DECRYPT"
    SIGN_VERIFY = "SIGN_VERIFY"
    GENERATE_VERIFY_MAC = "GENERATE_VERIFY_MAC"
    KEY_AGREEMENT = "KEY_AGREEMENT"


class KeySpec(Struct, frozen=True):
    """A kind of key material."""

    name: str
    algorithms: Mapping[KeyUsage, tuple[str, ...]]
    """By usage, in the order in which DescribeKey lists them."""
    size_bytes: int = 0
    """Of the random bytes that the material is; 0 for a key pair."""

    @property
    def is_symmetric(self) -> bool:
        """Whether the same key does both: no key pair."""
        return self.size_bytes > 0


_RSA_SIGNING: Final = (
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
)
_RSA: Final = MappingProxyType(
    {
        KeyUsage.ENCRYPT_DECRYPT: ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"),
        KeyUsage.SIGN_VERIFY: _RSA_SIGNING,
    }
)


def _curve(name: str, digest: str) -> KeySpec:
    signing = {KeyUsage.SIGN_VERIFY: (f"ECDSA_{digest}",)}
    agreement = {} if name == "ECC_SECG_P256K1" else {KeyUsage.KEY_AGREEMENT: ("ECDH",)}
    return KeySpec(name, MappingProxyType({**signing, **agreement}))


def _mac(bits: int) -> KeySpec:
    algorithms = {KeyUsage.GENERATE_VERIFY_MAC: (f"HMAC_SHA_{bits}",)}
    return KeySpec(f"HMAC_{bits}", MappingProxyType(algorithms), bits // 8)


_SPECS: Final = (
    KeySpec(SYMMETRIC_DEFAULT, MappingProxyType({KeyUsage.ENCRYPT_DECRYPT: (SYMMETRIC_DEFAULT,)}), 32),
    *(KeySpec(name, _RSA) for name in RSA_SIZES),
    _curve("ECC_NIST_P256", "SHA_256"),
    _curve("ECC_NIST_P384", "SHA_384"),
    _curve("ECC_NIST_P521", "SHA_512"),
    _curve("ECC_SECG_P256K1", "SHA_256"),
    KeySpec(EDWARDS, MappingProxyType({KeyUsage.SIGN_VERIFY: ("ED25519_SHA_512", "ED25519_PH_SHA_512")})),
    *(_mac(bits) for bits in (224, 256, 384, 512)),
)
SPECS: Final[Mapping[str, KeySpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Those that cloudlet has, by name."""
