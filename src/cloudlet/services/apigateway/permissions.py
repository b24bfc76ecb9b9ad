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

SERVICE = "apigateway.amazonaws.com"
API = "/restapis/{restApiId}"
RESOURCE = f"{API}/resources/{{resourceId}}"
METHOD = f"{RESOURCE}/methods/{{httpMethod}}"


def rest_operation(
    name: str, path: str, *, role: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks an operation that IAM knows as an HTTP method on a path; the name's verb says which.

    `role` is the member, also as a patch's path, that hands a role to API Gateway.
    """
    verb = _VERBS[next(verb for verb in _VERBS if name.startswith(verb))]

    def resource(call: Call, request: Mapping[str, Any]) -> str:
        return f"arn:aws:apigateway:{call.region}::{path.format_map(request)}"

    return operation(
        name,
        action=f"apigateway:{verb}",
        resource=resource,
        read_only=verb == "GET",
        passes_role=(lambda request: _role(request, role)) if role else None,
        passed_to=SERVICE,
    )


def _role(request: Mapping[str, Any], member: str) -> str | None:
    """The role that a request hands on; the caller's own credentials and stage variables are none."""
    patched = (
        patch.get("value")
        for patch in request.get("patchOperations", ())
        if patch.get("path") == f"/{member}"
    )
    role = request.get(member) or next(patched, None)
    return role if isinstance(role, str) and ":role/" in role and "$" not in role else None


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
