"""The key by which messages are signed, one for the whole cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.sns.model import SigningKey
from cloudlet.services.sns.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_KEY: Final = Rows(keys.SIGNING_KEY, SigningKey)


def find_signing_key(call: Call) -> SigningKey | None:
    """The key, once there is one."""
    return _KEY.find(call)


def signing_key(call: Call, made: SigningKey) -> SigningKey:
    """The key that is there; `made` where none was."""
    found = _KEY.find(call)
    if found is None:
        _KEY.save(call, made)
    return found or made
