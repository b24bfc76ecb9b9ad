"""What `import cfnresponse` finds beside inline code: the answer of a custom resource to CloudFormation.

It runs inside functions and uses nothing but the standard library.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Final

SUCCESS: Final = "SUCCESS"
FAILED: Final = "FAILED"


def send(
    event: dict[str, Any],
    context: Any,
    responseStatus: str,  # noqa: N803  AWS's name
    responseData: dict[str, Any] | None,  # noqa: N803  as above
    physicalResourceId: str | None = None,  # noqa: N803  as above
    noEcho: bool = False,  # noqa: N803  as above
    reason: str | None = None,
) -> None:
    """Puts the answer where the event says."""
    stream = context.log_stream_name
    answer = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {stream}",
        "PhysicalResourceId": physicalResourceId or stream,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request) as response:
        print("Status code:", response.status)
