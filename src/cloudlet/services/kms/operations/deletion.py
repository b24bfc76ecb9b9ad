"""The end of keys: scheduled, called off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import named_key
from cloudlet.services.kms.description import instant
from cloudlet.services.kms.errors import KMSInvalidStateException, ValidationException
from cloudlet.services.kms.model import KeyState, Origin
from cloudlet.services.kms.permissions import on_key
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request

_DEFAULT_DAYS: Final = 30
_FEWEST_DAYS: Final = 7
_MOST_DAYS: Final = 30


@operation("ScheduleKeyDeletion", permissions=on_key("ScheduleKeyDeletion"))
def schedule_key_deletion(call: Call, request: Request) -> dict[str, Any]:
    """Deletes a key with all it can decrypt, after days in which that can be called off."""
    key = named_key(call, request["KeyId"])
    days = _pending_days(request)
    key.check_not_pending_deletion()
    ending = key.ending(call.time(), days)
    state.save_key(call, ending)
    return {
        "KeyId": key.arn,
        "DeletionDate": None if ending.deletion_at is None else instant(ending.deletion_at),
        "KeyState": ending.state.value,
        "PendingWindowInDays": days,
    }


@operation("CancelKeyDeletion", permissions=on_key("CancelKeyDeletion"))
def cancel_key_deletion(call: Call, request: Request) -> dict[str, Any]:
    """Keeps a key that was to be deleted; it stays disabled, or without material if it had none."""
    key = named_key(call, request["KeyId"])
    if key.state not in (KeyState.PENDING_DELETION, KeyState.PENDING_REPLICA_DELETION):
        raise KMSInvalidStateException(f"{key.arn} is not pending deletion.")
    waits = key.origin is Origin.EXTERNAL and state.find_material(call, key, key.material_id) is None
    state.save_key(call, key.in_state(KeyState.PENDING_IMPORT if waits else KeyState.DISABLED))
    return {"KeyId": key.arn}


def _pending_days(request: Request) -> int:
    days: int = request.get("PendingWindowInDays", _DEFAULT_DAYS)
    if not _FEWEST_DAYS <= days <= _MOST_DAYS:
        raise ValidationException(
            f"PendingWindowInDays must be between {_FEWEST_DAYS} and {_MOST_DAYS} (inclusive)."
        )
    return days
