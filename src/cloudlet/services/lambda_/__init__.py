"""AWS Lambda: functions, their versions, aliases, layers and policies, and running them in sandboxes."""

from typing import Final

from cloudlet.core.operation import Service
from cloudlet.services.lambda_ import activation, downloads, packages, provisioning, resources, state, workers
from cloudlet.services.lambda_.event_sources.worker import EventSourceWorker
from cloudlet.services.lambda_.function_urls import door
from cloudlet.services.lambda_.idleness import IdlenessWorker
from cloudlet.services.lambda_.invoke import concurrency, logs, pool
from cloudlet.services.lambda_.operations import OPERATIONS

SERVICE: Final = Service(
    "lambda",
    OPERATIONS,
    resources=resources.RESOURCES,
    components=(packages.Packages, concurrency.Concurrency, logs.LogDelivery, pool.Pool),
    workers=(
        activation.ActivationWorker,
        IdlenessWorker,
        provisioning.ProvisioningWorker,
        workers.EventWorker,
        EventSourceWorker,
        lambda cloud: cloud.component(pool.Pool),
        lambda cloud: cloud.component(logs.LogDelivery),
    ),
    blobs_in_use=state.blobs_in_use,
    data_planes=(downloads.DATA_PLANE, door.DATA_PLANE),
)
