"""Where the rows of event source mappings lie. The only file that names their keys.

It decides nothing: what may be stored is validation.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.lease import Leases
from cloudlet.core.rows import Rows
from cloudlet.services.lambda_ import errors
from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.lease import Lease

LEASE_SECONDS: Final = 6.0
SHARES: Final = 16
"""All mappings are so many shares of work; a server claims whole shares."""


class Retry(Struct, frozen=True):
    """A part of a batch that failed, and how often."""

    last_sequence_number: str
    failures: int
    runs: int


class Retries(Struct, frozen=True):
    """What is left of a batch that failed, in order: it is tried again in the same parts after a restart."""

    revision: str
    """Of the mapping whose settings it was tried by; with others it begins anew."""
    parts: tuple[Retry, ...]


class Checkpoint(Struct, frozen=True):
    """How far one lane of a shard has been handled."""

    sequence_number: str | None = None
    """The last one that was; None where none was yet."""
    iterator: str | None = None
    """Where to begin before the first was, while the source knows it."""
    since: float | None = None
    """What to do without it: begin with what arrived then."""
    ended: bool = False
    """Whether the shard was closed and all of it was handled."""
    window_start: float | None = None
    window_state: bytes = b"{}"
    window_failures: int = 0
    """How often the last run of a window failed."""
    retries: Retries | None = None
    """Written when a batch fails, so that one that succeeds costs nothing more."""


_MAPPINGS: Final = Rows(("lambda", "event-source-mapping"), EventSourceMapping)
_TARGETS: Final = Rows(("lambda", "event-source-target"), str)
_RESULTS: Final = Rows(("lambda", "event-source-result"), str)
_CHECKPOINTS: Final = Rows(("lambda", "event-source-checkpoint"), Checkpoint)
_LEASES: Final = Leases(("lambda", "event-source-lease"), LEASE_SECONDS)


# --- mappings


def find_mapping(call: Call, uuid: str) -> EventSourceMapping | None:
    """A mapping of the call's account and region, or None."""
    return _MAPPINGS.find(call, call.account, call.region, uuid)


def mapping(call: Call, uuid: str) -> EventSourceMapping:
    """A mapping. Raises ResourceNotFoundException."""
    found = find_mapping(call, uuid)
    if found is None:
        raise errors.resource_does_not_exist()
    return found


def find_uuid(call: Call, source_arn: str, function_arn: str) -> str | None:
    """The mapping that leads from a source to a function already, or None."""
    return _TARGETS.find(call, call.account, call.region, source_arn, function_arn)


def save_mapping(call: Call, row: EventSourceMapping, before: EventSourceMapping | None = None) -> None:
    """Writes a mapping, and what it leads from and to."""
    if before is not None and before.function_arn != row.function_arn:
        _TARGETS.delete(call, row.account, row.region, before.source_arn, before.function_arn)
    _MAPPINGS.save(call, row, row.account, row.region, row.uuid)
    _TARGETS.save(call, row.uuid, row.account, row.region, row.source_arn, row.function_arn)


def delete_mapping(call: Call, row: EventSourceMapping) -> None:
    """Removes a mapping with all that is known of its progress."""
    _MAPPINGS.delete(call, row.account, row.region, row.uuid)
    _TARGETS.delete(call, row.account, row.region, row.source_arn, row.function_arn)
    _RESULTS.delete(call, row.uuid)
    _CHECKPOINTS.delete_below(call, row.uuid)


def list_mappings(call: Call, after: str | None) -> Iterator[EventSourceMapping]:
    """The account's mappings in the order of their ids."""
    return _MAPPINGS.below(call, call.account, call.region, after=(after,) if after else None)


async def every_mapping(call: Call) -> AsyncIterator[EventSourceMapping]:
    """The mappings of all accounts and regions."""
    async for _, row in _MAPPINGS.scan(call):
        yield row


# --- what came of the last batch


def find_result(call: Call, uuid: str) -> str | None:
    """What the last batch of a stream's mapping ended with."""
    return _RESULTS.find(call, uuid)


def save_result(call: Call, uuid: str, result: str) -> None:
    """Writes what the last batch ended with."""
    _RESULTS.save(call, result, uuid)


# --- progress


def find_checkpoint(call: Call, uuid: str, shard_id: str, lanes: int, lane: int) -> Checkpoint | None:
    """How far one of so many lanes of a shard has come, or None."""
    return _CHECKPOINTS.find(call, uuid, shard_id, lanes, lane)


def list_checkpoints(call: Call, uuid: str, shard_id: str) -> list[tuple[int, Checkpoint]]:
    """How far the lanes of a shard have come, with how many lanes there were."""
    found = _CHECKPOINTS.items_below(call, uuid, shard_id)
    return [(int(str(key[2])), row) for key, row in found]


def save_checkpoint(call: Call, uuid: str, shard_id: str, lanes: int, lane: int, row: Checkpoint) -> None:
    """Writes how far a lane has come."""
    _CHECKPOINTS.save(call, row, uuid, shard_id, lanes, lane)


def delete_checkpoints(call: Call, uuid: str, shard_id: str) -> None:
    """Forgets how far the lanes of a shard have come."""
    _CHECKPOINTS.delete_below(call, uuid, shard_id)


def known_shards(call: Call, uuid: str) -> set[str]:
    """The shards of which it is stored how far a mapping has come."""
    return {str(key[1]) for key, _ in _CHECKPOINTS.items_below(call, uuid)}


# --- who works


def share_of(uuid: str) -> int:
    """The share of work that a mapping belongs to."""
    return int(uuid[:2], 16) % SHARES


def claim_share(call: Call, owner: str, share: int) -> Lease | None:
    """The right to work on a share, unless somebody else has it."""
    return _LEASES.claim(call, owner, share)


def hold_share(call: Call, lease: Lease, share: int) -> None:
    """Raises LeaseLost unless a share is still held."""
    _LEASES.hold(call, lease, share)


def release_share(call: Call, lease: Lease, share: int) -> None:
    """Gives a share back."""
    _LEASES.release(call, lease, share)
