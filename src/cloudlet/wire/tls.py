"""The local certificate authority, and a certificate for every name that a client asks for.

It trusts nobody and is trusted only by clients that were handed its `ca.pem`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

WILDCARD_DOMAINS: Final = ("amazonaws.com", "api.aws", "on.aws")
"""Below these, one certificate serves a whole level of names."""

_CA_LIFE: Final = timedelta(days=3650)
_LEAF_LIFE: Final = timedelta(days=397)
_SKEW: Final = timedelta(days=1)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)


class UnusableName(ValueError):
    """Raised for a server name that is neither a DNS name nor an IP address."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    context: ssl.SSLContext
    renew_at: datetime


def _now() -> datetime:
    # Certificates are judged by the client's own clock, so the cloud's movable clock has no say here.
    return datetime.now(UTC)


def subject_names(server_name: str) -> tuple[str, ...]:
    """The names that the certificate for `server_name` carries. Raises UnusableName."""
    name = server_name.lower().removesuffix(".")
    try:
        return (str(ipaddress.ip_address(name)),)
    except ValueError:
        if len(name) > 253 or not _NAME.fullmatch(name):
            raise UnusableName(server_name) from None
    parent = name.partition(".")[2]
    if any(parent == domain or parent.endswith(f".{domain}") for domain in WILDCARD_DOMAINS):
        return (f"*.{parent}", parent)
    return (name,)


class CertificateAuthority:
    """Makes certificates; keeps its own key and certificate in `directory`."""

    def __init__(self, directory: Path, *, cached_certificates: int = 512) -> None:
        self.directory = directory
        self.certificate_path = directory / "ca.pem"
        """The file that clients trust."""
        self._leaves: OrderedDict[tuple[str, ...], _Leaf] = OrderedDict()
        self._cached_certificates = cached_certificates
        self._key, self._certificate = _load_or_create(directory, self.certificate_path)

    def server_context(self, address: str) -> ssl.SSLContext:
        """What a connection to `address` is served with; its certificate follows the name asked for."""
        return self._leaf(subject_names(address)).context

    def context_for(self, server_name: str) -> ssl.SSLContext:
        """The context with the certificate for one name. Raises UnusableName."""
        return self._leaf(subject_names(server_name)).context

    def _leaf(self, names: tuple[str, ...]) -> _Leaf:
        leaf = self._leaves.get(names)
        if leaf is None or leaf.renew_at < _now():
            leaf = _Leaf(self._issue(names), _now() + _LEAF_LIFE / 2)
            self._leaves[names] = leaf
            if len(self._leaves) > self._cached_certificates:
                self._leaves.popitem(last=False)
        self._leaves.move_to_end(names)
        return leaf

    def _issue(self, names: tuple[str, ...]) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder("cloudlet", self._certificate.subject, key.public_key(), _LEAF_LIFE)
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
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.sni_callback = self._choose
        # The ssl module loads certificates from files only.
        with tempfile.NamedTemporaryFile(dir=self.directory, prefix=".leaf-") as file:
            file.write(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, server_name: str | None, _: ssl.SSLContext
    ) -> int | None:
        if server_name is None:
            return None
        try:
            connection.context = self.context_for(server_name)
        except UnusableName:
            return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
        return None


def _load_or_create(directory: Path, path: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_path = directory / "ca-key.pem"
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
    lasts = certificate.not_valid_after_utc > _now() + _LEAF_LIFE
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
    now = _now()
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
