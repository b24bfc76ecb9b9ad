"""Which key of KMS encrypts a table, how often that may change, and how it is told.

Pure rules in DynamoDB's words; KMS is asked in table_keys.py.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.errors import LimitExceededException, ValidationException
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.dynamodb.model import Encryption

MANAGED_KEY: Final = "alias/aws/dynamodb"
KMS: Final = "KMS"
_FREE_CHANGES: Final = 4
_WINDOW_SECONDS: Final = 86400.0
_BETWEEN_CHANGES_SECONDS: Final = 21600.0


def wanted_key(specification: Mapping[str, Any] | None) -> str | None:
    """How an SSESpecification names its key; None is DynamoDB's own. Raises ValidationException."""
    if not specification:
        return None
    kind, key_id = specification.get("SSEType"), specification.get("KMSMasterKeyId")
    if specification.get("Enabled") is False:
        for name in ("SSEType", "KMSMasterKeyId"):
            if name in specification:
                raise ValidationException(f"{INVALID}{name} can not be specified if Enabled is false")
        return None
    if kind not in (None, KMS):
        raise ValidationException(f"{INVALID}SSEType {kind} is not supported")
    if key_id is not None and kind is None:
        raise ValidationException(f"{INVALID}SSEType KMS is required if KMSMasterKeyId is specified")
    return key_id or MANAGED_KEY


def check_change(current: Encryption | None, key_id: str | None) -> None:
    """Raises ValidationException for a change to what is so already; a key is only known by its ARN."""
    if current is None and key_id is None:
        raise ValidationException(f"{INVALID}Table is already encrypted by default")
    if current is not None and key_id == current.key_arn:
        raise ValidationException(
            f"{INVALID}Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if "
            "you want to change Master Key"
        )


def counted(changes: tuple[float, ...], now: float) -> tuple[float, ...]:
    """The changes of the day that began with the first, with one that is made now.

    Raises LimitExceededException for a fifth that comes too soon.
    """
    if not changes or now - changes[0] >= _WINDOW_SECONDS:
        return (now,)
    last, end = changes[-1], changes[0] + _WINDOW_SECONDS
    if len(changes) >= _FREE_CHANGES and now - last < _BETWEEN_CHANGES_SECONDS:
        raise LimitExceededException(
            "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at "
            f"{_spelled(end)}. After the first {_FREE_CHANGES} change, each subsequent change in the same "
            f"window can be performed at most once every {_BETWEEN_CHANGES_SECONDS:.0f} seconds. "
            f"Number of updates today: {len(changes)}. Last change at {_spelled(last)}. "
            f"Next changes can be made at {_spelled(min(last + _BETWEEN_CHANGES_SECONDS, end))}."
        )
    return (*changes, now)


def describe_encryption(encryption: Encryption) -> dict[str, str]:
    """An SSEDescription."""
    return {"Status": "ENABLED", "SSEType": KMS, "KMSMasterKeyArn": encryption.key_arn}


def _spelled(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
