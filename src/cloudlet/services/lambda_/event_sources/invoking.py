"""Running a mapping's function with a batch: Lambda's own way, in this process, concurrency and all.

Retrying and what becomes of failures is the readers'.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.services.lambda_ import references
from cloudlet.services.lambda_.invoke import router, tracing
from cloudlet.services.lambda_.invoke.invocation import Invocation
from cloudlet.services.lambda_.invoke.pool import Pool

if TYPE_CHECKING:
    from cloudlet.core.call import Call

PAYLOAD_LIMIT_BYTES: Final = 6 << 20
_ENVELOPE_BYTES: Final = 256
"""What stands around the records, generously."""


class Run(Struct, frozen=True):
    """What came of running the function once."""

    request_id: str
    failed: bool
    payload: bytes
    executed_version: str


def payload(records: Iterable[bytes], more: bytes = b"") -> bytes:
    """The event of records that are JSON already, and what else it says."""
    return b'{"Records":[' + b",".join(records) + b"]" + more + b"}"


def fits(size_bytes: int, record_bytes: int) -> bool:
    """Whether one more record fits into an event."""
    return size_bytes + record_bytes + 1 <= PAYLOAD_LIMIT_BYTES - _ENVELOPE_BYTES


async def run(call: Call, function_arn: str, event: bytes) -> Run:
    """Runs the function. Raises TooManyRequestsException and what else keeps it from running.

    The call's trace header is that of what the event was made of, where it has one.
    """
    reference = references.parse(call, function_arn)
    target = await router.find_target(call, reference)
    request_id = call.ids.uuid()
    trace_id = tracing.header(call, reference.unqualified_arn)
    router.check_loops(call, target, trace_id)
    invocation = Invocation(request_id, reference.arn, event, trace_id)
    outcome = await call.cloud.component(Pool).invoke(call, target, invocation)
    return Run(request_id, outcome.failed, outcome.payload, target.version.version)
