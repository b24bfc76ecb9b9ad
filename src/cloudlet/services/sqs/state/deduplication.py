"""What was sent to FIFO queues in the last five minutes, and what a receive request attempt was given.

Whether an id counts in its group only is the caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from cloudlet.core.rows import Rows
from cloudlet.services.sqs.model import DEDUPLICATION_SECONDS, milliseconds
from cloudlet.services.sqs.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sqs.model import Queue

_FORGOTTEN_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """The message that a deduplication id was first sent with."""

    message_id: str
    sequence_number: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """The receipt handles that an attempt was given."""

    receipt_handles: tuple[str, ...]
    expires_at: int


_SENT: Final = msgspec.msgpack.Decoder(Sent)
_ENCODER: Final = msgspec.msgpack.Encoder()
_ATTEMPTS: Final = Rows(keys.OF_QUEUE, Attempt)


def find_sent(call: Call, queue: Queue, scope: str, deduplication_id: str) -> Sent | None:
    """What was sent with an id less than five minutes ago."""
    row = call.transaction.get((*keys.below(queue.id, keys.DEDUPLICATION), scope, deduplication_id))
    sent = None if row is None else _SENT.decode(row)
    return sent if sent is not None and sent.expires_at > milliseconds(call.time()) else None


def save_sent(
    call: Call, queue: Queue, scope: str, deduplication_id: str, message_id: str, sequence_number: str
) -> None:
    """Remembers for five minutes what was sent with an id, and forgets what is older."""
    now = milliseconds(call.time())
    _forget(call, queue, now)
    expires_at = now + DEDUPLICATION_SECONDS * 1000
    sent = Sent(message_id, sequence_number, expires_at)
    key = (*keys.below(queue.id, keys.DEDUPLICATION), scope, deduplication_id)
    call.transaction.put(key, _ENCODER.encode(sent))
    call.transaction.put((*keys.below(queue.id, keys.FORGOTTEN), expires_at, scope, deduplication_id), b"")


def _forget(call: Call, queue: Queue, now: int) -> None:
    prefix = keys.below(queue.id, keys.FORGOTTEN)
    for key, _ in call.transaction.range(prefix, (*prefix, now + 1), limit=_FORGOTTEN_AT_ONCE):
        expires_at, scope, deduplication_id = key[4:]
        call.transaction.delete(key)
        row_key = (*keys.below(queue.id, keys.DEDUPLICATION), scope, deduplication_id)
        row = call.transaction.get(row_key)
        if row is not None and _SENT.decode(row).expires_at == expires_at:
            call.transaction.delete(row_key)


def find_attempt(call: Call, queue: Queue, attempt_id: str) -> Attempt | None:
    """What an attempt was given less than five minutes ago."""
    attempt = _ATTEMPTS.find(call, queue.id, keys.ATTEMPT, attempt_id)
    return attempt if attempt is not None and attempt.expires_at > milliseconds(call.time()) else None


def save_attempt(call: Call, queue: Queue, attempt_id: str, receipt_handles: tuple[str, ...]) -> None:
    """Remembers for five minutes what an attempt was given."""
    expires_at = milliseconds(call.time()) + DEDUPLICATION_SECONDS * 1000
    _ATTEMPTS.save(call, Attempt(receipt_handles, expires_at), queue.id, keys.ATTEMPT, attempt_id)
