"""Carries a stored operation out, phase by phase, until its stack is at rest. Read `Execution.run` first.

Every phase reads what is stored, does what is left to do, and stores which phase follows; so it begins
anywhere, after any crash. What a step does is in provision.py, restore.py and remove.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from cloudlet.core.call import Call, Cloud
from cloudlet.core.errors import ServiceError
from cloudlet.core.lease import Lease
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy import outcome
from cloudlet.services.cloudformation.deploy.answers import StackAnswers
from cloudlet.services.cloudformation.deploy.desk import Desk
from cloudlet.services.cloudformation.deploy.graph import dependencies
from cloudlet.services.cloudformation.deploy.handler import Handlers, principal_of
from cloudlet.services.cloudformation.deploy.provision import Provisioner
from cloudlet.services.cloudformation.deploy.remove import Removal, Remover, removal_order
from cloudlet.services.cloudformation.deploy.resource_types import ResourceTypes
from cloudlet.services.cloudformation.deploy.restore import Restorer
from cloudlet.services.cloudformation.deploy.schedule import run_in_order
from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.model import OnFailure, Phase, StackInput
from cloudlet.services.cloudformation.state import Pending

_AT_ONCE: Final = 16


class Execution:
    """One operation on one stack."""

    def __init__(self, cloud: Cloud, pending: Pending, lease: Lease) -> None:
        self._desk = Desk(cloud, pending, lease)
        self._types = ResourceTypes(cloud)
        self._handlers: Handlers

    async def run(self) -> None:
        """Works until the operation has ended. Raises LeaseLost if another server took it over."""
        desk = self._desk
        if not await desk.load():
            return
        phases: Mapping[Phase, Callable[[], Awaitable[Phase | None]]] = {
            Phase.DEPLOY: self._deploy,
            Phase.ROLL_BACK: self._roll_back,
            Phase.CLEAN_UP: self._clean_up,
            Phase.CLEAN_UP_ROLLBACK: self._clean_up,
            Phase.REMOVE_CREATED: self._remove_created,
            Phase.DELETE: self._delete,
        }
        beat = asyncio.ensure_future(desk.beat())
        try:
            phase: Phase | None = await self._assume()
            while phase is not None:
                phase = await phases[phase]()
        finally:
            beat.cancel()

    async def _assume(self) -> Phase | None:
        desk = self._desk
        try:
            principal = await principal_of(desk.cloud, desk.operation, desk.account, desk.region)
        except ServiceError as error:
            reason = f"Role {desk.operation.role_arn} is invalid or cannot be assumed: {error.message}"
            return await desk.enter(lambda call: outcome.stuck(call, desk, reason))
        place = (desk.account, desk.region)
        self._handlers = Handlers(desk.cloud, self._types, desk.stack, *place, principal)
        return desk.operation.phase

    async def _deploy(self) -> Phase | None:
        desk = self._desk
        source = _input(desk)
        try:
            template = await desk.template(source)
            needed = await desk.write(lambda call: self._needed(call, template, source))
        except ServiceError as error:
            reason = error.message
            return await desk.enter(lambda call: outcome.deploy_failed(call, desk, (), reason))
        provisioner = Provisioner(desk, template, source, self._handlers, self._types, needed)
        failed = await run_in_order(needed, provisioner.provision, at_once=_AT_ONCE, stop_at_failure=True)
        if failed:
            broken = () if provisioner.refused else tuple(sorted(failed))
            return await desk.enter(lambda call: outcome.deploy_failed(call, desk, broken, None))
        try:
            return await desk.enter(lambda call: outcome.deployed(call, desk, template, needed))
        except ServiceError as error:
            reason = error.message
            return await desk.enter(lambda call: outcome.deploy_failed(call, desk, (), reason))

    def _needed(self, call: Call, template: Template, source: StackInput) -> dict[str, frozenset[str]]:
        evaluator = self._desk.evaluator(call, template, source, StackAnswers(self._desk.resources))
        return dependencies(template, evaluator.conditions)

    async def _roll_back(self) -> Phase | None:
        desk = self._desk
        restorer = Restorer(desk, self._handlers)
        failed = await run_in_order(
            restorer.needed(), restorer.restore, at_once=_AT_ONCE, stop_at_failure=False
        )
        if failed:
            return await desk.enter(lambda call: outcome.rollback_failed(call, desk, tuple(sorted(failed))))
        return await desk.enter(lambda call: outcome.rolled_back(call, desk))

    async def _clean_up(self) -> Phase | None:
        desk = self._desk
        leftovers = await desk.write(lambda call: list(state.leftovers(call, desk.stack_id)))
        removals = {
            row.resource.token: Removal(row.resource, row.policy.startswith("Retain"), listed=False)
            for row in leftovers
        }
        await self._remove(removals)
        status = "UPDATE_COMPLETE"
        if desk.operation.phase is Phase.CLEAN_UP_ROLLBACK:
            status = "UPDATE_ROLLBACK_COMPLETE"
        return await desk.enter(lambda call: outcome.cleaned_up(call, desk, status))

    async def _remove_created(self) -> Phase | None:
        desk, operation = self._desk, self._desk.operation
        delete_all = operation.retain_except_on_create
        removals = {
            row.token: Removal(row, row.deletion_policy == "Retain" and not delete_all, listed=True)
            for row in desk.resources.values()
            if row.exists
        }
        failed = await self._remove(removals)
        return await desk.enter(
            lambda call: outcome.removed(call, desk, failed, "ROLLBACK_FAILED", "ROLLBACK_COMPLETE")
        )

    async def _delete(self) -> Phase | None:
        desk = self._desk
        in_use = await desk.write(lambda call: outcome.exports_in_use(call, desk.stack_id, ()))
        if in_use is not None:
            reason = in_use
            return await desk.enter(lambda call: outcome.not_deleted(call, desk, reason))
        keep = desk.operation.retain_resources
        deletes_created = desk.operation.on_failure is OnFailure.DELETE and desk.operation.creating
        removals = {
            row.token: Removal(
                row, _retained(row.deletion_policy, deletes_created) or row.logical_id in keep, True
            )
            for row in desk.resources.values()
            if row.exists
        }
        leftovers = await desk.write(lambda call: list(state.leftovers(call, desk.stack_id)))
        for left in leftovers:
            removals[left.resource.token] = Removal(
                left.resource, left.policy.startswith("Retain"), listed=False
            )
        failed = await self._remove(removals)
        return await desk.enter(
            lambda call: outcome.removed(call, desk, failed, "DELETE_FAILED", "DELETE_COMPLETE")
        )

    async def _remove(self, removals: Mapping[str, Removal]) -> tuple[str, ...]:
        remover = Remover(self._desk, self._handlers, removals)
        failed = await run_in_order(
            removal_order(removals), remover.remove, at_once=_AT_ONCE, stop_at_failure=False
        )
        return tuple(sorted(removals[token].resource.logical_id for token in failed))


def _retained(policy: str, deletes_created: bool) -> bool:
    return policy == "Retain" or (policy == "RetainExceptOnCreate" and not deletes_created)


def _input(desk: Desk) -> StackInput:
    if desk.stack.input is None:
        raise ValueError(f"stack {desk.stack_id} is deployed without a template")
    return desk.stack.input
