"""Keeps streams as time goes by: shards get children, records are trimmed, what is empty is forgotten.

Each step is one short transaction and leaves everything as it can be read.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.dynamodb.state import StreamOf
    from cloudlet.services.dynamodb.streams.model import Shard

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


async def _keep(call: Call, named: StreamOf) -> None:
    await call.transact(partial(_roll, named=named))
    for shard in await call.transact(partial(_shards, named=named), read_only=True):
        while await call.transact(partial(_trim, named=named, shard_id=shard.id)):
            pass
    await call.transact(partial(_forget, named=named))


def _roll(call: Call, named: StreamOf) -> None:
    table = state.find_table(call, named.table_name)
    if table is None or table.stream is None or table.stream.label != named.label:
        return
    rolled = state.roll_shards(call, table, table.stream, call.time() - _SHARD_SECONDS)
    if rolled is not table.stream:
        state.save_table(call, replace(table, stream=rolled))


def _shards(call: Call, named: StreamOf) -> list[Shard]:
    stream = state.find_stream(call, named.table_name, named.label)
    return [] if stream is None else list(state.list_shards(call, stream))


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
