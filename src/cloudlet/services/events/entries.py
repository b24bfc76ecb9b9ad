"""Entries of PutEvents: what is wrong with one, how large it is, and the event it becomes.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from msgspec import Struct

from cloudlet.services.events.model import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call

_TIME_BYTES: Final = 14
_REQUIRED: Final = ("Source", "DetailType", "Detail")
_SERVICES_PREFIX: Final = "aws."


class Failure(Struct, frozen=True):
    """Why an entry is not taken."""

    code: str
    message: str


def size_bytes(entry: Mapping[str, Any]) -> int:
    """How large an entry is, as AWS counts."""
    texts = [*(entry.get(name, "") for name in _REQUIRED), *(entry.get("Resources") or ())]
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if entry.get("Time") else 0)


def find_failure(entry: Mapping[str, Any], *, own: bool) -> Failure | None:
    """What is wrong with an entry; `own` are those that services put themselves."""
    for name in _REQUIRED:
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return Failure("InvalidArgument", reason)
    if entry["Source"].startswith(_SERVICES_PREFIX) and not own:
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
