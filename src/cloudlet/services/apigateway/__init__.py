"""API Gateway: REST APIs, from resources and methods to the stages that serve them."""

from cloudlet.core.operation import DataPlane, Service
from cloudlet.services.apigateway.execute.components import COMPONENTS, WORKERS
from cloudlet.services.apigateway.execute.door import claims, handle
from cloudlet.services.apigateway.operations import OPERATIONS
from cloudlet.services.apigateway.resources import RESOURCES

__all__ = ["SERVICE"]

SERVICE = Service(
    name="apigateway",
    operations=OPERATIONS,
    resources=RESOURCES,
    components=COMPONENTS,
    workers=WORKERS,
    data_planes=(DataPlane(claims, handle),),
)
