"""An authority that gives clients certificates, for servers that ask them for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_BEGINS = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
_LIFE = timedelta(days=36500)


class ClientAuthority:
    """Its certificate as PEM, and the certificates that it gives."""

    def __init__(self, name: str, *, life: timedelta = _LIFE) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self._life = life
        self._own = self._certificate(self._name, self._key.public_key(), 1, is_authority=True)
        self.certificate = self._own.public_bytes(Encoding.PEM).decode()

    def issue(self, name: str, serial_number: int = 2) -> str:
        """A client's private key and certificate, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(_named(name), key.public_key(), serial_number, is_authority=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (private + certificate.public_bytes(Encoding.PEM)).decode()

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, serial_number: int, *, is_authority: bool
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(serial_number)
            .not_valid_before(_BEGINS)
            .not_valid_after(_BEGINS + self._life)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _named(name: str) -> x509.Name:
    parts = {NameOID.COUNTRY_NAME: "US", NameOID.ORGANIZATION_NAME: "Example", NameOID.COMMON_NAME: name}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts.items()])
