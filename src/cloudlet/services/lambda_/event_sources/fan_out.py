"""A data stream by way of a consumer with throughput of its own: records are pushed, not fetched.

https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html. A place in a shard is what
SubscribeToShard takes for one, in JSON; a subscription that has ended is begun again where it was.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from cloudlet.services.lambda_.event_sources.streams import KinesisStream, Page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping


def is_consumer(source_arn: str) -> bool:
    """Whether an ARN names a consumer rather than a stream."""
    return "/consumer/" in source_arn


def starting_position(kind: str, place: str | float | None, now: float) -> dict[str, Any]:
    """What SubscribeToShard is told; the latest is what comes from now on, however late one asks for it."""
    if isinstance(place, str):
        return {"Type": kind, "SequenceNumber": place}
    if kind == "LATEST" or place is not None:
        return {"Type": "AT_TIMESTAMP", "Timestamp": now if place is None else place}
    return {"Type": kind}


class ConsumerStream(KinesisStream):
    """A stream as a consumer sees it."""

    def __init__(self, mapping: EventSourceMapping) -> None:
        super().__init__(mapping)
        self._consumer_arn = mapping.source_arn
        self._subscriptions: dict[str, AsyncIterator[dict[str, Any]]] = {}

    async def iterator(self, call: Call, shard_id: str, kind: str, place: str | float | None = None) -> str:
        """A place in a shard."""
        self._subscriptions.pop(shard_id, None)
        return msgspec.json.encode(starting_position(kind, place, call.time())).decode()

    async def page(self, call: Call, iterator: str, limit: int, role_arn: str, shard_id: str) -> Page:
        """What has been pushed since, or nothing once the stream says that there is nothing."""
        events = self._subscriptions.get(shard_id)
        if events is None:
            events = self._subscriptions[shard_id] = await self._subscribe(call, iterator, shard_id)
        try:
            pushed = (await anext(events))["SubscribeToShardEvent"]
        except StopAsyncIteration:
            del self._subscriptions[shard_id]
            return await self.page(call, iterator, limit, role_arn, shard_id)
        except BaseException:
            self._subscriptions.pop(shard_id, None)
            raise
        records = [self._record(each, role_arn, shard_id) for each in pushed["Records"]]
        if pushed.get("ChildShards") is not None:
            return Page(records, None)
        reached = starting_position("AFTER_SEQUENCE_NUMBER", pushed["ContinuationSequenceNumber"], 0.0)
        return Page(records, msgspec.json.encode(reached).decode())

    async def _subscribe(self, call: Call, iterator: str, shard_id: str) -> AsyncIterator[dict[str, Any]]:
        position = msgspec.json.decode(iterator)
        if "Timestamp" in position:
            position["Timestamp"] = datetime.fromtimestamp(position["Timestamp"], UTC)
        request = {"ConsumerARN": self._consumer_arn, "ShardId": shard_id, "StartingPosition": position}
        answer = await call.ask("kinesis", "SubscribeToShard", request)
        events: AsyncIterator[dict[str, Any]] = aiter(answer["EventStream"])
        return events
