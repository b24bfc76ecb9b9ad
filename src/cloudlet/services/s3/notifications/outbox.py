"""What destinations have still to be told: written by the transaction in which it happened.

notice  bucket, destination, microsecond, id -> Notice

What goes to one destination about one bucket goes in the order in which it happened. Telling is
delivery.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.lease import Lease, Leases
from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.s3.notifications import records

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.s3.model import Bucket
    from cloudlet.services.s3.notifications.records import Subject

TOPIC: Final = "s3 notices"
_LEASE_SECONDS: Final = 30.0


class Notice(Struct, frozen=True):
    """One event for one destination."""

    account: str
    """Of the bucket."""
    region: str
    event: bytes
    created_at: float
    trace_id: str | None = None


_NOTICES: Final = Rows(("s3", "notice"), Notice)
_LEASES: Final = Leases(("s3-work", "notice-lease"), _LEASE_SECONDS)


class Outgoing(Struct, frozen=True):
    """The oldest notices for one destination about one bucket, claimed for their delivery."""

    bucket: str
    arn: str
    lease: Lease | None
    """None where another server delivers them."""
    notices: tuple[tuple[Key, Notice], ...]


def tell(call: Call, bucket: Bucket, subject: Subject) -> None:
    """Writes down for every destination that wants to know what happened to an object."""
    wanted = [each for each in bucket.notifications if each.wants(f"s3:{subject.event}", subject.key)]
    for notification in wanted:
        notice = Notice(
            bucket.account,
            bucket.region,
            records.event(call, bucket, notification, subject),
            call.time(),
            call.trace_id,
        )
        at = int(call.time() * 1_000_000)
        _NOTICES.save(call, notice, bucket.name, notification.arn, at, call.ids.uuid())
    if wanted:
        call.wake(TOPIC)


def claim(call: Call, owner: str, after: Key, limit: int) -> Outgoing | None:
    """The oldest notices of the first bucket and destination beyond a key; None where there are none."""
    start = (*_NOTICES.prefix, *after, LAST) if after else _NOTICES.prefix
    first = next(call.transaction.range(start, (*_NOTICES.prefix, LAST), limit=1), None)
    if first is None:
        return None
    bucket, arn = (str(part) for part in first[0][len(_NOTICES.prefix) :][:2])
    lease = _LEASES.claim(call, owner, bucket, arn)
    return Outgoing(bucket, arn, lease, tuple(_NOTICES.items_below(call, bucket, arn, limit=limit)))


def forget(call: Call, outgoing: Outgoing, count: int) -> None:
    """Removes the first notices, which were delivered or are given up. Raises LeaseLost."""
    if outgoing.lease is None:
        raise ValueError("these notices were claimed by another server")
    _LEASES.hold(call, outgoing.lease, outgoing.bucket, outgoing.arn)
    for key, _ in outgoing.notices[:count]:
        _NOTICES.delete(call, *key)
