"""Lambda's operations, by what they are about."""

from typing import Final

from cloudlet.core.operation import operations_in
from cloudlet.services.lambda_.operations import (
    aliases,
    code_signing,
    concurrency,
    event_invoke_configs,
    event_source_mappings,
    function_urls,
    functions,
    invocations,
    layers,
    policies,
    provisioned_concurrency,
    recursion,
    resource_policies,
    runtime_management,
    tagging,
    versions,
)

OPERATIONS: Final = operations_in(
    aliases,
    code_signing,
    concurrency,
    event_invoke_configs,
    event_source_mappings,
    function_urls,
    functions,
    invocations,
    layers,
    policies,
    provisioned_concurrency,
    recursion,
    resource_policies,
    runtime_management,
    tagging,
    versions,
)
