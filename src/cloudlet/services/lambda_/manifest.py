"""The manifest of AWS Lambda; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service
from cloudlet.services.lambda_ import activation, packages, provisioning, resources, state, workers
from cloudlet.services.lambda_.event_sources.filter_criteria import FilterKeys
from cloudlet.services.lambda_.event_sources.worker import EventSourceWorker
from cloudlet.services.lambda_.idleness import IdlenessWorker
from cloudlet.services.lambda_.invoke import concurrency, logs, pool
from cloudlet.services.lambda_.metrics import FunctionMetrics
from cloudlet.services.lambda_.operations import OPERATIONS

SERVICE: Final = Service(
    "lambda",
    OPERATIONS,
    resources=resources.RESOURCES,
    components=(
        FunctionMetrics,
        packages.Packages,
        concurrency.Concurrency,
        logs.LogDelivery,
        pool.Pool,
        lambda _cloud: FilterKeys(),
    ),
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
)
