"""The manifest of CloudWatch Logs; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.logs.encryption import GroupKeys
from cloudlet.services.logs.operations import events, groups, resource_policies, streams, tags
from cloudlet.services.logs.resources import LogGroupType, LogStreamType, ResourcePolicyType
from cloudlet.services.logs.workers import RetentionWorker

SERVICE: Final = Service(
    name="logs",
    operations=operations_in(groups, streams, events, resource_policies, tags),
    resources=(LogGroupType(), LogStreamType(), ResourcePolicyType()),
    components=(lambda _cloud: GroupKeys(),),
    workers=(RetentionWorker,),
)
