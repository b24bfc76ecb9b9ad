"""What a client's certificate says, as $context.identity.clientCert.

https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
Loads cryptography, so it is imported only where a client has shown one. Judges nothing: the handshake did.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

_LARGEST_DECIMAL: Final = (1 << 63) - 1


def described(der: bytes) -> dict[str, Any]:
    """The members of a certificate."""
    certificate = x509.load_der_x509_certificate(der)
    return {
        "clientCertPem": certificate.public_bytes(Encoding.PEM).decode(),
        "subjectDN": _name(certificate.subject),
        "issuerDN": _name(certificate.issuer),
        "serialNumber": _serial_number(certificate.serial_number),
        "validity": {
            "notBefore": _moment(certificate.not_valid_before_utc),
            "notAfter": _moment(certificate.not_valid_after_utc),
        },
    }


def _name(name: x509.Name) -> str:
    """The parts in the certificate's own order, as AWS shows them."""
    return ",".join(part.rfc4514_string() for part in name.rdns)


def _serial_number(number: int) -> str:
    """Small ones as OpenSSL writes them, in decimal digits; others as bytes."""
    if number <= _LARGEST_DECIMAL:
        return str(number)
    return number.to_bytes((number.bit_length() + 7) // 8).hex(":")


def _moment(at: datetime) -> str:
    return f"{at:%b} {at.day:>2} {at:%H:%M:%S %Y} GMT"
