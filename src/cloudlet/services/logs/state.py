"""Where groups, streams and events are kept: the only file that names keys."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.logs.errors import ResourceNotFoundException
from cloudlet.services.logs.model import LogEvent, LogGroup, LogStream, ResourcePolicy

_GROUPS: Final = Rows(("logs", "group"), LogGroup)
_STREAMS: Final = Rows(("logs", "stream"), LogStream)
_EVENTS: Final = Rows(("logs", "event"), LogEvent)
_POLICIES: Final = Rows(("logs", "resource-policy"), ResourcePolicy)


def find_group(call: Call, name: str) -> LogGroup | None:
    """A group, or None."""
    return _GROUPS.find(call, call.account, call.region, name)


def group(call: Call, name: str) -> LogGroup:
    """A group. Raises ResourceNotFoundException."""
    found = find_group(call, name)
    if found is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return found


def save_group(call: Call, row: LogGroup) -> None:
    """Writes a group."""
    _GROUPS.save(call, row, call.account, call.region, row.name)


def delete_group(call: Call, name: str) -> None:
    """Removes a group with all its streams and events."""
    _GROUPS.delete(call, call.account, call.region, name)
    _STREAMS.delete_below(call, call.account, call.region, name)
    _EVENTS.delete_below(call, call.account, call.region, name)


def list_groups(call: Call, after: str | None = None) -> Iterator[LogGroup]:
    """The groups by name."""
    return _GROUPS.below(call, call.account, call.region, after=(after,) if after else None)


def every_group(call: Call) -> Iterator[tuple[str, str, LogGroup]]:
    """All groups of all accounts and regions, with these."""
    for key, row in _GROUPS.items_below(call):
        yield str(key[0]), str(key[1]), row


def find_stream(call: Call, group_name: str, name: str) -> LogStream | None:
    """A stream, or None."""
    return _STREAMS.find(call, call.account, call.region, group_name, name)


def stream(call: Call, group_name: str, name: str) -> LogStream:
    """A stream. Raises ResourceNotFoundException."""
    found = find_stream(call, group_name, name)
    if found is None:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    return found


def save_stream(call: Call, group_name: str, row: LogStream) -> None:
    """Writes a stream."""
    _STREAMS.save(call, row, call.account, call.region, group_name, row.name)


def delete_stream(call: Call, group_name: str, name: str) -> None:
    """Removes a stream with its events."""
    _STREAMS.delete(call, call.account, call.region, group_name, name)
    _EVENTS.delete_below(call, call.account, call.region, group_name, name)


def list_streams(call: Call, group_name: str) -> Iterator[LogStream]:
    """A group's streams by name."""
    return _STREAMS.below(call, call.account, call.region, group_name)


def save_events(call: Call, group_name: str, stream_name: str, events: Iterable[LogEvent]) -> None:
    """Writes events."""
    for event in events:
        _EVENTS.save(
            call, event, call.account, call.region, group_name, stream_name, event.timestamp, event.sequence
        )


def list_events(
    call: Call,
    group_name: str,
    stream_name: str,
    after: tuple[int, int],
    before: tuple[int, int],
    *,
    limit: int,
    reverse: bool = False,
) -> list[LogEvent]:
    """A stream's events with after < (timestamp, sequence) < before, at most `limit`."""
    prefix = (*_EVENTS.prefix, call.account, call.region, group_name, stream_name)
    rows = call.transaction.range(
        (*prefix, after[0], after[1] + 1), (*prefix, *before), limit=limit, reverse=reverse
    )
    return [_EVENTS.decode(value) for _, value in rows]


def merge_events(
    call: Call, group_name: str, streams: Sequence[str], after: tuple[int, int], before: int, *, page: int
) -> Iterator[tuple[str, LogEvent]]:
    """The events of several streams in one order of time, from (timestamp, sequence) on."""
    sources = (_stream_events(call, group_name, name, after, before, page) for name in streams)
    return heapq.merge(*sources, key=lambda found: (found[1].timestamp, found[0], found[1].sequence))


def _stream_events(
    call: Call, group_name: str, name: str, after: tuple[int, int], before: int, page: int
) -> Iterator[tuple[str, LogEvent]]:
    while events := list_events(call, group_name, name, after, (before, 0), limit=page):
        for event in events:
            yield name, event
        after = (events[-1].timestamp, events[-1].sequence)


def delete_events_before(call: Call, group_name: str, stream_name: str, oldest_kept: int) -> None:
    """Removes a stream's expired events."""
    prefix = (*_EVENTS.prefix, call.account, call.region, group_name, stream_name)
    call.transaction.delete_range(prefix, (*prefix, oldest_kept))


def find_resource_policy(call: Call, name: str) -> ResourcePolicy | None:
    """A resource policy, or None."""
    return _POLICIES.find(call, call.account, call.region, name)


def list_resource_policies(call: Call) -> Iterator[ResourcePolicy]:
    """The resource policies by name."""
    return _POLICIES.below(call, call.account, call.region)


def save_resource_policy(call: Call, policy: ResourcePolicy) -> None:
    """Writes a resource policy."""
    _POLICIES.save(call, policy, call.account, call.region, policy.name)


def delete_resource_policy(call: Call, name: str) -> None:
    """Removes a resource policy."""
    _POLICIES.delete(call, call.account, call.region, name)
