"""How much a second may go into a shard and out of it, where the server is to hold streams to that.

Writes are counted in the shard's own row, reads in memory: a server that starts again lets them begin anew.
https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from cloudlet.core.rates import CallRates
from cloudlet.services.kinesis.errors import ProvisionedThroughputExceededException

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.kinesis.model import Shard

_RECORDS_IN: Final = 1000
_BYTES_IN: Final = 1024 * 1024
_READS: Final = 5
_BYTES_OUT: Final = 2 * 1024 * 1024
"""From a shard, and from a shard to each consumer of enhanced fan-out."""
_SHARDS_KEPT: Final = 10_000
_ShardKey = tuple[str, str, str, int]


def takes(shard: Shard, second: int, size_bytes: int) -> bool:
    """Whether a record may still go into a shard in a second."""
    if shard.counted_second != second:
        return True
    return shard.counted_records < _RECORDS_IN and shard.counted_bytes + size_bytes <= _BYTES_IN


def push_seconds(call: Call, size_bytes: int) -> float:
    """How long it takes to push so much to a consumer, where the server is to hold streams to that."""
    return size_bytes / _BYTES_OUT if call.cloud.throughput_limits else 0.0


def refusal(call: Call, name: str, shard: Shard) -> ProvisionedThroughputExceededException:
    """What is said of too much."""
    return ProvisionedThroughputExceededException(
        f"Rate exceeded for shard {shard.id} in stream {name} under account {call.account}."
    )


class _Reads:
    """The reads of one shard in the last second, and when one that took a lot is paid for."""

    def __init__(self) -> None:
        self.last: deque[tuple[float, int]] = deque(maxlen=_READS)
        """When they were, and how many bytes each took."""
        self.paid_at = 0.0

    def are_too_many(self, now: float) -> bool:
        """Whether one more has to wait."""
        recent = [size_bytes for at, size_bytes in self.last if now - at < 1]
        return len(recent) == _READS or sum(recent) >= _BYTES_OUT or now < self.paid_at


class ReadRates:
    """What was read of each shard in the last seconds, where the server is to hold streams to that."""

    def __init__(self, cloud: Cloud) -> None:
        self._limited = cloud.throughput_limits
        self._shards: dict[_ShardKey, _Reads] = {}
        self._iterators = CallRates()

    async def close(self) -> None:
        """Forgets everything."""
        self._shards.clear()

    def are_too_many(self, call: Call, name: str, shard: Shard) -> bool:
        """Whether a read comes too early."""
        return self._limited and self._of(call, name, shard).are_too_many(call.time())

    def spend(self, call: Call, name: str, shard: Shard, size_bytes: int) -> None:
        """Counts a read that is done; after a large one the next has to wait until it would have gone out."""
        if not self._limited:
            return
        reads, now = self._of(call, name, shard), call.time()

        def count() -> None:
            reads.last.append((now, size_bytes))
            if size_bytes > _BYTES_OUT:
                reads.paid_at = now + size_bytes / _BYTES_OUT

        call.transaction.after_commit(count)

    def check_iterators(self, call: Call, name: str, shard: Shard) -> None:
        """Counts a wish for an iterator. Raises ProvisionedThroughputExceededException."""
        key = (call.account, call.region, name, shard.id)
        if self._limited and not self._iterators.takes(call, key, _READS):
            raise refusal(call, name, shard)

    def _of(self, call: Call, name: str, shard: Shard) -> _Reads:
        key = (call.account, call.region, name, shard.index)
        found = self._shards.get(key)
        if found is None:
            if len(self._shards) >= _SHARDS_KEPT:
                del self._shards[next(iter(self._shards))]
            found = self._shards[key] = _Reads()
        return found
