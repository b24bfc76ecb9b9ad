"""What was sent to FIFO queues in the last five minutes, and what a receive request attempt was given.

Whether an id counts in its group only is the caller's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.services.sqs.model import DEDUPLICATION_SECONDS, milliseconds
from cloudlet.services.sqs.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.sqs.model import Queue

_FORGOTTEN_AT_ONCE: Final = 4


class Sent(Struct, frozen=True):
    """The message that a deduplication id was first sent with."""

    message_id: str
    sequence_number: str
    expires_at: int


class Attempt(Struct, frozen=True):
    """The receipt handles that an attempt was given."""

    receipt_handles: tuple[str, ...]
    expires_at: int


class Expiring(Struct, frozen=True):
    """What both have."""

    expires_at: int


_EXPIRING: Final = msgspec.msgpack.Decoder(Expiring)
_SENT: Final = msgspec.msgpack.Decoder(Sent)
_ENCODER: Final = msgspec.msgpack.Encoder()
_ATTEMPTS: Final = msgspec.msgpack.Decoder(Attempt)


def find_sent(call: Call, queue: Queue, scope: str, deduplication_id: str) -> Sent | None:
    """What was sent with an id less than five minutes ago."""
    row = call.transaction.get((*keys.below(queue.id, keys.DEDUPLICATION), scope, deduplication_id))
    sent = None if row is None else _SENT.decode(row)
    return sent if sent is not None and sent.expires_at > milliseconds(call.time()) else None


def save_sent(
    call: Call, queue: Queue, scope: str, deduplication_id: str, message_id: str, sequence_number: str
) -> None:
    """Remembers for five minutes what was sent with an id, and forgets what is older."""
    expires_at = _forget(call, queue)
    sent = Sent(message_id, sequence_number, expires_at)
    _save(call, queue, expires_at, (keys.DEDUPLICATION, scope, deduplication_id), _ENCODER.encode(sent))


def find_attempt(call: Call, queue: Queue, attempt_id: str) -> Attempt | None:
    """What an attempt was given less than five minutes ago."""
    row = call.transaction.get((*keys.below(queue.id, keys.ATTEMPT), attempt_id))
    attempt = None if row is None else _ATTEMPTS.decode(row)
    return attempt if attempt is not None and attempt.expires_at > milliseconds(call.time()) else None


def save_attempt(call: Call, queue: Queue, attempt_id: str, receipt_handles: tuple[str, ...]) -> None:
    """Remembers for five minutes what an attempt was given."""
    expires_at = _forget(call, queue)
    attempt = Attempt(receipt_handles, expires_at)
    _save(call, queue, expires_at, (keys.ATTEMPT, attempt_id), _ENCODER.encode(attempt))


def _save(call: Call, queue: Queue, expires_at: int, rest: Key, row: bytes) -> None:
    call.transaction.put((*keys.OF_QUEUE, queue.id, *rest), row)
    call.transaction.put((*keys.below(queue.id, keys.FORGOTTEN), expires_at, *rest), b"")


def _forget(call: Call, queue: Queue) -> int:
    """Removes some of what is over five minutes old; the end of the five minutes that begin now."""
    now = milliseconds(call.time())
    prefix = keys.below(queue.id, keys.FORGOTTEN)
    for key, _ in call.transaction.range(prefix, (*prefix, now + 1), limit=_FORGOTTEN_AT_ONCE):
        call.transaction.delete(key)
        row_key = (*keys.OF_QUEUE, queue.id, *key[5:])
        row = call.transaction.get(row_key)
        # It may have been given out anew since.
        if row is not None and _EXPIRING.decode(row).expires_at <= now:
            call.transaction.delete(row_key)
    return now + DEDUPLICATION_SECONDS * 1000
