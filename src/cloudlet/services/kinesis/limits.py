"""The quotas of an account: how many shards and on-demand streams it may have.

https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html. Nothing here can be raised yet.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.errors import LimitExceededException
from cloudlet.services.kinesis.model import Stream, StreamMode
from cloudlet.services.kinesis.queues import state as queues

if TYPE_CHECKING:
    from cloudlet.core.call import Call

SHARDS_A_STREAM: Final = 10_000
ON_DEMAND_STREAMS: Final = 50
_CONSUMERS: Final = 20
_CONSUMERS_WITH_COMMITMENT: Final = 50
_LARGE_REGIONS: Final = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
_SHARDS_IN_LARGE: Final = 20_000
_SHARDS_ELSEWHERE: Final = 6_000


def shard_limit(call: Call) -> int:
    """The shards that an account may have in a region."""
    return _SHARDS_IN_LARGE if call.region in _LARGE_REGIONS else _SHARDS_ELSEWHERE


def open_shards(call: Call) -> int:
    """The shards that an account's provisioned streams have."""
    return sum(each.open_shards for each in state.list_streams(call) if each.mode is StreamMode.PROVISIONED)


def on_demand_streams(call: Call) -> int:
    """The on-demand streams that an account has."""
    return sum(each.mode is StreamMode.ON_DEMAND for each in state.list_streams(call))


def has_commitment(call: Call) -> bool:
    """Whether the account is committed to a minimum throughput now (On-demand Advantage)."""
    commitment = state.find_commitment(call)
    return commitment is not None and commitment.end(call.time()) is None


def check_consumers(call: Call, stream: Stream) -> None:
    """Raises LimitExceededException where a stream has as many consumers, or queues, as it may."""
    advantage = stream.mode is StreamMode.ON_DEMAND and has_commitment(call)
    limit = _CONSUMERS_WITH_COMMITMENT if advantage else _CONSUMERS
    both = chain(state.list_consumers(call, stream.name), queues.list_queues(call, stream.name))
    if sum(1 for _ in both) >= limit:
        raise LimitExceededException(
            f"This request would exceed the limit of {limit} consumers for stream {stream.name} under "
            f"account {call.account}."
        )


def check_shards(call: Call, additional: int) -> None:
    """Raises LimitExceededException where an account would have too many shards."""
    limit = shard_limit(call)
    if additional <= 0 or (current := open_shards(call)) + additional <= limit:
        return
    raise LimitExceededException(
        f"This request would exceed the shard limit for the account {call.account} in {call.region}. "
        f"Current shard count for the account: {current}. Limit: {limit}. "
        f"Number of additional shards that would have resulted from this request: {additional}. "
        "Refer to the AWS Service Limits page "
        "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current "
        "limits and how to request higher limits."
    )


def check_on_demand(call: Call) -> None:
    """Raises LimitExceededException where an account has as many on-demand streams as it may."""
    if on_demand_streams(call) >= ON_DEMAND_STREAMS:
        raise LimitExceededException(
            f"This request would exceed the on-demand stream limit for the account {call.account} in "
            f"{call.region}. Limit: {ON_DEMAND_STREAMS}."
        )
