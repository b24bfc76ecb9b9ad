"""How much a second may go into a shard and out of it, where the server is to hold streams to that.

Writes are counted in the shard's own row, reads in memory: a server that starts again lets them begin anew.
https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from cloudlet.services.kinesis.errors import ProvisionedThroughputExceededException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.kinesis.model import Shard

_RECORDS_IN: Final = 1000
_BYTES_IN: Final = 1024 * 1024
_READS: Final = 5
_BYTES_OUT: Final = 2 * 1024 * 1024
_SHARDS_KEPT: Final = 10_000
_ShardKey = tuple[str, str, str, int]


def takes(shard: Shard, second: int, size_bytes: int) -> bool:
    """Whether a record may still go into a shard in a second."""
    if shard.counted_second != second:
        return True
    return shard.counted_records < _RECORDS_IN and shard.counted_bytes + size_bytes <= _BYTES_IN


def refusal(call: Call, name: str, shard: Shard) -> ProvisionedThroughputExceededException:
    """What is said of too much."""
    return ProvisionedThroughputExceededException(
        f"Rate exceeded for shard {shard.id} in stream {name} under account {call.account}."
    )


class _Reads:
    """The reads of one shard: the last five, and when what they took is paid for."""

    def __init__(self) -> None:
        self.times: deque[float] = deque(maxlen=_READS)
        self.paid_at = 0.0
        self.last_request = ""


class ReadRates:
    """What was read of each shard in the last seconds."""

    def __init__(self) -> None:
        self._shards: dict[_ShardKey, _Reads] = {}

    async def close(self) -> None:
        """Forgets everything."""
        self._shards.clear()

    def check(self, call: Call, name: str, shard: Shard) -> None:
        """Counts a read. Raises ProvisionedThroughputExceededException."""
        reads = self._of(call, name, shard)
        now = call.time()
        # A transaction that is run again is the same read.
        if reads.last_request == call.request_id:
            return
        too_many = len(reads.times) == _READS and now - reads.times[0] < 1
        if too_many or now < reads.paid_at:
            raise refusal(call, name, shard)
        reads.times.append(now)
        reads.last_request = call.request_id

    def spend(self, call: Call, name: str, shard: Shard, size_bytes: int) -> None:
        """Says how much the read took: the next one has to wait until that would have gone out."""
        self._of(call, name, shard).paid_at = call.time() + max(0.0, size_bytes / _BYTES_OUT - 1)

    def _of(self, call: Call, name: str, shard: Shard) -> _Reads:
        key = (call.account, call.region, name, shard.index)
        found = self._shards.get(key)
        if found is None:
            if len(self._shards) >= _SHARDS_KEPT:
                del self._shards[next(iter(self._shards))]
            found = self._shards[key] = _Reads()
        return found
