"""Entries of PutEvents: what is wrong with one, how large it is, and the event it becomes.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn

from msgspec import Struct

from cloudlet.core.access import PrincipalKind
from cloudlet.services.events.model import Event

if TYPE_CHECKING:
    from cloudlet.core.access import Principal
    from cloudlet.core.call import Call

_TIME_BYTES: Final = 14
_REQUIRED: Final = ("Source", "DetailType", "Detail")
_SERVICES_PREFIX: Final = "aws."
_OWN_SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {"cloudwatch.amazonaws.com": "aws.cloudwatch", "s3.amazonaws.com": "aws.s3"}
)
"""The services that put events of their own, which no policy is asked about, and their source."""


class Failure(Struct, frozen=True):
    """Why an entry is not taken."""

    code: str
    message: str


def size_bytes(entry: Mapping[str, Any]) -> int:
    """How large an entry is, as AWS counts."""
    texts = [*(entry.get(name, "") for name in _REQUIRED), *(entry.get("Resources") or ())]
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if entry.get("Time") else 0)


def own_source(principal: Principal) -> str | None:
    """As what a service puts events of its own; None for everybody else."""
    return _OWN_SOURCES.get(principal.arn) if principal.kind is PrincipalKind.SERVICE else None


def find_failure(entry: Mapping[str, Any], own_source: str | None) -> Failure | None:
    """What is wrong with an entry of somebody who may speak as `own_source`."""
    for name in _REQUIRED:
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return Failure("InvalidArgument", reason)
    if entry["Source"].startswith(_SERVICES_PREFIX) and entry["Source"] != own_source:
        return Failure("NotAuthorizedForSourceException", "Not authorized for the source.")
    return None if _is_object(entry["Detail"]) else Failure("MalformedDetail", "Detail is malformed.")


def event(call: Call, entry: Mapping[str, Any]) -> Event:
    """The event that an entry becomes."""
    at = entry.get("Time")
    return Event(
        call.ids.uuid(),
        entry["DetailType"],
        entry["Source"],
        call.account,
        call.time() if at is None else at.timestamp(),
        call.region,
        tuple(entry.get("Resources") or ()),
        entry["Detail"],
    )


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_no_constant), dict)
    except (ValueError, RecursionError):
        return False


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
