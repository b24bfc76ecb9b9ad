"""What a server's name demands of those who connect to it over TLS. Opens no connection."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class TlsVersion(Enum):
    """A version of TLS."""

    TLS_1_0 = "1.0"
    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


class TlsDemands(Struct, frozen=True):
    """The oldest version a name speaks, and whom it takes certificates from."""

    minimum_version: TlsVersion = TlsVersion.TLS_1_2
    truststore: str = ""
    """The authorities, as PEM, whose certificates clients must show; nothing where they need none."""


class ClientCertificate(Struct, frozen=True):
    """What a client has shown as its own certificate, and the handshake has found in order."""

    server_name: str
    """Whom the client asked for: it was held to the demands of this name, and of no other."""
    der: bytes
