"""X-Amzn-Trace-Id: what the gateway passes on, and what it answers.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
Records no segments: there is no X-Ray to send them to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_SAMPLED_BEYOND: Final = 0.05


class Sampler:
    """Which requests of a stage are sampled: the first of each second, and 5 % of the others."""

    __slots__ = ("_second",)

    def __init__(self) -> None:
        self._second = -1

    def takes(self, call: Call) -> bool:
        """Whether it samples a request of now."""
        second = int(call.time())
        if second != self._second:
            self._second = second
            return True
        return call.ids.random.random() < _SAMPLED_BEYOND


def trace_id_of(sent: str | None, call: Call, sampler: Sampler | None = None) -> str:
    """The trace of a request: the one it was sent with, or a new one.

    A stage that traces actively decides whether it is sampled, where nobody has before.
    """
    digits = call.request_id.replace("-", "")
    trace_id = sent if sent and "Root=" in sent else f"Root=1-{int(call.time()):08x}-{digits[:24]}"
    if sampler is None or "Sampled=" in trace_id:
        return trace_id
    parent = "" if "Parent=" in trace_id else f";Parent={digits[16:]}"
    return f"{trace_id}{parent};Sampled={int(sampler.takes(call))}"


def answered_trace_id(trace_id: str, call: Call) -> str:
    """What the answer says of the trace: with a parent, and whether it was sampled."""
    if "Parent=" in trace_id:
        return trace_id
    sampled = "" if "Sampled=" in trace_id else ";Sampled=0"
    return f"{trace_id};Parent={call.request_id.replace('-', '')[16:]}{sampled}"
