"""Operations on dashboards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.core.pagination import InvalidToken, page
from cloudlet.core.tags import tag_map
from cloudlet.services.cloudwatch.dashboards import Dashboard, check_body, check_name
from cloudlet.services.cloudwatch.errors import DashboardNotFoundError, InvalidParameterValueException
from cloudlet.services.cloudwatch.state import dashboards

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

_PAGE: Final = 1000


def _named(call: Call, request: Request) -> str:
    return dashboards.arn(call, request["DashboardName"])


def _all_named(call: Call, request: Request) -> list[str]:
    return [dashboards.arn(call, name) for name in request["DashboardNames"]]


@operation("PutDashboard", resource=_named)
def put_dashboard(call: Call, request: Request) -> dict[str, Any]:
    """Makes a dashboard, or replaces its body; tags count for a new one only."""
    name, body = request["DashboardName"], request["DashboardBody"]
    check_name(name)
    check_body(body)
    before = dashboards.find_dashboard(call, name)
    tags = tag_map(request.get("Tags")) if before is None else before.tags
    dashboards.save_dashboard(call, Dashboard(name, body, call.time(), tags))
    return {"DashboardValidationMessages": []}


@operation("GetDashboard", resource=_named, read_only=True)
def get_dashboard(call: Call, request: api.GetDashboardInputTypeDef) -> dict[str, Any]:
    """A dashboard's body."""
    found = dashboards.find_dashboard(call, request["DashboardName"])
    if found is None:
        raise DashboardNotFoundError(f"Dashboard {request['DashboardName']} does not exist")
    return {
        "DashboardArn": dashboards.arn(call, found.name),
        "DashboardBody": found.body,
        "DashboardName": found.name,
    }


@operation("ListDashboards", read_only=True)
def list_dashboards(call: Call, request: api.ListDashboardsInputTypeDef) -> dict[str, Any]:
    """The account's dashboards by name, all or those with a prefix."""
    prefix = request.get("DashboardNamePrefix", "")
    matching = [each for each in dashboards.list_dashboards(call) if each.name.startswith(prefix)]
    try:
        found, token = page(matching, request.get("NextToken"), _PAGE)
    except InvalidToken as error:
        raise InvalidParameterValueException("Request parameter NextToken is invalid") from error
    answer: dict[str, Any] = {"DashboardEntries": [_describe(call, each) for each in found]}
    return {**answer, "NextToken": token} if token else answer


def _describe(call: Call, dashboard: Dashboard) -> dict[str, Any]:
    return {
        "DashboardName": dashboard.name,
        "DashboardArn": dashboards.arn(call, dashboard.name),
        "LastModified": datetime.fromtimestamp(dashboard.modified_at, UTC),
        "Size": len(dashboard.body.encode()),
    }


@operation("DeleteDashboards", resource=_all_named)
async def delete_dashboards(call: Call, request: api.DeleteDashboardsInputTypeDef) -> None:
    """Removes dashboards: those that are there even where others are not, which is told then."""
    missing = await call.transact(lambda inner: _delete(inner, request["DashboardNames"]))
    if missing:
        raise DashboardNotFoundError(f"The specified dashboard does not exist. [{', '.join(missing)}]")


def _delete(call: Call, names: Sequence[str]) -> list[str]:
    """The names of those that are not there."""
    missing = [name for name in names if dashboards.find_dashboard(call, name) is None]
    for name in names:
        dashboards.delete_dashboard(call, name)
    return missing
