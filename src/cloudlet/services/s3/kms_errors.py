"""What S3 says where KMS refuses: KMS's own error, named as one of KMS.

Nothing here asks KMS.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cloudlet.core.errors import ServiceError
from cloudlet.core.kms import translated


class KmsNotFoundException(ServiceError):
    """Raised for a KMS key that is not there."""

    code = "KMS.NotFoundException"


class KmsDisabledException(ServiceError):
    """Raised for a KMS key that is disabled."""

    code = "KMS.DisabledException"


class KmsInvalidStateException(ServiceError):
    """Raised for a KMS key that waits for its end, or for material."""

    code = "KMS.KMSInvalidStateException"


class KmsInvalidKeyUsageException(ServiceError):
    """Raised for a KMS key that does not encrypt data keys."""

    code = "KMS.InvalidKeyUsageException"


_OF_KMS: Final[Mapping[str, type[ServiceError]]] = MappingProxyType(
    {
        "DisabledException": KmsDisabledException,
        "InvalidArnException": KmsNotFoundException,
        "InvalidKeyUsageException": KmsInvalidKeyUsageException,
        "KMSInvalidStateException": KmsInvalidStateException,
        "NotFoundException": KmsNotFoundException,
    }
)


def from_kms(error: ServiceError) -> ServiceError:
    """KMS's refusal as S3 says it; a lack of permission stays what it is."""
    return translated(error, _OF_KMS)
