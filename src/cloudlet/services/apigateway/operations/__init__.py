"""The operations of API Gateway's control plane, a module a noun."""

from typing import Final

from cloudlet.core.operation import operations_in
from cloudlet.services.apigateway.operations import (
    access_associations,
    account,
    api_keys,
    authorizers,
    base_path_mappings,
    client_certificates,
    deployments,
    domain_names,
    gateway_responses,
    imports,
    integrations,
    methods,
    models,
    request_validators,
    resources,
    rest_apis,
    stages,
    tags,
    usage_plan_keys,
    usage_plans,
    vpc_links,
)

OPERATIONS: Final = operations_in(
    rest_apis,
    resources,
    methods,
    imports,
    integrations,
    models,
    request_validators,
    gateway_responses,
    authorizers,
    deployments,
    stages,
    api_keys,
    usage_plans,
    usage_plan_keys,
    domain_names,
    base_path_mappings,
    access_associations,
    vpc_links,
    client_certificates,
    account,
    tags,
)
