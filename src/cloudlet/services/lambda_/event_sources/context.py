"""What all lanes of a mapping share while its settings stay the same.

Holds no progress: that is each lane's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.worker import source_topic
from cloudlet.services.lambda_.event_sources.streams import stream_arn

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.event_sources.filters import Filters
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping, StreamSettings
    from cloudlet.services.lambda_.event_sources.metrics import MappingMetrics
    from cloudlet.services.lambda_.event_sources.positions import Fence
    from cloudlet.services.lambda_.event_sources.reports import Reports
    from cloudlet.services.lambda_.event_sources.role import ExecutionRole
    from cloudlet.services.lambda_.event_sources.streams import Stream

SWEEP_SECONDS: Final = 60.0
LONGEST_PAUSE_SECONDS: Final = 60.0


class LaneContext(Struct):
    """What all lanes of a mapping share while its settings stay the same."""

    cloud: Cloud
    mapping: EventSourceMapping
    stream: Stream
    filters: Filters
    role: ExecutionRole
    call: Call
    fence: Fence
    reports: Reports
    metrics: MappingMetrics
    stopping: bool = False

    @property
    def settings(self) -> StreamSettings:
        """The mapping's settings for streams."""
        if self.mapping.stream is None:
            raise RuntimeError("A lane reads streams only.")
        return self.mapping.stream

    @property
    def topics(self) -> tuple[str, str]:
        """What wakes a lane: something to read, or that it is to stop."""
        return source_topic(stream_arn(self.mapping.source_arn)), f"lane {self.mapping.revision}"

    def stop(self) -> None:
        """Lets every lane end once its batch has been tried."""
        self.stopping = True
        self.cloud.wakeups.wake(self.topics[1])

    async def reader(self) -> Call:
        """A call as the function's role."""
        return await self.role.call(self.mapping.function_arn)

    async def wait_for_source(self) -> None:
        """Returns when there may be something new in the stream."""
        await self.cloud.wakeups.wait(self.topics[0], self.cloud.clock, SWEEP_SECONDS)
