"""Operations on contributor insights: whether CloudWatch is to count which keys are used most.

Only the setting is kept: no rule of CloudWatch counts anything here, so that none is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import on_table
from cloudlet.services.dynamodb.description import moment
from cloudlet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cloudlet.services.dynamodb.insights import EVERYTHING, Insights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table

_DEFAULT_PAGE: Final = 100
_TABLES: Final = 1 << 30


@operation("UpdateContributorInsights", permissions=on_table("UpdateContributorInsights"))
def update_contributor_insights(call: Call, request: Request) -> dict[str, Any]:
    """Turns the insights of a table or an index on or off; what is so already stays."""
    call = owner(call, request["TableName"])
    table, index_name = _named(call, request)
    enabled = request["ContributorInsightsAction"] == "ENABLE"
    before = _find(table, index_name)
    mode = request.get("ContributorInsightsMode", EVERYTHING)
    if not enabled and before is not None:
        mode = before.mode
    if enabled:
        _check_active(table, index_name)
    now = Insights(index_name, enabled, mode, call.time())
    answer = {**_names(table, index_name), "ContributorInsightsMode": mode}
    if before is None and not enabled:
        return {**_names(table, index_name), "ContributorInsightsStatus": now.status}
    if before is not None and (before.enabled, before.mode) == (enabled, mode):
        return {**answer, "ContributorInsightsStatus": now.status}
    others = tuple(each for each in table.insights if each.index_name != index_name)
    state.save_table(call, replace(table, insights=(*others, now)))
    return {**answer, "ContributorInsightsStatus": "ENABLING" if enabled else "DISABLING"}


@operation("DescribeContributorInsights", permissions=on_table("DescribeContributorInsights"), read_only=True)
def describe_contributor_insights(call: Call, request: Request) -> dict[str, Any]:
    """Whether the insights of a table or an index are on."""
    call = owner(call, request["TableName"])
    table, index_name = _named(call, request)
    insights = _find(table, index_name)
    if insights is None:
        return {**_names(table, index_name), "ContributorInsightsStatus": "DISABLED"}
    return {
        **_names(table, index_name),
        "ContributorInsightsStatus": insights.status,
        "ContributorInsightsMode": insights.mode,
        "LastUpdateDateTime": moment(insights.changed),
    }


@operation("ListContributorInsights", read_only=True)
def list_contributor_insights(call: Call, request: Request) -> dict[str, Any]:
    """The tables and indexes of the account in the region whose insights are on."""
    limit = min(max(request.get("MaxResults", _DEFAULT_PAGE), 1), _DEFAULT_PAGE)
    found = sorted(_enabled(call, request), key=_place)
    left = [each for each in found if _token(each) > request.get("NextToken", "")]
    answer: dict[str, Any] = {"ContributorInsightsSummaries": left[:limit]}
    if len(left) > limit:
        answer["NextToken"] = _token(left[limit - 1])
    return answer


def _enabled(call: Call, request: Request) -> Iterator[dict[str, Any]]:
    if "TableName" in request:
        tables = [state.managed_table(call, request["TableName"])]
    else:
        names = state.list_table_names(call, None, _TABLES)
        tables = [table for name in names if (table := state.find_table(call, name)) is not None]
    for table in tables:
        for insights in table.insights:
            if insights.enabled:
                yield {
                    **_names(table, insights.index_name),
                    "ContributorInsightsStatus": insights.status,
                    "ContributorInsightsMode": insights.mode,
                }


def _place(summary: dict[str, Any]) -> tuple[str, str]:
    return summary["TableName"], summary.get("IndexName", "")


def _token(summary: dict[str, Any]) -> str:
    return "/".join(_place(summary))


def _named(call: Call, request: Request) -> tuple[Table, str | None]:
    table, name = state.managed_table(call, request["TableName"]), request.get("IndexName")
    index = None if name is None else table.find_index(name)
    if name is not None and (index is None or index.local):
        raise ResourceNotFoundException(
            f"Requested resource not found: Index: {name} not found for table: {table.name}"
        )
    return table, name


def _check_active(table: Table, index_name: str | None) -> None:
    index = None if index_name is None else table.find_index(index_name)
    if index is not None and index.backfilling:
        raise ValidationException(
            "Table or Index is not in a valid state to update Key Access Insights: "
            "IndexStatus must be ACTIVE to enable ContributorInsights."
        )


def _names(table: Table, index_name: str | None) -> dict[str, str]:
    names = {"TableName": table.name}
    return names if index_name is None else {**names, "IndexName": index_name}


def _find(table: Table, index_name: str | None) -> Insights | None:
    return next((each for each in table.insights if each.index_name == index_name), None)
