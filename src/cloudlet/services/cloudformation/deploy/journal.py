"""Statuses and events, written together: nothing changes its status without an event saying so.

Decides nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from cloudlet.core.call import Call
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy import notices
from cloudlet.services.cloudformation.model import STACK_TYPE, Stack, StackEvent, StackResource


def record_stack(
    call: Call, stack: Stack, status: str, reason: str | None = None, token: str | None = None
) -> Stack:
    """Puts a stack into a status."""
    now = call.time()
    row = stack.at(status, reason, now)
    state.save_stack(call, row)
    event = StackEvent(
        event_id=call.ids.uuid(),
        logical_id=stack.stack_name,
        physical_id=stack.stack_id,
        resource_type=STACK_TYPE,
        status=status,
        at=now,
        reason=reason,
        client_request_token=token,
    )
    state.add_event(call, stack.stack_id, event)
    notices.tell(call, row, event)
    return row


def record_resource(
    call: Call,
    stack_id: str,
    resource: StackResource,
    status: str,
    reason: str | None = None,
    token: str | None = None,
) -> StackResource:
    """Puts a resource into a status."""
    row = resource.at(status, reason, call.time())
    state.save_resource(call, stack_id, row)
    note(call, stack_id, row, status, reason, token)
    return row


def note(
    call: Call,
    stack_id: str,
    resource: StackResource,
    status: str,
    reason: str | None = None,
    token: str | None = None,
) -> None:
    """Writes a resource's event only: for what the stack no longer lists."""
    now = call.time()
    shown = resource.shown_properties
    event = StackEvent(
        event_id=f"{resource.logical_id}-{status}-{_event_time(now)}",
        logical_id=resource.logical_id,
        physical_id=resource.physical_id or "",
        resource_type=resource.type,
        status=status,
        at=now,
        reason=reason,
        properties=json.dumps(shown, separators=(",", ":")) if shown else None,
        client_request_token=token,
    )
    state.add_event(call, stack_id, event)
    stack = state.find_stack(call, stack_id)
    if stack is not None:
        notices.tell(call, stack, event)


def _event_time(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
