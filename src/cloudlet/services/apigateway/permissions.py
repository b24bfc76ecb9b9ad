"""How IAM names API Gateway's operations: by HTTP method and path, not by operation.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.core.operation import operation

if TYPE_CHECKING:
    from cloudlet.core.call import Call

API = "/restapis/{restApiId}"
RESOURCE = f"{API}/resources/{{resourceId}}"
METHOD = f"{RESOURCE}/methods/{{httpMethod}}"


def rest_operation(name: str, path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks an operation that IAM knows as an HTTP method on a path; the name's verb says which."""
    verb = _VERBS[next(verb for verb in _VERBS if name.startswith(verb))]

    def resource(call: Call, request: Mapping[str, Any]) -> str:
        return f"arn:aws:apigateway:{call.region}::{path.format_map(request)}"

    return operation(name, action=f"apigateway:{verb}", resource=resource, read_only=verb == "GET")


_VERBS: Mapping[str, str] = {
    "Create": "POST",
    "Delete": "DELETE",
    "Flush": "DELETE",
    "Generate": "POST",
    "Get": "GET",
    "ImportDocumentationParts": "PUT",
    "Import": "POST",
    "Put": "PUT",
    "Reject": "POST",
    "Tag": "PUT",
    "TestInvoke": "POST",
    "Untag": "DELETE",
    "Update": "PATCH",
}
