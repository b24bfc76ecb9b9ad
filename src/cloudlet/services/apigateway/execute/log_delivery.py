"""Brings the lines of stages' logs to CloudWatch Logs, in batches and off the path of requests.

As the role that the account's settings name; a role that may not write loses the lines, as at AWS.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.core.log_events import HeldLines, make_group, make_stream, put_lines
from cloudlet.services.apigateway import state

from .callers import RoleSessions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.core.call import Call, Cloud

_LOG: Final = logging.getLogger("cloudlet.apigateway")
_HELD_LIMIT_BYTES: Final = 16 << 20


class LogGroup(Struct, frozen=True):
    """Where lines go."""

    account: str
    region: str
    name: str
    is_own: bool
    """Whether API Gateway makes the group itself."""


class StageLogs:
    """What was not delivered yet. A component; by run(), a worker's body too."""

    name: Final = "apigateway-logs"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._stream = cloud.ids.hexadecimal(32)
        self._held: HeldLines[LogGroup] = HeldLines("stages", _HELD_LIMIT_BYTES)
        self._made: set[LogGroup] = set()

    async def close(self) -> None:
        """Delivers what is left."""
        await self.deliver()

    def add(self, group: LogGroup, seconds: float, message: str) -> None:
        """Takes a line; beyond the bound it is counted and lost."""
        self._held.add(group, seconds, message)

    async def run(self) -> None:
        """Delivers, a little after there is something."""
        while True:
            await self._held.gather()
            await self.deliver()

    async def deliver(self) -> None:
        """Delivers all that is held now."""
        for group, lines in self._held.take().items():
            try:
                await self._put(group, lines)
            except ServiceError as error:
                self._made.discard(group)  # it may have been deleted, and is made anew for the next lines
                _LOG.info("the log %s gets no lines: %s", group.name, error.message)

    async def _put(self, group: LogGroup, lines: Iterable[tuple[int, str]]) -> None:
        call = await self._writer(group)
        if group not in self._made:
            if group.is_own:
                await make_group(call, group.name)
            await make_stream(call, group.name, self._stream)
            self._made.add(group)
        await put_lines(call, group.name, self._stream, sorted(lines, key=lambda line: line[0]))

    async def _writer(self, group: LogGroup) -> Call:
        principal = Principal.of_service("apigateway.amazonaws.com")
        call = self._cloud.call("apigateway", principal, group.account, group.region)
        account = await call.transact(state.account, read_only=True)
        if account.cloudwatch_role_arn is None:
            raise ServiceError("CloudWatch Logs role ARN must be set in account settings to enable logging")
        session = await self._cloud.component(RoleSessions).session(call, account.cloudwatch_role_arn)
        return call.as_principal(session.principal)
