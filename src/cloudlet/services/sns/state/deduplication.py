"""What was published to FIFO topics in the last five minutes, and the numbers of their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.rows import Rows
from cloudlet.services.sns.model import milliseconds
from cloudlet.services.sns.state import keys

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import Topic

_INTERVAL_SECONDS: Final = 300
_FORGOTTEN_AT_ONCE: Final = 4
_FIRST_NUMBER: Final = 10**19
_STEP: Final = 1000


class Sent(Struct, frozen=True):
    """The message that a deduplication id was first published with."""

    message_id: str
    sequence_number: str
    expires_at: int


_SENT: Final = Rows(keys.DEDUPLICATION, Sent)
_NUMBERS: Final = Rows(keys.SEQUENCE, int)


def next_sequence_number(call: Call, topic: Topic) -> str:
    """The number of a FIFO topic's next message: twenty digits that grow."""
    count = (_NUMBERS.find(call, topic.id) or 0) + 1
    _NUMBERS.save(call, count, topic.id)
    return str(_FIRST_NUMBER + count * _STEP)


def find_sent(call: Call, topic: Topic, scope: str, deduplication_id: str) -> Sent | None:
    """What was published with an id less than five minutes ago."""
    sent = _SENT.find(call, topic.id, scope, deduplication_id)
    return sent if sent is not None and sent.expires_at > milliseconds(call.time()) else None


def save_sent(
    call: Call, topic: Topic, scope: str, deduplication_id: str, message_id: str, sequence_number: str
) -> None:
    """Remembers for five minutes what was published with an id, and forgets some of what is older."""
    _forget(call, topic)
    expires_at = milliseconds(call.time() + _INTERVAL_SECONDS)
    _SENT.save(call, Sent(message_id, sequence_number, expires_at), topic.id, scope, deduplication_id)
    call.transaction.put((*keys.FORGOTTEN, topic.id, expires_at, scope, deduplication_id), b"")


def _forget(call: Call, topic: Topic) -> None:
    now = milliseconds(call.time())
    prefix = (*keys.FORGOTTEN, topic.id)
    for key, _ in call.transaction.range(prefix, (*prefix, now + 1), limit=_FORGOTTEN_AT_ONCE):
        call.transaction.delete(key)
        scope, deduplication_id = str(key[-2]), str(key[-1])
        sent = _SENT.find(call, topic.id, scope, deduplication_id)
        # It may have been given out anew since.
        if sent is not None and sent.expires_at <= now:
            _SENT.delete(call, topic.id, scope, deduplication_id)


def forget_topic(call: Call, topic: Topic) -> None:
    """Removes what is remembered of a topic that is gone."""
    _SENT.delete_below(call, topic.id)
    _NUMBERS.delete(call, topic.id)
    Rows(keys.FORGOTTEN, str).delete_below(call, topic.id)
