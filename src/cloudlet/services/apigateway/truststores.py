"""The certificates in a truststore, as mutual TLS takes them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
Loads cryptography, so it is imported only where there is a truststore. Reads nothing from anywhere.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

_BLOCK: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
MOST_CERTIFICATES: Final = 1000


class Truststore(Struct, frozen=True):
    """What of a truststore counts, and what AWS warns of."""

    certificates: str
    """As PEM, one after the other."""
    count: int
    warnings: list[str]


def truststore(content: bytes, now: datetime) -> Truststore:
    """The certificates of a file; one that cannot be read, or is out of date, is only warned of."""
    certificates, warnings = [], []
    for place, block in enumerate(_BLOCK.findall(content), 1):
        try:
            found = x509.load_pem_x509_certificate(block)
        except ValueError:
            warnings.append(f"Certificate {place} in the truststore is not a valid X.509 certificate.")
            continue
        if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            warnings.append(f"Certificate {place} in the truststore is expired or not yet valid.")
        certificates.append(found.public_bytes(Encoding.PEM).decode())
    return Truststore("".join(certificates), len(certificates), warnings)
