"""Reads the shards of a stream for a function: every shard in lanes, parents before their children.

How a lane reads and handles its records is lane.py's. https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import ServiceError
from cloudlet.core.lease import LeaseLost
from cloudlet.services.lambda_.event_sources import filter_criteria, positions
from cloudlet.services.lambda_.event_sources.context import LaneContext
from cloudlet.services.lambda_.event_sources.lane import Lane
from cloudlet.services.lambda_.event_sources.metrics import MappingMetrics
from cloudlet.services.lambda_.event_sources.reports import Reports
from cloudlet.services.lambda_.event_sources.role import ExecutionRole, service_call
from cloudlet.services.lambda_.event_sources.sources import stream_of

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping
    from cloudlet.services.lambda_.event_sources.positions import Fence
    from cloudlet.services.lambda_.event_sources.streams import Shard, Stream

_LONGEST_PAUSE_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


class StreamReader:
    """The reader of one mapping's stream."""

    def __init__(self, cloud: Cloud, mapping: EventSourceMapping, fence: Fence) -> None:
        self._cloud = cloud
        self._fence = fence
        self._role = ExecutionRole(cloud, mapping)
        self._call = service_call(cloud, mapping.account, mapping.region)
        self._reports = Reports(self._call, mapping.uuid)
        self._reading: asyncio.Task[None] | None = None
        self._context: LaneContext | None = None
        self._lanes: dict[tuple[str, int], asyncio.Task[None]] = {}

    @property
    def busy(self) -> bool:
        """Whether a batch runs still."""
        return bool(self._lanes)

    async def begin(self, mapping: EventSourceMapping) -> None:
        """Reads from now on, as a mapping says; a new one has its places first."""
        stream = stream_of(mapping)
        try:
            await self._position(mapping, stream)
        except ServiceError as error:
            await self._reports.problem(mapping, error)
        self._reading = asyncio.ensure_future(self._read(mapping, stream))

    async def pause(self) -> None:
        """Reads no more; batches that run go on to their end."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
            self._reading = None
        if self._context is not None:
            self._context.stop()
            self._context = None

    async def close(self) -> None:
        """Ends everything at once."""
        await self.pause()
        for task in self._lanes.values():
            task.cancel()
        if self._lanes:
            await asyncio.wait(self._lanes.values())

    async def _read(self, mapping: EventSourceMapping, stream: Stream) -> None:
        if self._lanes:
            # Those of before a change: two of one shard at once would not keep the order.
            await asyncio.wait(self._lanes.values())
        pause = 1.0
        while True:
            try:
                await self._position(mapping, stream)
                await self._follow(mapping, stream)
            except ServiceError as error:
                await self._reports.problem(mapping, error)
                await self._cloud.clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _position(self, mapping: EventSourceMapping, stream: Stream) -> None:
        if mapping.positioned:
            return
        reader = await self._role.call(mapping.function_arn)
        shards = await stream.shards(reader)
        places = await positions.first(mapping, stream, shards, reader)
        lanes = _lanes(mapping)
        await self._call.transact(
            lambda inner: positions.store_first(inner, mapping, lanes, self._fence, places)
        )

    async def _follow(self, mapping: EventSourceMapping, stream: Stream) -> None:
        """Keeps the lanes of every shard at work whose time has come; returns never."""
        self._context = LaneContext(
            cloud=self._cloud,
            mapping=mapping,
            stream=stream,
            filters=await filter_criteria.compiled(self._cloud, mapping),
            role=self._role,
            call=self._call,
            fence=self._fence,
            reports=self._reports,
            metrics=MappingMetrics(self._call, mapping),
        )
        while True:
            shards = await stream.shards(await self._role.call(mapping.function_arn))
            await self._call.transact(
                partial(
                    positions.forget_others,
                    uuid=mapping.uuid,
                    fence=self._fence,
                    shard_ids={each.id for each in shards},
                )
            )
            for shard in await self._ready(mapping, shards):
                await self._start(self._context, shard.id, _lanes(mapping))
            if not self._lanes:
                await self._context.wait_for_source()
            else:
                await asyncio.wait(self._lanes.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _ready(self, mapping: EventSourceMapping, shards: list[Shard]) -> list[Shard]:
        """The shards that are not handled to their end, but all of whose parents are."""
        ended = await self._call.transact(
            lambda inner: {each.id for each in shards if positions.has_ended(inner, mapping.uuid, each.id)},
            read_only=True,
        )
        known = {each.id for each in shards}
        return [
            each
            for each in shards
            if each.id not in ended and all(parent in ended or parent not in known for parent in each.parents)
        ]

    async def _start(self, context: LaneContext, shard_id: str, lanes: int) -> None:
        await self._call.transact(
            lambda inner: positions.adapt(inner, context.mapping, self._fence, shard_id, lanes)
        )
        for number in range(lanes):
            key = (shard_id, number)
            if key not in self._lanes:
                lane = Lane(context, shard_id, lanes, number)
                self._lanes[key] = asyncio.ensure_future(self._keep(lane, context.mapping.uuid))
                self._lanes[key].add_done_callback(partial(self._ended, key))

    def _ended(self, key: tuple[str, int], _lane: asyncio.Task[None]) -> None:
        self._lanes.pop(key, None)

    async def _keep(self, lane: Lane, uuid: str) -> None:
        try:
            await lane.run()
        except LeaseLost:
            _LOG.warning("another server reads the stream of mapping %s", uuid)
        except Exception:  # noqa: BLE001  the edge of a task: it begins again where it was stored to be
            _LOG.exception("a lane of mapping %s failed", uuid)
            await self._cloud.clock.sleep(1.0)


def _lanes(mapping: EventSourceMapping) -> int:
    return 1 if mapping.stream is None else mapping.stream.parallelization_factor
