"""Where in its shards a mapping begins, and where it goes on: what the rows of checkpoints mean.

Every write holds the lease and finds the mapping still there, so that a late one cannot bring rows back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from cloudlet.services.lambda_.event_sources import state
from cloudlet.services.lambda_.event_sources.state import Checkpoint

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping
    from cloudlet.services.lambda_.event_sources.streams import Shard, Stream

Fence: TypeAlias = "Callable[[Call], None]"
"""Raises LeaseLost unless this server still may write."""

_END = Checkpoint(ended=True)


async def first(
    mapping: EventSourceMapping, stream: Stream, shards: list[Shard], reader: Call
) -> dict[str, Checkpoint]:
    """Where a new mapping begins in the shards that there are; elsewhere it begins at the beginning."""
    settings = mapping.stream
    if settings is None or settings.starting_position == "TRIM_HORIZON":
        return {}
    if settings.starting_position == "AT_TIMESTAMP":
        return {each.id: Checkpoint(since=settings.starting_position_timestamp) for each in shards}
    now = reader.time()
    return {
        each.id: Checkpoint(iterator=await stream.iterator(reader, each.id, "LATEST"), since=now)
        if each.is_open
        else _END
        for each in shards
    }


def store_first(
    call: Call, mapping: EventSourceMapping, lanes: int, fence: Fence, places: dict[str, Checkpoint]
) -> None:
    """Writes where a mapping begins, once for all."""
    fence(call)
    row = state.find_mapping(call, mapping.uuid)
    if row is None or row.positioned:
        return
    for shard_id, place in places.items():
        for lane in range(lanes):
            state.save_checkpoint(call, mapping.uuid, shard_id, lanes, lane, place)
    state.save_mapping(call, replace(row, positioned=True))


def of_lane(call: Call, uuid: str, shard_id: str, lanes: int, lane: int) -> Checkpoint:
    """Where a lane goes on; one of which nothing is stored begins at the beginning."""
    return state.find_checkpoint(call, uuid, shard_id, lanes, lane) or Checkpoint()


def has_ended(call: Call, uuid: str, shard_id: str) -> bool:
    """Whether all of a shard was handled."""
    found = state.list_checkpoints(call, uuid, shard_id)
    return bool(found) and len(found) == found[0][0] and all(row.ended for _, row in found)


def forget_others(call: Call, uuid: str, fence: Fence, shard_ids: set[str]) -> None:
    """Forgets how far shards were handled that the stream no longer has."""
    fence(call)
    for gone in state.known_shards(call, uuid) - shard_ids:
        state.delete_checkpoints(call, uuid, gone)


def adapt(call: Call, mapping: EventSourceMapping, fence: Fence, shard_id: str, lanes: int) -> None:
    """Where there were more or fewer lanes before, all go on after the last record that all had handled."""
    fence(call)
    found = state.list_checkpoints(call, mapping.uuid, shard_id)
    if not found or found[0][0] == lanes or state.find_mapping(call, mapping.uuid) is None:
        return
    slowest = Checkpoint()
    if len(found) == found[0][0]:
        unfinished = (row for _, row in found if not row.ended)
        slowest = min(unfinished, key=lambda row: int(row.sequence_number or 0))
    state.delete_checkpoints(call, mapping.uuid, shard_id)
    place = replace(slowest, window_start=None, window_state=b"{}", window_failures=0, retries=None)
    for lane in range(lanes):
        state.save_checkpoint(call, mapping.uuid, shard_id, lanes, lane, place)


def store(
    call: Call,
    mapping: EventSourceMapping,
    fence: Fence,
    shard_id: str,
    lanes: int,
    lane: int,
    place: Checkpoint,
) -> None:
    """Writes how far a lane has come."""
    fence(call)
    if state.find_mapping(call, mapping.uuid) is not None:
        state.save_checkpoint(call, mapping.uuid, shard_id, lanes, lane, place)
