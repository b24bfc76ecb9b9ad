"""The manifest of CloudFormation; it holds no logic."""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.cloudformation.operations import (
    change_sets,
    exports,
    stack_resources,
    stacks,
    templates,
)
from cloudlet.services.cloudformation.resources import RESOURCES
from cloudlet.services.cloudformation.workers import DeployWorker

SERVICE: Final = Service(
    "cloudformation",
    operations=operations_in(stacks, stack_resources, change_sets, templates, exports),
    resources=RESOURCES,
    workers=(DeployWorker,),
)
