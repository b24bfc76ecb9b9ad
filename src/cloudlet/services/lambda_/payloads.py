"""Whether an event is JSON, and what AWS's parser says of one that is not.

It only reads; the event goes to the function as it came.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from cloudlet.services.lambda_.errors import InvalidRequestContentException, RequestEntityTooLargeException

SYNCHRONOUS_LIMIT_BYTES: Final = 6_291_456
ASYNCHRONOUS_LIMIT_BYTES: Final = 1_048_576
_TOKEN: Final = re.compile(rb"[A-Za-z0-9_$\x80-\xff]+")
_NUMBER: Final = re.compile(rb"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_WHERE: Final = (
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
)
_TOO_DEEP: Final = (
    "Could not parse request body into json: Could not parse payload into json: "
    "Document nesting depth (1001) exceeds the maximum allowed "
    "(1000, from `StreamReadConstraints.getMaxNestingDepth()`)"
)
_PLACE: Final = re.compile(r"\(byte (\d+)\)$")


def checked(payload: bytes, limit_bytes: int) -> bytes:
    """The event; an empty one is an empty object. Raises what AWS says to a too large or broken one."""
    if len(payload) > limit_bytes:
        raise too_large(limit_bytes)
    if not payload:
        return b"{}"
    try:
        msgspec.json.decode(payload)
    except RecursionError as error:
        raise InvalidRequestContentException(_TOO_DEEP) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found = _PLACE.search(str(error))
        trouble = _trouble(payload, int(found[1]) if found else len(payload))
        raise InvalidRequestContentException(
            f"Could not parse request body into json: Could not parse payload into json: {trouble}"
        ) from error
    return payload


def too_large(limit_bytes: int) -> RequestEntityTooLargeException:
    """AWS's word for an event beyond the limit."""
    return RequestEntityTooLargeException(
        f"Request must be smaller than {limit_bytes} bytes for the InvokeFunction operation"
    )


def _trouble(payload: bytes, at: int) -> str:
    """What AWS's parser (Jackson) says of the first thing it cannot read."""
    if (broken := _invalid_utf8(payload)) is not None and broken <= at:
        at = broken
        if at == 0:
            code = payload[0]
            text = f"Unexpected character ((CTRL-CHAR, code {code})): expected a valid value {_VALUES}"
            return text + _where(payload, 0)
        return f"Invalid UTF-8 start byte 0x{payload[at]:x}" + _where(payload, at + 1)
    start = _token_start(payload, at)
    token = _TOKEN.match(payload, start)
    if token is not None and not _NUMBER.fullmatch(token[0]) and token[0] not in (b"null", b"true", b"false"):
        name = token[0].decode("utf-8", "replace")
        return f"Unrecognized token '{name}': was expecting {_VALUES}" + _where(payload, token.end())
    if at >= len(payload):
        return "Unexpected end-of-input" + _where(payload, len(payload))
    character = chr(payload[at])
    text = f"Unexpected character ('{character}' (code {payload[at]})): expected a valid value {_VALUES}"
    return text + _where(payload, at)


def _invalid_utf8(payload: bytes) -> int | None:
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _token_start(payload: bytes, at: int) -> int:
    while at > 0 and _TOKEN.fullmatch(payload[at - 1 : at]):
        at -= 1
    return at


def _where(payload: bytes, at: int) -> str:
    before = payload[:at]
    return _WHERE.format(before.count(b"\n") + 1, at - (before.rfind(b"\n") + 1) + 1)
