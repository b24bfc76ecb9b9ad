"""The local certificate authority, and a certificate for every name that a client asks for.

It trusts nobody and is trusted only by clients that were handed its `ca.pem`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
import tempfile
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from cloudlet.wire.certificates import Issuer

KEY_NAME: Final = "ca-key.pem"
WILDCARD_DOMAINS: Final = ("amazonaws.com", "api.aws", "on.aws")
"""Below these, one certificate serves a whole level of names."""

_RENEWED_AFTER: Final = timedelta(days=198)
"""Half of what clients allow a certificate to live."""
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)


class UnusableName(ValueError):
    """Raised for a server name that is neither a DNS name nor an IP address."""


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
        self._leaves: OrderedDict[tuple[str, ...], _Leaf] = OrderedDict()
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

    def _leaf(self, names: tuple[str, ...]) -> _Leaf:
        leaf = self._leaves.get(names)
        if leaf is None or leaf.renew_at < _now():
            leaf = _Leaf(self._issue(names), _now() + _RENEWED_AFTER)
            self._leaves[names] = leaf
            if len(self._leaves) > self._cached_certificates:
                self._leaves.popitem(last=False)
        self._leaves.move_to_end(names)
        return leaf

    def _issue(self, names: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.sni_callback = self._choose
        # The ssl module loads certificates from files only.
        with tempfile.NamedTemporaryFile(dir=self.directory, prefix=".leaf-") as file:
            file.write(self._issuer().issue(names))
            file.flush()
            context.load_cert_chain(file.name)
        return context

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
