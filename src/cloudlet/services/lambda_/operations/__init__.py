"""Lambda's operations, by what they are about."""

from typing import Final

from cloudlet.core.operation import operations_in
from cloudlet.services.lambda_.operations import (
    aliases,
    concurrency,
    event_invoke_configs,
    event_source_mappings,
    functions,
    invocations,
    layers,
    policies,
    recursion,
    tagging,
    versions,
)

OPERATIONS: Final = operations_in(
    aliases,
    concurrency,
    event_invoke_configs,
    event_source_mappings,
    functions,
    invocations,
    layers,
    policies,
    recursion,
    tagging,
    versions,
)
