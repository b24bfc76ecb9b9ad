"""ListMetrics: which metrics there are."""

from __future__ import annotations

import base64
import binascii
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.cloudwatch.errors import InvalidParameterValueException
from cloudlet.services.cloudwatch.model import ACTIVE_STEP_SECONDS, KnownMetric, matches
from cloudlet.services.cloudwatch.parameters import Faults
from cloudlet.services.cloudwatch.state import metrics

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

_PAGE: Final = 500
_MOST_FILTERS: Final = 30
_LISTED_SECONDS: Final = 14 * 86_400
_RECENT_SECONDS: Final = 3 * 3600
_PLACE: Final = "\0"


@operation("ListMetrics")
async def list_metrics(call: Call, request: api.ListMetricsInputTypeDef) -> dict[str, Any]:
    """The metrics that had data in the past two weeks, by namespace, name or dimensions."""
    _check(request)
    await call.cloud.metrics.flush(call.cloud)
    return await call.transact(lambda inner: _list(inner, request), read_only=True)


def _check(request: Request) -> None:
    faults = Faults()
    filters = request.get("Dimensions", ())
    faults.at_most(filters, _MOST_FILTERS, "Dimensions")
    for number, each in enumerate(filters, 1):
        faults.text(each, "Name", f"Dimensions.member.{number}.")
    faults.one_of(request.get("RecentlyActive"), ("PT3H",), "RecentlyActive")
    faults.tell()


def _list(call: Call, request: Request) -> dict[str, Any]:
    if request.get("OwningAccount", call.account) != call.account:
        return {"Metrics": []}
    age = _RECENT_SECONDS if "RecentlyActive" in request else _LISTED_SECONDS
    oldest = call.time() - age - ACTIVE_STEP_SECONDS
    known = metrics.list_known(
        call, request.get("Namespace"), request.get("MetricName"), _read_token(request.get("NextToken"))
    )
    found = (item for item in known if _wanted(item[1], request, oldest))
    page = list(islice(found, _PAGE + 1))
    answer: dict[str, Any] = {"Metrics": [each.metric.describe() for _, each in page[:_PAGE]]}
    if request.get("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [call.account] * len(answer["Metrics"])
    if len(page) > _PAGE:
        answer["NextToken"] = _token(page[_PAGE - 1][0])
    return answer


def _wanted(known: KnownMetric, request: Request, oldest: float) -> bool:
    return known.latest >= oldest and matches(known.metric, request.get("Dimensions", ()))


def _token(place: metrics.Place) -> str:
    namespace, name, digest = place
    return base64.b64encode(_PLACE.join((namespace, name, digest.hex())).encode()).decode()


def _read_token(token: str | None) -> metrics.Place | None:
    if token is None:
        return None
    try:
        namespace, name, digest = base64.b64decode(token, validate=True).decode().split(_PLACE)
        return namespace, name, bytes.fromhex(digest)
    except (binascii.Error, ValueError) as error:
        raise InvalidParameterValueException("Request parameter NextToken is invalid") from error
