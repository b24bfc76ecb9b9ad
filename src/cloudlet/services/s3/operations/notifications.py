"""Operations on who is told of what happens in a bucket."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.s3 import state
from cloudlet.services.s3.notifications import configuration, destinations
from cloudlet.services.s3.permissions import on_bucket

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api

    from cloudlet.services.s3.model import Notification


@operation("PutBucketNotificationConfiguration", permissions=on_bucket("PutBucketNotification"))
async def put_bucket_notification_configuration(
    call: Call, request: api.PutBucketNotificationConfigurationRequestTypeDef
) -> None:
    """Replaces who is told, once every destination has shown that it can be."""
    name = request["Bucket"]
    bucket = await call.transact(partial(state.bucket, name=name), read_only=True)
    # An empty document, which takes all notifications away, is read as none.
    given = request.get("NotificationConfiguration", {})
    notifications = configuration.read(given, bucket, call.ids)
    if not request.get("SkipDestinationValidation"):
        await destinations.check(call, bucket, notifications)
    event_bridge = configuration.names_event_bridge(given)
    await call.transact(partial(_save, name=name, notifications=notifications, event_bridge=event_bridge))


def _save(call: Call, name: str, notifications: tuple[Notification, ...], event_bridge: bool) -> None:
    bucket = state.bucket(call, name)
    state.save_bucket(call, replace(bucket, notifications=notifications, event_bridge=event_bridge))


@operation(
    "GetBucketNotificationConfiguration", permissions=on_bucket("GetBucketNotification"), read_only=True
)
def get_bucket_notification_configuration(
    call: Call, request: api.GetBucketNotificationConfigurationRequestRequestTypeDef
) -> dict[str, Any]:
    """Who is told."""
    return configuration.write(state.bucket(call, request["Bucket"]))
