"""What IAM is asked about Kinesis's operations: which ARN, with whose policy, in which account.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html.
It decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.access import Permission
from cloudlet.services.kinesis.addressing import StreamReference, owner, reference
from cloudlet.services.kinesis.iterators import ShardIterator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call

    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]


def on_stream(action: str) -> Judged:
    """The permission for an action on the stream that a request names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [stream_permission(call, action, reference(call, request))]

    return judge


def get_records(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """GetRecords names no stream; its iterator does."""
    iterator = ShardIterator.read(request["ShardIterator"])
    of = StreamReference(iterator.account, iterator.region, iterator.stream_name)
    return [stream_permission(call, "GetRecords", of)]


def stream_permission(call: Call, action: str, of: StreamReference) -> Permission:
    """The permission for an action on a stream."""
    own = owner(call, of)
    return Permission(
        action=f"kinesis:{action}",
        resource=of.arn,
        resource_account=None if own is call else of.account,
    )
