"""Where a request says that code lies: in it, or in S3. Fetched as the caller.

It checks nothing of the zip itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.core.http import RequestEntityTooLarge
from cloudlet.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    RequestEntityTooLargeException,
)
from cloudlet.services.lambda_.packages import Packages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import Package

_ZIP_LIMIT_BYTES: Final = 52_428_800
_OBJECT_LIMIT_BYTES: Final = 262_144_000
_IN_S3: Final = ("S3Bucket", "S3Key", "S3ObjectVersion")


async def package(call: Call, code: Mapping[str, Any]) -> Package:
    """The package that a request gives or names. Raises what AWS says to a missing, bad or too large one."""
    content = await _content(call, code)
    return await call.cloud.component(Packages).take_in(content)


async def _content(call: Call, code: Mapping[str, Any]) -> bytes:
    zip_file: bytes | None = code.get("ZipFile")
    if zip_file is None:
        if not (code.get("S3Bucket") and code.get("S3Key")):
            raise InvalidParameterValueException("Please provide a source for function code.")
        return await _from_s3(call, code)
    if any(code.get(member) for member in _IN_S3):
        raise InvalidParameterValueException(
            "Please do not provide other FunctionCode parameters when providing a ZipFile."
        )
    if len(zip_file) > _ZIP_LIMIT_BYTES:
        raise RequestEntityTooLargeException(f"Zipped size must be smaller than {_ZIP_LIMIT_BYTES} bytes")
    return zip_file


async def _from_s3(call: Call, code: Mapping[str, Any]) -> bytes:
    wanted = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
    if code.get("S3ObjectVersion"):
        wanted["VersionId"] = code["S3ObjectVersion"]
    try:
        answer = await call.on_behalf("lambda.amazonaws.com").ask("s3", "GetObject", wanted)
    except AccessDenied as error:
        raise AccessDeniedException(
            "Your access has been denied by S3, please make sure your request credentials have permission to "
            f"GetObject for {wanted['Bucket']}/{wanted['Key']}. S3 Error Code: AccessDenied. "
            "S3 Error Message: Access Denied"
        ) from error
    except ServiceError as error:
        raise InvalidParameterValueException(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        ) from error
    return await _read(answer["Body"])


async def _read(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    pieces: AsyncIterator[bytes] = body if isinstance(body, AsyncIterator) else body.stream()
    content = bytearray()
    async for piece in pieces:
        content += piece
        if len(content) > _OBJECT_LIMIT_BYTES:
            raise RequestEntityTooLarge(_OBJECT_LIMIT_BYTES)
    return bytes(content)
