"""Keeps streams as time goes by: shards get children, records are trimmed, what is empty is forgotten.

Each step is one short transaction and leaves everything as it can be read.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.dynamodb.state import StreamOf
    from cloudlet.services.dynamodb.streams.model import Shard, Stream

_SWEEP_SECONDS: Final = 300.0
_SHARD_SECONDS: Final = 4 * 3600.0
_RETENTION_SECONDS: Final = 24 * 3600.0
_RECORDS_A_STEP: Final = 50


class StreamKeeper:
    """Rolls shards over after four hours, and trims records after twenty-four."""

    name = "dynamodb-streams"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Looks after every stream, then waits five minutes."""
        while True:
            for named in await self._call("", "").transact(state.list_all_streams, read_only=True):
                await _keep(self._call(named.account, named.region), named)
            await self._cloud.clock.sleep(_SWEEP_SECONDS)

    def _call(self, account: str, region: str) -> Call:
        principal = Principal.of_service("dynamodb.amazonaws.com")
        return self._cloud.call("dynamodbstreams", principal, account, region)


class _Due(Struct, frozen=True):
    """What is to be done for a stream."""

    roll: bool = False
    trim: tuple[str, ...] = ()
    """The shards that have something to forget, or are themselves to be forgotten."""
    forget: bool = False


async def _keep(call: Call, named: StreamOf) -> None:
    due = await call.transact(partial(_due, named=named), read_only=True)
    if due.roll:
        await call.transact(partial(_roll, named=named))
    for shard_id in due.trim:
        while await call.transact(partial(_trim, named=named, shard_id=shard_id)):
            pass
    if due.forget:
        await call.transact(partial(_forget, named=named))


def _due(call: Call, named: StreamOf) -> _Due:
    """What a look says, which costs no write; each step looks again."""
    stream = state.find_stream(call, named.table_name, named.label)
    if stream is None:
        return _Due()
    shards, before = list(state.list_shards(call, stream)), call.time() - _RETENTION_SECONDS
    return _Due(
        any(shard.closed is None and shard.opened < call.time() - _SHARD_SECONDS for shard in shards),
        tuple(shard.id for shard in shards if _is_old(call, stream, shard, before)),
        stream.disabled is not None and stream.disabled < before,
    )


def _is_old(call: Call, stream: Stream, shard: Shard, before: float) -> bool:
    if shard.closed is not None and shard.closed < before:
        return True
    first = next(state.records_from(call, stream, shard, shard.oldest, 1), None)
    return first is not None and first[2].created < before


def _roll(call: Call, named: StreamOf) -> None:
    table = state.find_table(call, named.table_name)
    if table is None or table.stream is None or table.stream.label != named.label:
        return
    rolled = state.roll_shards(call, table, table.stream, call.time() - _SHARD_SECONDS)
    if rolled is not table.stream:
        state.save_table(call, replace(table, stream=rolled))


def _trim(call: Call, named: StreamOf, shard_id: str) -> bool:
    """Trims a shard by a few records, or forgets it; whether there may be more to trim."""
    stream = state.find_stream(call, named.table_name, named.label)
    shard = None if stream is None else state.find_shard(call, stream, shard_id)
    if stream is None or shard is None:
        return False
    before = call.time() - _RETENTION_SECONDS
    trimmed = state.trim_shard(call, stream, shard, before, _RECORDS_A_STEP)
    if trimmed is not shard:
        return True
    if shard.closed is not None and shard.closed < before:
        state.forget_shard(call, stream, shard)
    return False


def _forget(call: Call, named: StreamOf) -> None:
    stream = state.find_stream(call, named.table_name, named.label)
    if stream is None or stream.disabled is None:
        return
    if stream.disabled < call.time() - _RETENTION_SECONDS and not any(state.list_shards(call, stream)):
        state.forget_stream(call, stream)
