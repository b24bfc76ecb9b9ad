"""CloudFormation: templates become stacks of resources.

The manifest only; the deploy engine is in deploy/.
"""

from __future__ import annotations

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.cloudformation.operations import (
    change_sets,
    exports,
    stack_resources,
    stacks,
    templates,
)
from cloudlet.services.cloudformation.resources import RESOURCES
from cloudlet.services.cloudformation.responses import RESPONSES
from cloudlet.services.cloudformation.workers import DeployWorker

SERVICE = Service(
    "cloudformation",
    operations=operations_in(stacks, stack_resources, change_sets, templates, exports),
    resources=RESOURCES,
    workers=(DeployWorker,),
    data_planes=(RESPONSES,),
)
