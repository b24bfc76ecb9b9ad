"""With whose key an object is encrypted: S3's own, one of KMS, or one that the client sends each time.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html. Objects under S3's own keys
are stored as they are: nothing but the server reads the store.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere, ServiceError
from cloudlet.services.s3 import state
from cloudlet.services.s3.errors import (
    AccessDeniedByKey,
    InvalidArgument,
    InvalidEncryptionAlgorithmError,
    InvalidRequest,
)
from cloudlet.services.s3.kms_errors import from_kms
from cloudlet.services.s3.model import Bucket, Encryption, EncryptionMethod

_HEADER: Final = "x-amz-server-side-encryption"
_PRINCIPAL: Final = "s3.amazonaws.com"
_DEFAULT_KEY: Final = "alias/aws/s3"
_CUSTOMER: Final = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
_KEY_BYTES: Final = 32


class Sealing(Struct, frozen=True):
    """How new bytes are to be encrypted, and the key for it; none where S3's own keys are to do it."""

    encryption: Encryption
    key: bytes | None = None


async def of_new_object(call: Call, request: Mapping[str, Any]) -> Sealing:
    """How what a request writes is encrypted, as it says or else its bucket. Raises what KMS says to it."""
    wanted = await call.transact(partial(_wanted_by, request=request), read_only=True)
    if wanted.encryption.method is not EncryptionMethod.KMS:
        return wanted
    return await call.transact(partial(new, request=request))


def new(call: Call, request: Mapping[str, Any]) -> Sealing:
    """The same in an open transaction."""
    wanted = _wanted_by(call, request)
    if wanted.encryption.method is not EncryptionMethod.KMS:
        return wanted
    return _with_data_key(call, state.bucket(call, request["Bucket"]), request["Key"], wanted.encryption)


def _wanted_by(call: Call, request: Mapping[str, Any]) -> Sealing:
    """How a request wants it; with its key only if that is the client's own."""
    customer_key = _customer_key(request, "")
    if customer_key is None:
        return Sealing(_wanted(state.bucket(call, request["Bucket"]), request))
    method = request.get("ServerSideEncryption")
    if method:
        raise InvalidArgument(
            "Server Side Encryption with Customer provided key is incompatible with the encryption "
            "method specified",
            _HEADER,
            method,
        )
    digest = _digest(customer_key)
    return Sealing(Encryption(EncryptionMethod.CUSTOMER, customer_key_md5=digest), customer_key)


def key_of(call: Call, encryption: Encryption, request: Mapping[str, Any], side: str = "") -> bytes | None:
    """The key of stored bytes, by the caller's right or from the request itself.

    `side` is the beginning of the members that name the client's key: "" or "CopySource". Raises what S3
    says to a key that is missing, wrong or out of place, and what KMS says.
    """
    customer_key = check_customer_key(encryption, request, side)
    if encryption.method is not EncryptionMethod.KMS:
        return customer_key
    asked = {
        "CiphertextBlob": encryption.data_key,
        "KeyId": encryption.kms_key_arn,
        "EncryptionContext": encryption.context,
    }
    plaintext: bytes = _ask(call, "Decrypt", asked)["Plaintext"]
    return plaintext


def check_customer_key(encryption: Encryption, request: Mapping[str, Any], side: str = "") -> bytes | None:
    """The client's own key, if that is what the bytes need. Raises InvalidRequest or AccessDeniedByKey."""
    given = _customer_key(request, side)
    if encryption.method is not EncryptionMethod.CUSTOMER:
        if given is not None:
            raise InvalidRequest("The encryption parameters are not applicable to this object.")
        return None
    if given is None:
        raise InvalidRequest(
            "The object was stored using a form of Server Side Encryption. "
            "The correct parameters must be provided to retrieve the object."
        )
    if _digest(given) != encryption.customer_key_md5:
        raise AccessDeniedByKey
    return given


def members(encryption: Encryption) -> dict[str, Any]:
    """What answers say of how an object is encrypted."""
    if encryption.method is EncryptionMethod.CUSTOMER:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": encryption.customer_key_md5}
    told: dict[str, Any] = {"ServerSideEncryption": encryption.method.value}
    if encryption.method is EncryptionMethod.KMS:
        told["SSEKMSKeyId"] = encryption.kms_key_arn
        told["BucketKeyEnabled"] = encryption.bucket_key_enabled or None
    return told


def checked_default(rule: Mapping[str, Any]) -> Encryption:
    """What a rule of PutBucketEncryption says. Raises InvalidArgument or NotImplementedHere."""
    default = rule["ApplyServerSideEncryptionByDefault"]
    method, key_id = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")
    if method == EncryptionMethod.S3.value and key_id:
        raise InvalidArgument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
            "ApplyServerSideEncryptionByDefault",
        )
    return Encryption(
        _method(method), kms_key_arn=key_id or "", bucket_key_enabled=rule.get("BucketKeyEnabled", False)
    )


