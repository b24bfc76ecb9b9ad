"""Removing resources, each after those that depend on it, unless a policy keeps it.

Does not decide what becomes of the stack.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.desk import Desk
from cloudlet.services.cloudformation.deploy.handler import Failure, Handlers
from cloudlet.services.cloudformation.deploy.journal import note, record_resource
from cloudlet.services.cloudformation.model import StackResource


class Removal(Struct, frozen=True):
    """One resource that is to go."""

    resource: StackResource
    retained: bool
    listed: bool
    """Whether the stack lists it still, so that its row shows how it stands; else it is a leftover."""


def removal_order(removals: Mapping[str, Removal]) -> dict[str, frozenset[str]]:
    """For each removal, by token: those that must be done before it."""
    dependents: dict[str, set[str]] = {}
    for token, removal in removals.items():
        for logical_id in removal.resource.depends_on:
            dependents.setdefault(logical_id, set()).add(token)
    order: dict[str, frozenset[str]] = {}
    for token, removal in removals.items():
        order[token] = frozenset(dependents.get(removal.resource.logical_id, set()) - {token})
    return _without_circles(order)


def _without_circles(order: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The same order; leftovers of several templates may wait for each other, then neither waits."""
    left, free = dict(order), set[str]()
    while left:
        ready = [token for token, before in left.items() if not before - free]
        if not ready:
            for token in left:
                order[token] = frozenset(before for before in order[token] if before not in left)
            return order
        for token in ready:
            free.add(token)
            del left[token]
    return order


class Remover:
    """Runs the removals of one operation."""

    def __init__(self, desk: Desk, handlers: Handlers, removals: Mapping[str, Removal]) -> None:
        self._desk = desk
        self._handlers = handlers
        self._removals = removals

    async def remove(self, token: str) -> bool:
        """Removes one resource; whether that succeeded."""
        removal = self._removals[token]
        if removal.retained:
            await self._desk.write(lambda call: self._gone(call, removal, "DELETE_SKIPPED"))
            return True
        await self._desk.write(lambda call: self._show(call, removal, "DELETE_IN_PROGRESS", None))
        try:
            await self._handlers.delete(removal.resource)
        except Failure as failure:
            reason = failure.reason
            await self._desk.write(lambda call: self._show(call, removal, "DELETE_FAILED", reason))
            return False
        await self._desk.write(lambda call: self._gone(call, removal, "DELETE_COMPLETE"))
        return True

    def _show(self, call: Call, removal: Removal, status: str, reason: str | None) -> None:
        desk, token = self._desk, self._desk.operation.client_request_token
        if removal.listed:
            record_resource(call, desk.stack_id, removal.resource, status, reason, token)
        else:
            note(call, desk.stack_id, removal.resource, status, reason, token)

    def _gone(self, call: Call, removal: Removal, status: str) -> None:
        self._show(call, removal, status, None)
        if not removal.listed:
            state.delete_leftover(call, self._desk.stack_id, removal.resource.token)
