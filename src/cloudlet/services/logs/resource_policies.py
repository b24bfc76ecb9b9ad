"""Resource policies as IAM is asked about them: which other services may write to an account's log groups.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html. Decides nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloudlet.core.access import PolicyDocument, PrincipalKind
from cloudlet.services.logs import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request


def for_services(call: Call, _request: Request) -> PolicyDocument | None:
    """All policies as one, for a service that asks; they are there for services alone."""
    if call.principal.kind is not PrincipalKind.SERVICE:
        return None
    statements: list[Any] = []
    for policy in state.list_resource_policies(call):
        found = json.loads(policy.document).get("Statement", [])
        statements += found if isinstance(found, list) else [found]
    document = {"Version": "2012-10-17", "Statement": statements}
    return PolicyDocument("resource policies", json.dumps(document)) if statements else None
