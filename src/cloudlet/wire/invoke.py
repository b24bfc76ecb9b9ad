"""Running an operation: judge, open the transaction, call the function; from the wire and from inside.

Knows nothing of HTTP.
"""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from cloudlet.core.errors import NotImplementedHere, ServiceError
from cloudlet.core.operation import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.call import Call
    from cloudlet.core.identity import Recollection
    from cloudlet.core.operation import Operation, Service


class Judge(Protocol):
    """IAM, as the edge sees it."""

    def check(self, call: Call, permissions: Sequence[Permission]) -> None:
        """Raises AccessDenied unless every permission is granted. Needs an open transaction."""


class Invoker:
    """The only place that calls an operation's function. Implements core.api.Api."""

    def __init__(
        self,
        judge: Judge,
        validate: Callable[[str, str, Mapping[str, Any]], None],
        coerce: Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        self._judge = judge
        self._validate = validate
        self._coerce = coerce

    def invoke(
        self,
        call: Call,
        operation: Operation,
        request: Mapping[str, Any],
        recalled: Recollection | None = None,
    ) -> Awaitable[dict[str, Any]]:
        """Runs an operation on a validated request.

        Raises Outdated, and has done nothing, if the caller is no longer who it was recalled to be.
        """
        run = self._run(call, operation, request, recalled)
        observe = call.service.observe
        return run if observe is None else _observed(run, partial(observe, call, operation.name, request))

    async def _run(
        self, call: Call, operation: Operation, request: Mapping[str, Any], recalled: Recollection | None
    ) -> dict[str, Any]:
        identities = call.cloud.identities

        def check(inner: Call) -> None:
            if recalled is not None:
                identities.confirm(inner, recalled)
            self._check(inner, operation, request)

        def run(inner: Call) -> dict[str, Any]:
            check(inner)
            return operation.function(inner, request) or {}

        if operation.waits:
            await call.transact(check, read_only=True)
            return await operation.function(call, request) or {}
        return await call.transact(run, read_only=operation.read_only)

    async def request(
        self, call: Call, service: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Validates, judges and runs an operation as `call.principal`. Raises ServiceError."""
        chosen = self._operation(call, service, operation)
        if call.lenient:
            request = self._coerce(service, operation, request)
        self._validate(service, operation, request)
        return await self.invoke(self._asked(call, service), chosen, request)

    def request_within(
        self, call: Call, service: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The same inside the caller's open transaction, for operations that do not wait."""
        chosen = self._operation(call, service, operation)
        if chosen.waits:
            raise RuntimeError(f"{service}.{operation} waits, so it cannot run inside a transaction.")
        if call.lenient:
            request = self._coerce(service, operation, request)
        self._validate(service, operation, request)
        return self._invoke_within(self._asked(call, service), chosen, request)

    def check_within(self, call: Call, permissions: Sequence[Permission]) -> None:
        """Raises AccessDenied unless `call.principal` has every permission."""
        self._judge.check(call, permissions)

    def _invoke_within(self, call: Call, operation: Operation, request: Mapping[str, Any]) -> dict[str, Any]:
        self._check(call, operation, request)
        return operation.function(call, request) or {}

    def _check(self, call: Call, operation: Operation, request: Mapping[str, Any]) -> None:
        self._judge.check(call, operation.permissions(call, request))

    def _asked(self, call: Call, service: str) -> Call:
        return replace(call, service=call.cloud.services[service], http=None, lenient=False)

    def _operation(self, call: Call, service: str, name: str) -> Operation:
        found = call.cloud.services.get(service)
        if found is None or name not in found.operations:
            raise not_implemented(service, name)
        return found.operations[name]


async def _observed(run: Awaitable[dict[str, Any]], observe: Callable[[Outcome], None]) -> dict[str, Any]:
    begun = perf_counter()
    try:
        answer = await run
    except ServiceError as error:
        observe(Outcome({}, error, perf_counter() - begun))
        raise
    observe(Outcome(answer, None, perf_counter() - begun))
    return answer


def not_implemented(service: str, operation: str) -> NotImplementedHere:
    """The refusal of an operation that AWS has and cloudlet does not."""
    return NotImplementedHere(f"cloudlet does not implement {service}:{operation} (yet). Nothing was done.")


def implemented(service: Service, operation: str) -> Operation:
    """The operation of that name. Raises NotImplementedHere where cloudlet does not have it."""
    found = service.operations.get(operation)
    if found is None:
        raise not_implemented(service.name, operation)
    return found
