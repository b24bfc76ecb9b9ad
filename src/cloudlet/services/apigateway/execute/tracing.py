"""X-Amzn-Trace-Id: what the gateway passes on, and what it answers.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudlet.core.call import Call


def trace_id_of(sent: str | None, call: Call) -> str:
    """The trace of a request: the one it was sent with, or a new one."""
    if sent and "Root=" in sent:
        return sent
    digits = call.request_id.replace("-", "")
    return f"Root=1-{int(call.time()):08x}-{digits[:24]}"


def answered_trace_id(trace_id: str, call: Call) -> str:
    """What the answer says of the trace: with a parent, and whether it was sampled."""
    if "Parent=" in trace_id:
        return trace_id
    sampled = "" if "Sampled=" in trace_id else ";Sampled=0"
    return f"{trace_id};Parent={call.request_id.replace('-', '')[16:]}{sampled}"
