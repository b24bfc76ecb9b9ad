"""The manifest of API Gateway; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service
from cloudlet.services.apigateway.execute.components import COMPONENTS, WORKERS
from cloudlet.services.apigateway.operations import OPERATIONS
from cloudlet.services.apigateway.resources import RESOURCES

SERVICE: Final = Service(
    name="apigateway",
    operations=OPERATIONS,
    resources=RESOURCES,
    components=COMPONENTS,
    workers=WORKERS,
)
