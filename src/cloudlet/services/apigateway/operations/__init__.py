"""The operations of API Gateway's control plane, a module a noun."""

from typing import Final

from cloudlet.core.operation import operations_in
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

OPERATIONS: Final = operations_in(
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
)
