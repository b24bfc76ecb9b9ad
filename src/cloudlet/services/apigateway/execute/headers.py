"""Which headers enter the gateway, which it lets integrations have, and which it renames on the way out.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
Reads no request; works on names.
"""

from __future__ import annotations

import re
from typing import Final

DROPPED_ON_ENTRY: Final = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "transfer-encoding",
        "trailer",
        "upgrade",
        "www-authenticate",
    }
)
RECASED_ON_ENTRY: Final = {"authorization": "Authorization", "user-agent": "User-Agent"}

_NEVER_MAPPED: Final = frozenset(
    {"content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"}
)
_NEVER_MAPPED_FOR_AWS: Final = _NEVER_MAPPED | {
    "authorization",
    "connection",
    "expect",
    "proxy-authenticate",
    "te",
}
_REMAPPED: Final = frozenset({"connection", "content-length", "date", "server", "x-amzn-requestid"})
_REMAPPED_UNLESS_PROXY: Final = _REMAPPED | {
    "authorization",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "trailer",
    "upgrade",
    "user-agent",
    "www-authenticate",
}
_DROPPED_ON_EXIT: Final = frozenset({"transfer-encoding"})


_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def can_be_sent(name: str, value: str) -> bool:
    """Whether HTTP can say a header; one with a line break in it would begin another one."""
    breaks = "\n" in value or "\r" in value or "\0" in value
    return not breaks and _TOKEN.fullmatch(name) is not None


def may_be_mapped(integration_type: str, name: str) -> bool:
    """Whether an integration's request may be given a header; AWS answers 500 where it may not."""
    never = _NEVER_MAPPED_FOR_AWS if integration_type in ("AWS", "AWS_PROXY") else _NEVER_MAPPED
    return name.lower() not in never


def name_on_exit(integration_type: str, name: str) -> str | None:
    """What a header of an integration's answer is called in the gateway's; None where it is left out."""
    lower = name.lower()
    if lower in _DROPPED_ON_EXIT:
        return None
    remapped = _REMAPPED if integration_type in ("AWS_PROXY", "HTTP_PROXY") else _REMAPPED_UNLESS_PROXY
    return f"x-amzn-Remapped-{name}" if lower in remapped else name
