"""The local certificate authority, and a certificate for every name that a client asks for.

It trusts nobody and is trusted only by clients that were handed its `ca.pem`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
import tempfile
import warnings
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.tls import ClientCertificate, TlsDemands, TlsVersion

if TYPE_CHECKING:
    from asyncio import BaseTransport

    from cloudlet.wire.certificates import Issuer

KEY_NAME: Final = "ca-key.pem"
WILDCARD_DOMAINS: Final = ("amazonaws.com", "api.aws", "on.aws")
"""Below these, one certificate serves a whole level of names."""

_RENEWED_AFTER: Final = timedelta(days=198)
"""Half of what clients allow a certificate to live."""
_VERSIONS: Final = MappingProxyType(
    {TlsVersion.TLS_1_2: ssl.TLSVersion.TLSv1_2, TlsVersion.TLS_1_3: ssl.TLSVersion.TLSv1_3}
)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)


class UnusableName(ValueError):
    """Raised for a server name that is neither a DNS name nor an IP address."""


class DemandingContext(ssl.SSLContext):
    """The context of one name that demands more of its clients than others do."""

    server_name: str


class _Leaf(Struct, frozen=True):
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
        self._leaves: OrderedDict[tuple[tuple[str, ...], TlsDemands | None], _Leaf] = OrderedDict()
        self._cached_certificates = cached_certificates
        self._seal = directory / "checked.txt"
        self._loaded: Issuer | None = None
        if not self._is_known_good():
            self._issuer()

    def server_context(self, address: str) -> ssl.SSLContext:
        """What a connection to `address` is served with; its certificate follows the name asked for."""
        return self._leaf(subject_names(address)).context

    def context_for(self, server_name: str) -> ssl.SSLContext:
        """The context with the certificate for one name. Raises UnusableName."""
        return self._leaf(subject_names(server_name)).context

    def demanding_context(self, server_name: str, demands: TlsDemands) -> ssl.SSLContext:
        """The context of a name with demands. Raises UnusableName."""
        return self._leaf(subject_names(server_name), demands).context

    def _leaf(self, names: tuple[str, ...], demands: TlsDemands | None = None) -> _Leaf:
        key = names, demands
        leaf = self._leaves.get(key)
        if leaf is None or leaf.renew_at < _now():
            context = self._plain_context() if demands is None else _demanding(names[0], demands)
            self._load(context, names)
            leaf = self._leaves[key] = _Leaf(context, _now() + _RENEWED_AFTER)
            if len(self._leaves) > self._cached_certificates:
                self._leaves.popitem(last=False)
        self._leaves.move_to_end(key)
        return leaf

    def _plain_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sni_callback = self._choose
        return context

    def _load(self, context: ssl.SSLContext, names: tuple[str, ...]) -> None:
        context.set_alpn_protocols(["h2", "http/1.1"])
        # The ssl module loads certificates from files only.
        with tempfile.NamedTemporaryFile(dir=self.directory, prefix=".leaf-") as file:
            file.write(self._issuer().issue(names))
            file.flush()
            context.load_cert_chain(file.name)

    def _issuer(self) -> Issuer:
        if self._loaded is None:
            from cloudlet.wire.certificates import Issuer  # noqa: PLC0415 (start time: a tenth of it, 8 MB)

            self._loaded = Issuer(self.directory, self.certificate_path)
            self._seal.write_text(f"{self._loaded.renew_at.timestamp():.0f} {self._digest()}")
        return self._loaded

    def _is_known_good(self) -> bool:
        """Whether key and certificate are those that were last found in order, and still serve."""
        try:
            renew_at, _, digest = self._seal.read_text().partition(" ")
            return digest == self._digest() and _now().timestamp() < float(renew_at)
        except (FileNotFoundError, ValueError):
            return False

    def _digest(self) -> str:
        files = (self.directory / KEY_NAME, self.certificate_path)
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()

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


def client_certificate(transport: BaseTransport) -> ClientCertificate | None:
    """What the client of a connection has shown, where it asked for a name that demands it."""
    tls = transport.get_extra_info("ssl_object")
    context = tls.context if tls is not None else None
    if not isinstance(context, DemandingContext):
        return None
    der = tls.getpeercert(binary_form=True)
    return None if der is None else ClientCertificate(context.server_name, der)


def _demanding(name: str, demands: TlsDemands) -> DemandingContext:
    context = DemandingContext(ssl.PROTOCOL_TLS_SERVER)
    context.server_name = name
    if demands.minimum_version is TlsVersion.TLS_1_0:
        _let_in_the_old(context)
    else:
        context.minimum_version = _VERSIONS[demands.minimum_version]
    if demands.truststore:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=demands.truststore)
    return context


def _let_in_the_old(context: ssl.SSLContext) -> None:
    """Speaks TLS 1.0, which needs signatures that OpenSSL takes at its lowest level of security only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