def _wanted(bucket: Bucket, request: Mapping[str, Any]) -> Encryption:
    """How a request wants it, or else the bucket; `kms_key_arn` as it was given."""
    asked, key_id = request.get("ServerSideEncryption"), request.get("SSEKMSKeyId")
    if asked != EncryptionMethod.KMS.value and (key_id or request.get("SSEKMSEncryptionContext")):
        raise InvalidArgument(
            f"Server Side Encryption with AWS KMS managed key requires HTTP header {_HEADER} : aws:kms",
            _HEADER,
            asked,
        )
    default = bucket.encryption
    if asked is None:
        wanted = default
    else:
        same = default.method.value == asked
        wanted = Encryption(
            _method(asked),
            kms_key_arn=key_id or (default.kms_key_arn if same else ""),
            bucket_key_enabled=same and default.bucket_key_enabled,
        )
    return replace(
        wanted,
        bucket_key_enabled=request.get("BucketKeyEnabled", wanted.bucket_key_enabled),
        context=_given_context(request.get("SSEKMSEncryptionContext")),
    )


def _method(name: Any) -> EncryptionMethod:
    if name in ("aws:kms:dsse", "aws:fsx"):
        raise NotImplementedHere(f"cloudlet does not encrypt with {name} (yet). Nothing was done.")
    if name not in (EncryptionMethod.S3.value, EncryptionMethod.KMS.value):
        raise InvalidArgument("The encryption method specified is not supported", _HEADER, name)
    return EncryptionMethod(name)


def _with_data_key(call: Call, bucket: Bucket, object_key: str, wanted: Encryption) -> Sealing:
    """The same with a data key of its own. With a bucket key, KMS is told of the bucket alone."""
    arn = bucket.arn if wanted.bucket_key_enabled else f"{bucket.arn}/{object_key}"
    context = {**wanted.context, "aws:s3:arn": arn}
    asked = {
        "KeyId": wanted.kms_key_arn or _DEFAULT_KEY,
        "KeySpec": "AES_256",
        "EncryptionContext": context,
    }
    answer = _ask(replace(call, region=bucket.region), "GenerateDataKey", asked)
    encryption = replace(
        wanted, kms_key_arn=answer["KeyId"], data_key=answer["CiphertextBlob"], context=context
    )
    return Sealing(encryption, answer["Plaintext"])


def _ask(call: Call, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return call.on_behalf(_PRINCIPAL).ask_within("kms", operation, request)
    except ServiceError as error:
        raise from_kms(error) from error


def _given_context(header: str | None) -> dict[str, str]:
    """The encryption context that a client sends in base64. Raises InvalidArgument."""
    if not header:
        return {}
    try:
        context = json.loads(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _bad_context(header) from error
    if not isinstance(context, dict) or not all(isinstance(value, str) for value in context.values()):
        raise _bad_context(header)
    return context


def _bad_context(header: str) -> InvalidArgument:
    return InvalidArgument(
        f"The header '{_HEADER}-context' shall be Base64-encoded UTF-8 string holding JSON which represents "
        "a string-string map",
        f"{_HEADER}-context",
        header,
    )


def _customer_key(request: Mapping[str, Any], side: str) -> bytes | None:
    """The key that a request brings. Raises InvalidArgument or InvalidEncryptionAlgorithmError."""
    algorithm, key, digest = (request.get(f"{side}{name}") for name in _CUSTOMER)
    if algorithm is None and key is None and digest is None:
        return None
    trouble = "Requests specifying Server Side Encryption with Customer provided keys must provide "
    if algorithm is None:
        raise InvalidArgument(f"{trouble}a valid encryption algorithm.", _HEADER)
    if algorithm != "AES256":
        raise InvalidEncryptionAlgorithmError(algorithm)
    if key is None:
        raise InvalidArgument(f"{trouble}an appropriate secret key.", _HEADER)
    if digest is None:
        raise InvalidArgument(f"{trouble}the client calculated MD5 of the secret key.", _HEADER)
    return _checked_key(key, digest)


def _checked_key(key: str, digest: str) -> bytes:
    try:
        decoded = base64.b64decode(key, validate=True)
    except binascii.Error as error:
        raise InvalidArgument("The secret key was invalid for the specified algorithm.", _HEADER) from error
    if len(decoded) != _KEY_BYTES:
        raise InvalidArgument("The secret key was invalid for the specified algorithm.", _HEADER)
    if _digest(decoded) != digest:
        raise InvalidArgument(
            "The calculated MD5 hash of the key did not match the hash that was provided.", _HEADER
        )
    return decoded


def _digest(key: bytes) -> str:
    return base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()
