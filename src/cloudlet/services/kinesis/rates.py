"""How often a second each operation may be called, where the server is to hold clients to that.

https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html. What goes into shards and out of
them is throughput.py's.
"""

from __future__ import annotations

from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.rates import CallRates
from cloudlet.services.kinesis.addressing import consumer_reference
from cloudlet.services.kinesis.errors import LimitExceededException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Operation, Request

_OF_ACCOUNT: Final[Mapping[str, int]] = MappingProxyType(
    {
        "AddTagsToStream": 5,
        "CreateStream": 5,
        "DeleteStream": 5,
        "DescribeAccountSettings": 5,
        "DescribeLimits": 1,
        "DescribeStream": 10,
        "DescribeStreamSummary": 20,
        "ListStreams": 5,
        "ListTagsForStream": 5,
        "MergeShards": 5,
        "RegisterStreamConsumer": 5,
        "RemoveTagsFromStream": 5,
        "SplitShard": 5,
        "UpdateAccountSettings": 5,
        "UpdateShardCount": 10,
        "UpdateStreamWarmThroughput": 5,
    }
)
_OF_STREAM: Final[Mapping[str, int]] = MappingProxyType(
    {
        "DeregisterStreamConsumer": 5,
        "DescribeStreamConsumer": 20,
        "ListShards": 1000,
        "ListStreamConsumers": 5,
    }
)


class OperationRates:
    """The calls of this second, by operation, account and stream."""

    def __init__(self) -> None:
        self.calls = CallRates()

    async def close(self) -> None:
        """Nothing is kept."""


def limited(operations: Mapping[str, Operation]) -> dict[str, Operation]:
    """Operations that refuse what is too often in a second, if the server is to do that."""
    found = dict(operations)
    for name in (*_OF_ACCOUNT, *_OF_STREAM):
        found[name] = replace(found[name], function=_limited(name, found[name].function))
    return found


def _limited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def work(call: Call, request: Request) -> Any:
        if call.cloud.throughput_limits:
            _check(call, name, _stream_name(request))
        return function(call, request)

    return work


def _check(call: Call, name: str, stream_name: str) -> None:
    of_stream = _OF_STREAM.get(name)
    limit = _OF_ACCOUNT[name] if of_stream is None else of_stream
    key = (call.account, call.region, name, "" if of_stream is None else stream_name)
    if not call.cloud.component(OperationRates).calls.takes(call, key, limit):
        of = (
            f"stream {stream_name} under account {call.account}" if stream_name else f"account {call.account}"
        )
        raise LimitExceededException(f"Rate exceeded for {of}.")


def _stream_name(request: Request) -> str:
    """The stream that a request names; empty for one that names none."""
    if "ConsumerARN" in request:
        return consumer_reference(request["ConsumerARN"]).stream.name
    if "StreamARN" in request:
        return str(request["StreamARN"]).rpartition("/")[2]
    return str(request.get("StreamName", ""))
