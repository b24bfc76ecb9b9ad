"""Tags, the time to live, and what an account is told about itself.

Tables themselves are in tables.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import on_table, on_tagged
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.tags import with_tags, without_tags
from cloudlet.services.dynamodb.throughput import TABLE_UNITS

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table

_BETWEEN_CHANGES_SECONDS: Final = 3600.0
_ACCOUNT_UNITS: Final = 80_000
_ENDPOINT_CACHE_MINUTES: Final = 1440


@operation("TagResource", permissions=on_tagged("TagResource"))
def tag_resource(call: Call, request: Request) -> None:
    """Sets tags of a table."""
    call = owner(call, request["ResourceArn"])
    table = state.tagged_table(call, request["ResourceArn"])
    tags = with_tags(table.tags, request["Tags"], by_service=bool(call.via))
    state.save_table(call, replace(table, tags=tags))


@operation("UntagResource", permissions=on_tagged("UntagResource"))
def untag_resource(call: Call, request: Request) -> None:
    """Removes tags of a table; one that is not there is no error."""
    call = owner(call, request["ResourceArn"])
    table = state.tagged_table(call, request["ResourceArn"])
    tags = without_tags(table.tags, request["TagKeys"], by_service=bool(call.via))
    state.save_table(call, replace(table, tags=tags))


@operation("ListTagsOfResource", permissions=on_tagged("ListTagsOfResource"), read_only=True)
def list_tags_of_resource(call: Call, request: Request) -> dict[str, Any]:
    """The tags of a table; there are never so many that they would be paged."""
    call = owner(call, request["ResourceArn"])
    table = state.tagged_table(call, request["ResourceArn"])
    return {"Tags": tag_list(dict(table.tags))}


@operation("UpdateTimeToLive", permissions=on_table("UpdateTimeToLive"))
def update_time_to_live(call: Call, request: Request) -> dict[str, Any]:
    """Says which attribute tells when an item expires, or that none does."""
    specification = request["TimeToLiveSpecification"]
    name, enabled = specification["AttributeName"], specification["Enabled"]
    table = state.managed_table(call, request["TableName"])
    _check_time_to_live(call, table, name, enabled=enabled)
    state.change_time_to_live(call, table, name if enabled else None)
    for there, sibling in list(state.siblings(call, table)):
        state.change_time_to_live(there, sibling, name if enabled else None)
    return {"TimeToLiveSpecification": {"Enabled": enabled, **({"AttributeName": name} if enabled else {})}}


def _check_time_to_live(call: Call, table: Table, name: str, *, enabled: bool) -> None:
    if not enabled and table.time_to_live is None:
        raise ValidationException("TimeToLive is already disabled")
    if table.time_to_live is not None and table.time_to_live != name:
        raise ValidationException(
            "TimeToLive is active on a different AttributeName: "
            f"current AttributeName is {table.time_to_live}"
        )
    if enabled and table.time_to_live is not None:
        raise ValidationException("TimeToLive is already enabled")
    changed = table.time_to_live_changed
    if changed is not None and call.time() - changed < _BETWEEN_CHANGES_SECONDS:
        raise ValidationException("Time to live has been modified multiple times within a fixed interval")


@operation("DescribeTimeToLive", permissions=on_table("DescribeTimeToLive"), read_only=True)
def describe_time_to_live(call: Call, request: Request) -> dict[str, Any]:
    """Whether items of a table expire."""
    table = state.managed_table(call, request["TableName"])
    if table.time_to_live is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": table.time_to_live}}


@operation("DescribeLimits", read_only=True)
def describe_limits(_call: Call, _request: Request) -> dict[str, Any]:
    """An account's default quotas."""
    return {
        "AccountMaxReadCapacityUnits": _ACCOUNT_UNITS,
        "AccountMaxWriteCapacityUnits": _ACCOUNT_UNITS,
        "TableMaxReadCapacityUnits": TABLE_UNITS,
        "TableMaxWriteCapacityUnits": TABLE_UNITS,
    }


@operation("DescribeEndpoints", public=True, read_only=True)
def describe_endpoints(call: Call, _request: Request) -> dict[str, Any]:
    """The address that clients shall use: the cloud's own."""
    address = call.cloud.endpoint.partition("://")[2]
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": _ENDPOINT_CACHE_MINUTES}]}
