"""AWS Lambda: functions, their versions, aliases, layers and policies, and running them in sandboxes.

No operation stands here.
"""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.lambda_ import activation, downloads, events, packages, resources
from cloudlet.services.lambda_.invoke import concurrency, logs, pool
from cloudlet.services.lambda_.operations import (
    aliases,
    functions,
    invocations,
    layers,
    policies,
    tagging,
    versions,
)
from cloudlet.services.lambda_.operations import concurrency as reservations

SERVICE: Final = Service(
    "lambda",
    operations_in(aliases, functions, invocations, layers, policies, reservations, tagging, versions),
    resources=resources.RESOURCES,
    components=(packages.Packages, concurrency.Concurrency, logs.LogDelivery, pool.Pool),
    workers=(
        activation.ActivationWorker,
        events.EventWorker,
        lambda cloud: cloud.component(pool.Pool),
        lambda cloud: cloud.component(logs.LogDelivery),
    ),
    data_planes=(downloads.DATA_PLANE,),
)
