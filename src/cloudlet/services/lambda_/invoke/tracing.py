"""The X-Ray header of an invocation, and the count of loops that travels in it.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html. Each function adds itself to the
header's Lineage, or counts itself on; SDKs in functions hand the header on, and queues and topics keep it.
It only reads and writes texts.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.call import Call

LOOPS_LIMIT: Final = 16
_VERSION: Final = "1"
_FUNCTIONS_LIMIT: Final = 16


def header(call: Call, function_arn: str) -> str:
    """The caller's header or a new one, with all parts that a function's has, and counted on for it."""
    return counted(_complete(call), function_arn)


def counted(trace_id: str, function_arn: str) -> str:
    """The header that a function gets of the one that its caller sent."""
    parts = [part for part in trace_id.split(";") if not part.startswith("Lineage=")]
    lineage = _lineage(trace_id)
    own = _own(function_arn)
    lineage[own] = lineage.pop(own, -1) + 1
    kept = list(lineage.items())[-_FUNCTIONS_LIMIT:]
    parts.append("Lineage=" + "|".join(f"{_VERSION}:{each}:{count}" for each, count in kept))
    return ";".join(parts)


def loops(trace_id: str, function_arn: str) -> int:
    """How often a function has been invoked before by what it does itself, as a header that it gets tells."""
    return _lineage(trace_id).get(_own(function_arn), 0)


def _complete(call: Call) -> str:
    """With a root and a parent and, unless the caller says so, not sampled."""
    trace_id = call.trace_id or ""
    if "Root=" not in trace_id:
        trace_id = f"Root=1-{int(call.time()):08x}-{call.ids.uuid().replace('-', '')[:24]}"
    if "Parent=" not in trace_id:
        trace_id += f";Parent={call.request_id.replace('-', '')[:16]}"
    if "Sampled=" not in trace_id:
        trace_id += ";Sampled=0"
    return trace_id


def _lineage(trace_id: str) -> dict[str, int]:
    """The functions of a header and their counts; what is malformed counts for nothing."""
    found: dict[str, int] = {}
    for part in trace_id.split(";"):
        if part.startswith("Lineage="):
            for each in part.removeprefix("Lineage=").split("|"):
                _, _, pair = each.partition(":")
                own, _, count = pair.partition(":")
                if own and count.isdecimal():
                    found[own] = int(count)
    return found


def _own(function_arn: str) -> str:
    return hashlib.sha256(function_arn.encode()).hexdigest()[:8]
