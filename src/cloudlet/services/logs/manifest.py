"""The manifest of CloudWatch Logs; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.logs.encryption import GroupKeys
from cloudlet.services.logs.operations import events, groups, streams, tags
from cloudlet.services.logs.resources import LogGroupType, LogStreamType
from cloudlet.services.logs.workers import RetentionWorker

SERVICE: Final = Service(
    name="logs",
    operations=operations_in(groups, streams, events, tags),
    resources=(LogGroupType(), LogStreamType()),
    components=(lambda _cloud: GroupKeys(),),
    workers=(RetentionWorker,),
)
