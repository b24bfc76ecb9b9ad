"""Functions' variables under a key of their owner: encrypted as they are stored, decrypted for those who may.

The owner's right encrypts, and grants the role's session the right to decrypt when an environment begins.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html.
"""

from __future__ import annotations

import json
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.services.lambda_ import errors, model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import Configuration, FunctionVersion
    from cloudlet.services.lambda_.references import FunctionReference

_PRINCIPAL: Final = "lambda.amazonaws.com"
_SETTINGS: Final = "Please check the function's KMS key settings."
_UNABLE: Final[Mapping[str, tuple[type[errors.LambdaError], str]]] = MappingProxyType(
    {
        "AccessDeniedException": (errors.KMSAccessDeniedException, f"KMS access was denied. {_SETTINGS}"),
        "DisabledException": (errors.KMSDisabledException, f"the KMS key used is disabled. {_SETTINGS}"),
        "KMSInvalidStateException": (
            errors.KMSInvalidStateException,
            f"the state of the KMS key used is invalid for Decrypt. {_SETTINGS}",
        ),
        "NotFoundException": (errors.KMSNotFoundException, f"the KMS key was not found. {_SETTINGS}"),
    }
)
"""By KMS's error: Lambda's own, and why it could not decrypt."""


def sealed(
    call: Call, reference: FunctionReference, before: Configuration, wanted: Configuration, request: Any
) -> Configuration:
    """The wanted configuration as it is stored. Raises InvalidParameterValueException with KMS's refusal."""
    key_arn: str = request.get("KMSKeyArn", before.kms_key_arn)
    variables = wanted.environment
    if "Environment" not in request:
        if key_arn == before.kms_key_arn:
            return _with_role(call, reference, before, wanted)
        variables = _readable(call, reference, before)
    plain = replace(wanted, kms_key_arn=key_arn, environment=variables, encrypted_environment=None)
    if not key_arn or variables is None:
        return plain
    request = {
        "KeyId": key_arn,
        "Plaintext": json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode(),
        "EncryptionContext": _context(reference),
    }
    encrypted: bytes = _ask(call, "Encrypt", request)["CiphertextBlob"]
    _grant(call, reference, plain)
    return replace(plain, environment=None, encrypted_environment=encrypted)


def described(
    call: Call, reference: FunctionReference, version: FunctionVersion, arn: str, *, listed: bool = False
) -> dict[str, Any]:
    """A FunctionConfiguration; to those who may not decrypt its variables it tells why, and not them."""
    told = model.describe_version(version, arn, call.region, listed=listed)
    if version.configuration.encrypted_environment is not None:
        told["Environment"] = _shown(call, reference, version.configuration)
    return told


async def opened(call: Call, reference: FunctionReference, version: FunctionVersion) -> FunctionVersion:
    """The version with its variables in the clear, by the right of its role's session, which calls.

    Raises KMSAccessDeniedException, KMSDisabledException, KMSInvalidStateException or KMSNotFoundException.
    """
    configuration = version.configuration
    if configuration.encrypted_environment is None:
        return version
    try:
        variables = await call.transact(
            partial(_decrypted, reference=reference, configuration=configuration), read_only=True
        )
    except ServiceError as error:
        raise _unable(error) from error
    return replace(version, configuration=replace(configuration, environment=variables))


def _with_role(
    call: Call, reference: FunctionReference, before: Configuration, wanted: Configuration
) -> Configuration:
    """The configuration, whose role may be another, which must be able to decrypt, too."""
    if wanted.encrypted_environment is not None and wanted.role != before.role:
        _grant(call, reference, wanted)
    return wanted


def _grant(call: Call, reference: FunctionReference, configuration: Configuration) -> None:
    request = {
        "KeyId": configuration.kms_key_arn,
        "GranteePrincipal": configuration.role,
        "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextEquals": _context(reference)},
        "Name": f"lambda-{reference.name}",
    }
    _ask(call, "CreateGrant", request)


def _ask(call: Call, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return call.on_behalf(_PRINCIPAL).ask_within("kms", operation, request)
    except ServiceError as error:
        raise errors.InvalidParameterValueException(
            "Lambda was unable to configure access to your environment variables because the KMS key is "
            f"invalid for {operation}. Please check your KMS key settings. "
            f"KMS Exception: {_code(error)} KMS Message: {error.message}"
        ) from error


def _readable(
    call: Call, reference: FunctionReference, configuration: Configuration
) -> dict[str, str] | None:
    """The variables in the clear, by the caller's right."""
    if configuration.encrypted_environment is None:
        return configuration.environment
    try:
        return _decrypted(call, reference, configuration)
    except ServiceError as error:
        raise _unable(error) from error


def _shown(call: Call, reference: FunctionReference, configuration: Configuration) -> dict[str, Any]:
    """An EnvironmentResponse."""
    try:
        return {"Variables": _decrypted(call, reference, configuration)}
    except ServiceError as error:
        message = (
            "Lambda was unable to decrypt your environment variables because the KMS access was denied. "
            f"Please check your KMS permissions. KMS Exception: {_code(error)} KMS Message: {error.message}"
        )
        return {"Error": {"ErrorCode": _code(error), "Message": message}}


def _decrypted(call: Call, reference: FunctionReference, configuration: Configuration) -> dict[str, str]:
    request = {
        "KeyId": configuration.kms_key_arn,
        "CiphertextBlob": configuration.encrypted_environment,
        "EncryptionContext": _context(reference),
    }
    answer = call.on_behalf(_PRINCIPAL).ask_within("kms", "Decrypt", request)
    variables: dict[str, str] = json.loads(answer["Plaintext"])
    return variables


def _unable(error: ServiceError) -> errors.LambdaError:
    """What Lambda says to an invocation whose variables it cannot decrypt."""
    kind, why = _UNABLE.get(_code(error), _UNABLE["AccessDeniedException"])
    return kind(
        f"Lambda was unable to decrypt the environment variables because {why} "
        f"KMS Exception: {_code(error)}KMS Message: {error.message}"
    )


def _code(error: ServiceError) -> str:
    return "AccessDeniedException" if type(error) is AccessDenied else error.code


def _context(reference: FunctionReference) -> dict[str, str]:
    """What the variables are bound to: the function, in all its versions."""
    return {"aws:lambda:FunctionArn": reference.unqualified_arn}
