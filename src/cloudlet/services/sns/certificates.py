"""The key by which messages are signed, and its certificate.

Loads cryptography, so it is imported only when something is signed.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from cloudlet.services.sns.model import SigningKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_KEY_BITS: Final = 2048
_LIFETIME: Final = timedelta(days=3650)
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {"1": hashes.SHA1(), "2": hashes.SHA256()}


def new_key(now: datetime) -> SigningKey:
    """A new key; its certificate is signed by itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(private_key.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


def load(key: SigningKey) -> RSAPrivateKey:
    """The private key. Raises TypeError for one that is no RSA key."""
    loaded = serialization.load_pem_private_key(key.private_key.encode(), None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError("SNS signs with RSA keys only")
    return loaded


def sign(key: RSAPrivateKey, text: str, version: str) -> str:
    """The signature of a text in base64: by SHA1 in version 1, by SHA256 in version 2."""
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), _HASHES[version])).decode()
