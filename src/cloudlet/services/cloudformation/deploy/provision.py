"""One step of a deployment: a resource is created, changed, replaced or kept.

Each step is stored before and after it works, so that a killed server runs it again with the same token.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.errors import ServiceError
from cloudlet.core.resource import Provisioned, find_made, forget_notes
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.answers import StackAnswers
from cloudlet.services.cloudformation.deploy.desk import Desk
from cloudlet.services.cloudformation.deploy.handler import Failure, Handlers
from cloudlet.services.cloudformation.deploy.journal import record_resource
from cloudlet.services.cloudformation.deploy.plan import metadata_text
from cloudlet.services.cloudformation.deploy.resource_types import ResourceTypes, complaint
from cloudlet.services.cloudformation.deploy.template import Template, TemplateResource
from cloudlet.services.cloudformation.model import (
    Deed,
    Leftover,
    Progress,
    StackInput,
    StackResource,
    StepRecord,
)

_Written: TypeAlias = tuple[StepRecord, StackResource]
_REPLACES: Final = "Requested update requires the creation of a new physical resource; hence creating one."
_REPLACED: Final = "Requested update required the provider to create a new physical resource"
_INITIATED: Final = "Resource creation Initiated"


class Provisioner:
    """Runs the steps of one deployment."""

    def __init__(
        self,
        desk: Desk,
        template: Template,
        source: StackInput,
        handlers: Handlers,
        types: ResourceTypes,
        needed: dict[str, frozenset[str]],
    ) -> None:
        self._desk = desk
        self._template = template
        self._source = source
        self._handlers = handlers
        self._types = types
        self._needed = needed
        self.refused = False
        """Whether the operation was cancelled or ran out of time before its last step."""

    async def provision(self, logical_id: str) -> bool:
        """Makes one resource as the template wants it; whether that succeeded."""
        found = self._desk.steps.get(logical_id)
        if found is not None and found.progress is not Progress.RUNNING:
            return found.progress is Progress.DONE
        rerun = found is not None
        if found is None:
            begun = await self._desk.write(lambda call: self._begin(call, logical_id))
            if begun is None:
                self.refused = True
                return False
            found = self._keep(*begun)
            if found.progress is not Progress.RUNNING:
                return found.progress is Progress.DONE
        return await self._work(found, rerun=rerun)

    async def _work(self, step: StepRecord, *, rerun: bool) -> bool:
        try:
            provisioned = await self._act(step, rerun=rerun)
        except Failure as error:
            failure = error
        else:
            self._keep(*await self._desk.write(lambda call: self._finish(call, step, provisioned)))
            return True
        self._keep(*await self._desk.write(lambda call: self._fail(call, step, failure)))
        return False

    def _keep(self, step: StepRecord, row: StackResource) -> StepRecord:
        """What was written, in memory: only after the transaction, which may run twice."""
        self._desk.steps[step.logical_id] = step
        self._desk.resources[step.logical_id] = row
        return step

    async def _act(self, step: StepRecord, *, rerun: bool) -> Provisioned:
        after, before = _after(step), step.before
        if step.deed is Deed.UPDATE and before is not None and before.physical_id is not None:
            return await self._handlers.update(before, after, before.physical_id, rerun=rerun)
        return await self._handlers.create(after, rerun=rerun)

    def _begin(self, call: Call, logical_id: str) -> _Written | None:
        operation = state.find_operation(call, self._desk.stack_id)
        late = operation is not None and operation.deadline is not None and call.time() > operation.deadline
        if operation is None or operation.cancelled or late:
            return None
        listed = self._desk.resources.get(logical_id)
        before = listed if listed is not None and listed.exists else None
        resource = self._template.resources[logical_id]
        wanted = self._wanted(call, resource, before)
        try:
            wanted = self._evaluated(call, resource, wanted)
        except ServiceError as error:
            return self._refuse(call, wanted, before, error.message)
        kind = self._types.kind(resource.type)
        reason = complaint(kind, logical_id, wanted.properties)
        if reason is not None:
            return self._refuse(call, wanted, before, reason)
        deed = self._deed(wanted, before)
        return self._started(call, deed, wanted, before)

    def _wanted(self, call: Call, resource: TemplateResource, before: StackResource | None) -> StackResource:
        """The row of a resource as the template wants it, but for its properties."""
        base = before or StackResource(resource.logical_id, resource.type, "", call.time(), call.ids.uuid())
        return replace(
            base,
            tags=dict(self._source.tags),
            depends_on=tuple(sorted(self._needed[resource.logical_id])),
            deletion_policy=resource.deletion_policy,
            update_replace_policy=resource.update_replace_policy,
            description=resource.description,
            metadata=metadata_text(resource),
        )

    def _evaluated(self, call: Call, resource: TemplateResource, wanted: StackResource) -> StackResource:
        desk, template = self._desk, self._template
        answers = StackAnswers(desk.resources)
        properties = desk.evaluator(call, template, self._source, answers).evaluate(resource.properties)
        shown = properties
        if self._source.no_echo:
            masked = desk.evaluator(call, template, self._source, answers, masked=True)
            shown = masked.evaluate(resource.properties)
        return replace(wanted, properties=properties, shown_properties=shown)

    def _deed(self, wanted: StackResource, before: StackResource | None) -> Deed:
        if before is None:
            return Deed.CREATE
        kind = self._types.kind(wanted.type)
        names = {*before.properties, *wanted.properties}
        changed = {name for name in names if before.properties.get(name) != wanted.properties.get(name)}
        if changed & kind.create_only:
            return Deed.REPLACE
        if changed or ("Tags" in kind.properties and before.tags != wanted.tags):
            return Deed.UPDATE
        return Deed.KEEP

    def _started(
        self, call: Call, deed: Deed, wanted: StackResource, before: StackResource | None
    ) -> _Written:
        desk, token = self._desk, self._desk.operation.client_request_token
        if deed is Deed.KEEP:
            state.save_resource(call, desk.stack_id, wanted)
            step = StepRecord(wanted.logical_id, deed, Progress.DONE, before, wanted)
            return self._saved(call, step), wanted
        if deed is Deed.REPLACE:
            wanted = replace(wanted, token=call.ids.uuid())
            shown = replace(wanted, properties=before.properties if before else {})
            record_resource(call, desk.stack_id, shown, "UPDATE_IN_PROGRESS", _REPLACES, token)
            wanted = replace(wanted, physical_id=None, ref=None, attributes={})
        else:
            status = "CREATE_IN_PROGRESS" if deed is Deed.CREATE else "UPDATE_IN_PROGRESS"
            record_resource(call, desk.stack_id, wanted, status, None, token)
        step = StepRecord(wanted.logical_id, deed, Progress.RUNNING, before, wanted)
        return self._saved(call, step), before or wanted

    def _refuse(
        self, call: Call, wanted: StackResource, before: StackResource | None, reason: str
    ) -> _Written:
        """A step that fails before its handler is asked."""
        word = "CREATE" if before is None else "UPDATE"
        token = self._desk.operation.client_request_token
        row = before or wanted
        record_resource(call, self._desk.stack_id, row, f"{word}_IN_PROGRESS", None, token)
        row = record_resource(call, self._desk.stack_id, row, f"{word}_FAILED", reason, token)
        deed = Deed.CREATE if before is None else Deed.KEEP
        step = StepRecord(wanted.logical_id, deed, Progress.FAILED, before, row)
        return self._saved(call, step), row

    def _fail(self, call: Call, step: StepRecord, failure: Failure) -> _Written:
        desk, token = self._desk, self._desk.operation.client_request_token
        after = _after(step)
        physical_id = failure.physical_id
        if step.deed is not Deed.UPDATE:
            physical_id = physical_id or find_made(call, after.token)
        forget_notes(call, after.token)
        after = replace(after, physical_id=physical_id)
        if step.before is None:
            row = record_resource(call, desk.stack_id, after, "CREATE_FAILED", failure.reason, token)
            return self._saved(call, replace(step, progress=Progress.FAILED, after=row)), row
        if physical_id is not None and step.deed is Deed.REPLACE:
            state.save_leftover(call, desk.stack_id, Leftover(after, "Delete"))
        row = record_resource(call, desk.stack_id, step.before, "UPDATE_FAILED", failure.reason, token)
        return self._saved(call, replace(step, progress=Progress.FAILED)), row

    def _finish(self, call: Call, step: StepRecord, provisioned: Provisioned) -> _Written:
        desk, token = self._desk, self._desk.operation.client_request_token
        forget_notes(call, _after(step).token)
        row = replace(
            _after(step),
            physical_id=provisioned.physical_id,
            ref=provisioned.ref,
            attributes=dict(provisioned.attributes),
        )
        before = step.before
        moved = before is not None and before.physical_id != row.physical_id
        word = "CREATE" if step.deed is Deed.CREATE else "UPDATE"
        if moved and step.deed is Deed.UPDATE:
            row = replace(row, token=call.ids.uuid())
            record_resource(call, desk.stack_id, row, "UPDATE_IN_PROGRESS", _REPLACED, token)
        elif step.deed is not Deed.UPDATE:
            record_resource(call, desk.stack_id, row, f"{word}_IN_PROGRESS", _INITIATED, token)
        if moved and before is not None:
            state.save_leftover(call, desk.stack_id, Leftover(before, before.update_replace_policy))
        row = record_resource(call, desk.stack_id, row, f"{word}_COMPLETE", None, token)
        return self._saved(call, replace(step, progress=Progress.DONE, after=row)), row

    def _saved(self, call: Call, step: StepRecord) -> StepRecord:
        state.save_step(call, self._desk.stack_id, step)
        return step


def _after(step: StepRecord) -> StackResource:
    if step.after is None:
        raise ValueError(f"step {step.logical_id} was never begun")
    return step.after
