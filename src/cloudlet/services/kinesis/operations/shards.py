"""ListShards: a stream's shards, open and closed, in pages and by filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.kinesis import state, tokens
from cloudlet.services.kinesis.addressing import StreamReference, owner, reference
from cloudlet.services.kinesis.errors import InvalidArgumentException
from cloudlet.services.kinesis.model import Shard, Stream, describe_shard, shard_index
from cloudlet.services.kinesis.permissions import stream_permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.access import Permission

_SHARDS_A_PAGE: Final = 1000
_NOT_WITH_TOKEN: Final = ("StreamName", "StreamCreationTimestamp", "ExclusiveStartShardId", "ShardFilter")


def _asked(call: Call, request: Request) -> tuple[StreamReference, dict[str, Any]]:
    """The stream, and where the page begins: said by the request, or by the token of the page before."""
    token = request.get("NextToken")
    if token is None:
        return reference(call, request), _beginning(call, request)
    for member in _NOT_WITH_TOKEN:
        if member in request:
            raise InvalidArgumentException(f"NextToken and {member} cannot be provided together.")
    content = tokens.read(token, call.time())
    return StreamReference(*content["stream"]), content


def _beginning(call: Call, request: Request) -> dict[str, Any]:
    chosen = request.get("ShardFilter", {})
    kind = chosen.get("Type")
    timestamp = chosen.get("Timestamp")
    if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP") and timestamp is None:
        raise InvalidArgumentException(f"Timestamp must be provided for a ShardFilter of type {kind}.")
    if kind == "AFTER_SHARD_ID" and "ShardId" not in chosen:
        raise InvalidArgumentException("ShardId must be provided for a ShardFilter of type AFTER_SHARD_ID.")
    after = chosen.get("ShardId") if kind == "AFTER_SHARD_ID" else request.get("ExclusiveStartShardId")
    return {
        "after": -1 if after is None else _index(after),
        "kind": kind,
        "time": timestamp.timestamp() if isinstance(timestamp, datetime) else None,
    }


def _index(given: str) -> int:
    index = shard_index(given)
    if index is None:
        raise InvalidArgumentException(f"Invalid ShardId: {given}")
    return index


def _permissions(call: Call, request: Request) -> Sequence[Permission]:
    return [stream_permission(call, "ListShards", _asked(call, request)[0])]


@operation("ListShards", permissions=_permissions, read_only=True)
def list_shards(call: Call, request: Request) -> dict[str, Any]:
    """A page of a stream's shards."""
    of, asked = _asked(call, request)
    own = owner(call, of)
    stream = state.stream(own, of.name)
    wanted = _filter(stream, asked["kind"], asked["time"], call.time())
    shards = filter(wanted, state.list_shards(own, of.name, asked["after"]))
    limit = request.get("MaxResults", _SHARDS_A_PAGE)
    page = list(islice(shards, limit + 1))
    answer: dict[str, Any] = {"Shards": [describe_shard(shard) for shard in page[:limit]]}
    if len(page) > limit:
        following = {**asked, "stream": (of.account, of.region, of.name), "after": page[limit - 1].index}
        answer["NextToken"] = tokens.write(following, call.time())
    return answer


def _filter(stream: Stream, kind: str | None, time: float | None, now: float) -> Callable[[Shard], bool]:
    """Which shards a ShardFilter keeps.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html
    """
    horizon = max(stream.created_at, stream.oldest_kept(now) / 1000)
    begin = horizon if time is None else max(time, horizon)
    if kind == "AT_LATEST":
        return lambda shard: shard.is_open
    if kind in ("AT_TRIM_HORIZON", "AT_TIMESTAMP"):
        return lambda shard: shard.created_at <= begin and not _closed_before(shard, begin)
    if kind in ("FROM_TRIM_HORIZON", "FROM_TIMESTAMP"):
        return lambda shard: not _closed_before(shard, begin)
    return lambda _: True


def _closed_before(shard: Shard, time: float) -> bool:
    return shard.closed_at is not None and shard.closed_at < time
