"""Rolling an update back: each resource that it touched becomes what it was before.

What the update made anew is only noted as left over; the clean-up removes it.
"""

from __future__ import annotations

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.desk import Desk
from cloudlet.services.cloudformation.deploy.handler import Failure, Handlers
from cloudlet.services.cloudformation.deploy.journal import record_resource
from cloudlet.services.cloudformation.model import Deed, Leftover, Progress, StackResource, StepRecord


class Restorer:
    """Undoes the steps of one update."""

    def __init__(self, desk: Desk, handlers: Handlers) -> None:
        self._desk = desk
        self._handlers = handlers

    def needed(self) -> dict[str, frozenset[str]]:
        """The steps to undo, each with those that come before it."""
        undone = {
            key: step.before
            for key, step in self._desk.steps.items()
            if step.before is not None and step.progress is not Progress.RESTORED
        }
        return {key: frozenset(before.depends_on) & undone.keys() for key, before in undone.items()}

    async def restore(self, logical_id: str) -> bool:
        """Makes one resource what it was; whether that succeeded."""
        step = self._desk.steps[logical_id]
        before = step.before
        if before is None or step.after is None:
            return True
        if logical_id in self._desk.operation.skip:
            await self._desk.write(lambda call: self._saved(call, step, before))
            return True
        if step.deed is not Deed.UPDATE:
            await self._desk.write(lambda call: self._put_back(call, step, before))
            return True
        return await self._change_back(step, before, step.after)

    def _put_back(self, call: Call, step: StepRecord, before: StackResource) -> None:
        desk, token = self._desk, self._desk.operation.client_request_token
        after = step.after
        if step.deed is Deed.REPLACE and after is not None:
            if after.exists:
                state.save_leftover(call, desk.stack_id, Leftover(after, "Delete"))
            state.delete_leftover(call, desk.stack_id, before.token)
            record_resource(call, desk.stack_id, before, "UPDATE_IN_PROGRESS", None, token)
            before = record_resource(call, desk.stack_id, before, "UPDATE_COMPLETE", None, token)
        else:
            state.save_resource(call, desk.stack_id, before)
        self._saved(call, step, before)

    async def _change_back(self, step: StepRecord, before: StackResource, after: StackResource) -> bool:
        desk, token = self._desk, self._desk.operation.client_request_token
        physical_id = after.physical_id or before.physical_id or ""
        await desk.write(
            lambda call: record_resource(call, desk.stack_id, before, "UPDATE_IN_PROGRESS", None, token)
        )
        try:
            provisioned = await self._handlers.update(after, before, physical_id, rerun=False)
        except Failure as failure:
            reason = failure.reason
            await desk.write(
                lambda call: record_resource(call, desk.stack_id, before, "UPDATE_FAILED", reason, token)
            )
            return False
        row = replace(
            before,
            physical_id=provisioned.physical_id,
            ref=provisioned.ref,
            attributes=dict(provisioned.attributes),
        )
        await desk.write(lambda call: self._changed_back(call, step, row, after))
        return True

    def _changed_back(self, call: Call, step: StepRecord, row: StackResource, after: StackResource) -> None:
        desk, token = self._desk, self._desk.operation.client_request_token
        if after.physical_id is not None and after.physical_id != row.physical_id:
            state.save_leftover(call, desk.stack_id, Leftover(after, "Delete"))
            state.delete_leftover(call, desk.stack_id, row.token)
        row = record_resource(call, desk.stack_id, row, "UPDATE_COMPLETE", None, token)
        self._saved(call, step, row)

    def _saved(self, call: Call, step: StepRecord, row: StackResource) -> None:
        state.save_step(call, self._desk.stack_id, replace(step, progress=Progress.RESTORED, before=row))
