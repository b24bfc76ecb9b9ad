"""What services that use their users' KMS keys share: who asks for a key, and how a refusal is passed on.

Asks nothing of KMS, and names no service's error: each has its own words for the refusals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.access import Principal
    from cloudlet.core.call import Call
    from cloudlet.core.errors import ServiceError

ACCESS_DENIED: Final = "AccessDenied"
"""The code of the refusal of a caller who may not use a key."""


def requester(principal: Principal) -> str:
    """Whose leave to use a key counts: all sessions of a role are one, unless their own policies differ."""
    policies = "".join(each.text for each in principal.session_policies)
    return f"{principal.role_arn or principal.arn} {policies}"


def translated(
    error: ServiceError, kinds: Mapping[str, type[ServiceError]], message: str | None = None
) -> ServiceError:
    """KMS's refusal as the error of the service that asked, by KMS's code; what has none stays as it is."""
    kind = kinds.get(error.code)
    return error if kind is None else kind(error.message if message is None else message)


def quoted(call: Call, error: ServiceError) -> str:
    """What KMS said, as services tell it that ask by AWS's client for Java."""
    return f"{error.message} {origin(call, error.code)}"


def origin(call: Call, code: str) -> str:
    """What that client puts behind a message of KMS's."""
    if code == ACCESS_DENIED:
        code = "AccessDeniedException"
    return (
        f"(Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: {call.request_id}; Proxy: null)"
    )
