"""What a stage writes down of a request when it is over: an access log line, and its execution log.

Words neither; delivers neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .log_delivery import LogGroup, StageLogs

if TYPE_CHECKING:
    from cloudlet.core.http import HttpResponse

    from .invocation import Invocation


def write_logs(invocation: Invocation, response: HttpResponse) -> None:
    """Hands over the lines, where the stage keeps logs."""
    stage, log = invocation.stage, invocation.log
    access_log = stage.access_log
    if access_log is None and log is None:
        return
    logs = invocation.call.cloud.component(StageLogs)
    if access_log is not None:
        logs.add(access_log.group, invocation.call.time(), access_log.line(invocation, response))
    if log is not None:
        canary = "/Canary" if stage.is_canary else ""
        name = f"API-Gateway-Execution-Logs_{stage.api_id}/{stage.name}{canary}"
        group = LogGroup(stage.account, stage.region, name, is_own=True)
        for line in log.lines:
            logs.add(group, line.time, f"({invocation.request_id}) {line.text}")
