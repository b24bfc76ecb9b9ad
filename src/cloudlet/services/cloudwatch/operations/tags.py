"""Operations on the tags of alarms and dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import find_arn
from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.cloudwatch.errors import InvalidParameterValueException, ResourceNotFoundException
from cloudlet.services.cloudwatch.state import alarms, dashboards

if TYPE_CHECKING:
    from types_boto3_cloudwatch import type_defs as api

_MOST_TAGS: Final = 50
_ALARM: Final = "alarm:"
_DASHBOARD: Final = "dashboard/"


def _arn(call: Call, request: Request) -> str:
    return str(request["ResourceARN"])


@operation("TagResource", resource=_arn)
def tag_resource(call: Call, request: Request) -> None:
    """Adds tags to an alarm or a dashboard."""
    tags = {**_tags(call, request["ResourceARN"]), **tag_map(request["Tags"])}
    if len(tags) > _MOST_TAGS:
        raise InvalidParameterValueException(f"A resource cannot have more than {_MOST_TAGS} tags")
    _save(call, request["ResourceARN"], tags)


@operation("UntagResource", resource=_arn)
def untag_resource(call: Call, request: api.UntagResourceInputTypeDef) -> None:
    """Takes tags off an alarm or a dashboard."""
    gone, tags = set(request["TagKeys"]), _tags(call, request["ResourceARN"])
    _save(call, request["ResourceARN"], {key: value for key, value in tags.items() if key not in gone})


@operation("ListTagsForResource", resource=_arn, read_only=True)
def list_tags_for_resource(call: Call, request: api.ListTagsForResourceInputTypeDef) -> dict[str, Any]:
    """The tags of an alarm or a dashboard."""
    return {"Tags": tag_list(_tags(call, request["ResourceARN"]))}


def _tags(call: Call, arn: str) -> dict[str, str]:
    resource = _resource(arn)
    if resource.startswith(_ALARM):
        alarm = alarms.find_alarm(call, resource.removeprefix(_ALARM))
        if alarm is not None:
            return alarm.tags
    else:
        dashboard = dashboards.find_dashboard(call, resource.removeprefix(_DASHBOARD))
        if dashboard is not None:
            return dashboard.tags
    raise ResourceNotFoundException("", ResourceType=resource.partition(":")[0], ResourceId=arn)


def _save(call: Call, arn: str, tags: dict[str, str]) -> None:
    resource = _resource(arn)
    if resource.startswith(_ALARM):
        alarm = alarms.find_alarm(call, resource.removeprefix(_ALARM))
        if alarm is not None:
            alarms.save_alarm(call, replace(alarm, tags=tags))
    else:
        dashboard = dashboards.find_dashboard(call, resource.removeprefix(_DASHBOARD))
        if dashboard is not None:
            dashboards.save_dashboard(call, replace(dashboard, tags=tags))


def _resource(arn: str) -> str:
    found = find_arn(arn)
    if found is None or not found.resource.startswith((_ALARM, _DASHBOARD)):
        raise InvalidParameterValueException(f"The value {arn} for parameter ResourceARN is invalid.")
    return found.resource
