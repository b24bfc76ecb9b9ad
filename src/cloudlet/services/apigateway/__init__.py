"""API Gateway: REST APIs, from resources and methods to the stages that serve them."""

from cloudlet.core.operation import DataPlane, Service, operations_in
from cloudlet.services.apigateway.execute.callers import RoleSessions
from cloudlet.services.apigateway.execute.door import claims
from cloudlet.services.apigateway.execute.gateway import handle
from cloudlet.services.apigateway.execute.stages import CompiledStages
from cloudlet.services.apigateway.operations import (
    account,
    deployments,
    gateway_responses,
    integrations,
    methods,
    models,
    request_validators,
    resources,
    rest_apis,
    stages,
)

__all__ = ["SERVICE"]

SERVICE = Service(
    name="apigateway",
    operations=operations_in(
        rest_apis,
        resources,
        methods,
        integrations,
        models,
        request_validators,
        gateway_responses,
        deployments,
        stages,
        account,
    ),
    components=(CompiledStages, RoleSessions),
    data_planes=(
        DataPlane("execute-api", "execute-api", ("/restapis/", "/_aws/execute-api/"), handle, claims),
    ),
)
