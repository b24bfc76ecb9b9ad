"""What one operation works with: its stack's rows in memory, and the only way to write them, under a lease.

Knows neither phases nor handlers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cloudlet.core.access import Principal
from cloudlet.core.call import Call, Cloud
from cloudlet.core.lease import Lease
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.handler import SERVICE_PRINCIPAL
from cloudlet.services.cloudformation.deploy.intrinsics import Answers, Evaluator, Surroundings
from cloudlet.services.cloudformation.deploy.template import Template, parse_template
from cloudlet.services.cloudformation.model import (
    Operation,
    Phase,
    Stack,
    StackInput,
    StackResource,
    StepRecord,
)
from cloudlet.services.cloudformation.state import Pending

T = TypeVar("T")


class Desk:
    """The rows of one stack while an operation is at work; nobody else writes them then."""

    def __init__(self, cloud: Cloud, pending: Pending, lease: Lease) -> None:
        service = Principal.of_service(SERVICE_PRINCIPAL)
        self.cloud = cloud
        self.account, self.region = pending.account, pending.region
        self.stack_id = pending.stack_id
        self._call = cloud.call("cloudformation", service, pending.account, pending.region)
        self._lease = lease
        self.stack: Stack
        self.operation: Operation
        self.resources: dict[str, StackResource] = {}
        self.steps: dict[str, StepRecord] = {}
        self._templates: dict[str, Template] = {}

    async def load(self) -> bool:
        """Reads the rows; False if there is nothing to do any more."""
        return await self._call.transact(self._load, read_only=True)

    def _load(self, call: Call) -> bool:
        operation = state.find_operation(call, self.stack_id)
        stack = state.find_stack(call, self.stack_id)
        if operation is None or stack is None:
            return False
        self.operation, self.stack = operation, stack
        self.resources = {row.logical_id: row for row in state.resources(call, self.stack_id)}
        self.steps = {row.logical_id: row for row in state.steps(call, self.stack_id)}
        return True

    async def write(self, work: Callable[[Call], T]) -> T:
        """Runs `work` in a transaction that fails with LeaseLost if somebody else took over."""

        def fenced(call: Call) -> T:
            state.LEASES.hold(call, self._lease, self.stack_id)
            return work(call)

        return await self._call.transact(fenced)

    async def beat(self) -> None:
        """Keeps the lease while a step takes long. Raises LeaseLost."""
        while True:
            await self.cloud.clock.sleep(state.LEASES.seconds / 3)
            await self.write(lambda _: None)

    async def enter(self, work: Callable[[Call], tuple[Stack, Operation | None]]) -> Phase | None:
        """Writes a change of phase and reads the rows anew; the phase that follows."""
        self.stack, operation = await self.write(work)
        if operation is None:
            return None
        await self.load()
        return operation.phase

    async def template(self, source: StackInput) -> Template:
        """The template of an input, parsed once."""
        found = self._templates.get(source.template_id)
        if found is None:
            text = await self._call.transact(
                lambda call: state.template_text(call, self.stack_id, source.template_id), read_only=True
            )
            found = self._templates[source.template_id] = parse_template(text)
        return found

    def evaluator(
        self, call: Call, template: Template, source: StackInput, answers: Answers, *, masked: bool = False
    ) -> Evaluator:
        """Evaluates a template for this stack, with the exports of a call's transaction."""
        return Evaluator(
            template,
            surroundings(self.account, self.region, self.stack, source),
            answers,
            lambda name: export_value(call, name),
            masked=masked,
        )


def surroundings(account: str, region: str, stack: Stack, source: StackInput) -> Surroundings:
    """What a template is evaluated in."""
    return Surroundings(
        account,
        region,
        stack.stack_id,
        stack.stack_name,
        source.parameters,
        notification_arns=source.notification_arns,
    )


def export_value(call: Call, name: str) -> str | None:
    """What Fn::ImportValue answers."""
    found = state.find_export(call, name)
    return None if found is None else found.value
