"""Keys of tables encrypted with KMS.

A table's row has a data key, which a KMS key has encrypted. Nothing is encrypted with it here, but whoever
uses the table must get it decrypted by KMS, as in AWS: who may not, or whose key is disabled, is refused.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.core.kms import ACCESS_DENIED, origin, quoted, requester
from cloudlet.services.dynamodb.encryption import MANAGED_KEY
from cloudlet.services.dynamodb.errors import InternalServerError, ValidationException
from cloudlet.services.dynamodb.model import Encryption
from cloudlet.services.dynamodb.replica_rules import key_for_each_replica
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.model import Table

_SERVICE: Final = "dynamodb.amazonaws.com"
_REUSE_SECONDS: Final = 300.0
"""How long DynamoDB uses a decrypted key without asking again."""
_KEPT: Final = 10_000
_INVALID_KEY: Final = "KMS validation error"
_REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ACCESS_DENIED: "KMS key access denied error",
        "DisabledException": "KMS key disabled error",
        "InvalidArnException": _INVALID_KEY,
        "KMSInvalidStateException": _INVALID_KEY,
        "NotFoundException": _INVALID_KEY,
    }
)
"""By the code of KMS's error, what DynamoDB calls it."""


class TableKeys:
    """Who has lately got which table's key; each server has its own."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, bytes], float] = {}

    async def close(self) -> None:
        """Forgets everything."""
        self._until.clear()

    def check(self, call: Call, table_name: str, encryption: Encryption) -> None:
        """Raises ValidationException or AccessDenied unless KMS decrypts the table's key for the caller."""
        now, use = call.time(), (requester(call.principal), encryption.data_key)
        if now < self._until.get(use, 0.0):
            return
        check_key(call, table_name, encryption)
        if len(self._until) >= _KEPT:
            del self._until[next(iter(self._until))]
        self._until[use] = now + _REUSE_SECONDS


def check_key(call: Call, table_name: str, encryption: Encryption) -> None:
    """The same whatever was lately so."""
    request = {"CiphertextBlob": encryption.data_key, "EncryptionContext": _context(call, table_name)}
    _ask(call, "Decrypt", request)


def new_encryption(call: Call, table_name: str, key_id: str) -> Encryption:
    """A new data key of the KMS key that has this id, ARN or alias.

    Raises ValidationException, AccessDenied, InternalServerError.
    """
    key = _ask(call, "DescribeKey", {"KeyId": key_id})["KeyMetadata"]
    if key["KeySpec"] != "SYMMETRIC_DEFAULT":
        raise InternalServerError(
            "KMS internal error: com.amazonaws.services.kms.model.AWSKMSException: EncryptionContext is "
            "supported only when creating a grant for a symmetric encryption KMS key. "
            + origin(call, "ValidationException")
        )
    request = {"KeyId": key["Arn"], "KeySpec": "AES_256", "EncryptionContext": _context(call, table_name)}
    answer = _ask(call, "GenerateDataKeyWithoutPlaintext", request)
    return Encryption(key["Arn"], answer["CiphertextBlob"], managed=key["KeyManager"] == "AWS")


def replica_encryption(call: Call, source: Table, key_id: str | None) -> Encryption | None:
    """The same for a new replica in the call's region; all have keys of one kind, or none has one."""
    like = source.encryption
    if key_id is None and like is not None and like.managed:
        key_id = MANAGED_KEY
    if (key_id is None) != (like is None):
        raise key_for_each_replica()
    if key_id is None or like is None:
        return None
    try:
        encryption = new_encryption(call, source.name, key_id)
    except ValidationException as error:
        told = error.message.replace(_INVALID_KEY, f"{_INVALID_KEY} for region {call.region}", 1)
        raise ValidationException(told) from error
    if encryption.managed != like.managed:
        raise ValidationException(
            f"{INVALID}All replica keys must either be Customer Managed CMK or AWS Managed CMK."
        )
    return encryption


def _context(call: Call, table_name: str) -> dict[str, str]:
    return {"aws:dynamodb:subscriberId": call.account, "aws:dynamodb:tableName": table_name}


def _ask(call: Call, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return call.on_behalf(_SERVICE).ask_within("kms", operation, request)
    except ServiceError as error:
        raise _refusal(call, error) from error


def _refusal(call: Call, error: ServiceError) -> ServiceError:
    called = _REFUSALS.get(error.code)
    if called is None:
        return error
    denied = error.code == ACCESS_DENIED
    raised = "AWSKMSException" if denied else error.code
    told = f"{called}: com.amazonaws.services.kms.model.{raised}: {quoted(call, error)}"
    return AccessDenied(told) if denied else ValidationException(told)
