"""Client tokens of transactions, kept for ten minutes.

The layout of the keys is in keys.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.services.dynamodb.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_TOKEN_SECONDS: Final = 600.0
_EXPIRED_A_TIME: Final = 4


class Spent(Struct, frozen=True):
    """What a client token was spent on."""

    fingerprint: bytes
    at: float


_ENCODER: Final = msgspec.msgpack.Encoder()
_SPENT_DECODER: Final = msgspec.msgpack.Decoder(Spent)


def find_spent_token(call: Call, token: str) -> Spent | None:
    """What a client token was used for within the last ten minutes, or None."""
    row = call.transaction.get((*keys.scope(call), "token", token))
    spent = None if row is None else _SPENT_DECODER.decode(row)
    return spent if spent is not None and call.time() - spent.at < _TOKEN_SECONDS else None


def spend_token(call: Call, token: str, fingerprint: bytes) -> None:
    """Remembers what a client token was used for, and forgets a few that have expired."""
    transaction, scope, now = call.transaction, keys.scope(call), call.time()
    expired = (*scope, "spent", int(now - _TOKEN_SECONDS))
    for key, _ in list(transaction.range((*scope, "spent"), expired, limit=_EXPIRED_A_TIME)):
        transaction.delete(key)
        transaction.delete((*scope, "token", key[-1]))
    transaction.put((*scope, "token", token), _ENCODER.encode(Spent(fingerprint, now)))
    transaction.put((*scope, "spent", int(now), token), b"")
