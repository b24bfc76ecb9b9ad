"""What the local certificate authority signs with: its key, its certificate, and certificates for servers.

Only TLS needs it, so wire/tls.py loads it, and the library it stands on, when the first such client comes.
"""

from __future__ import annotations

import ipaddress
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloudlet.wire.tls import KEY_NAME

LEAF_LIFE: Final = timedelta(days=397)
_CA_LIFE: Final = timedelta(days=3650)
_SKEW: Final = timedelta(days=1)


class Issuer:
    """An authority's key at work."""

    def __init__(self, directory: Path, path: Path) -> None:
        self._key, self._certificate = _load_or_create(directory, path)

    @property
    def renew_at(self) -> datetime:
        """When the authority's own certificate no longer outlives what it signs."""
        return self._certificate.not_valid_after_utc - LEAF_LIFE

    def issue(self, names: Sequence[str]) -> bytes:
        """A new key and a certificate for the names, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder("cloudlet", self._certificate.subject, key.public_key(), LEAF_LIFE)
            .add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _load_or_create(directory: Path, path: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_path = directory / KEY_NAME
    if not key_path.exists():
        _write(key_path, _pem(ec.generate_private_key(ec.SECP256R1())), 0o600, replace=False)
    key = serialization.load_pem_private_key(key_path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(
            f"{key_path} is not an elliptic curve key; remove it and {path} to have new ones made."
        )
    certificate = _find_certificate(path, key)
    if certificate is None:
        certificate = _self_signed(key)
        _write(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644, replace=True)
    return key, certificate


def _find_certificate(path: Path, key: ec.EllipticCurvePrivateKey) -> x509.Certificate | None:
    """The stored certificate, if it belongs to the key and outlives what it is to sign."""
    if not path.exists():
        return None
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    lasts = certificate.not_valid_after_utc > datetime.now(UTC) + LEAF_LIFE
    return certificate if lasts and certificate.public_key() == key.public_key() else None


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    # The name tells two authorities apart in a client's store, where an old one may still lie.
    number = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"cloudlet local CA {number}")])
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        _builder(name, name, key.public_key(), _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name | str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    if isinstance(subject, str):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + life)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int, *, replace: bool) -> None:
    """Puts a whole file in place at once; without `replace`, one that another process put there stays."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        if replace:
            temporary.replace(path)
        elif not path.exists():
            path.hardlink_to(temporary)
    except FileExistsError:
        return
    finally:
        temporary.unlink(missing_ok=True)
