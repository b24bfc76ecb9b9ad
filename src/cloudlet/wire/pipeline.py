"""The path of every request, as one list of steps. Read this file first.

    bytes -> own pages -> data planes -> route -> read -> authenticate -> parse -> validate -> invoke -> serialize

A step either adds what it found to the exchange, or answers, or raises a ServiceError; then the rest is skipped.
No step knows a service by name.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import Principal
from cloudlet.core.call import Call
from cloudlet.core.errors import InternalFailure, NotImplementedHere, ServiceError, UnknownOperation
from cloudlet.core.http import Body, ClientDisconnected, HttpRequest, HttpResponse, RequestEntityTooLarge
from cloudlet.wire.authenticate import UnknownKeys, expired
from cloudlet.wire.invoke import Invoker, implemented
from cloudlet.wire.route import Destination, Router, may_name_its_action

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.identity import Credential

_LOG: Final = logging.getLogger("cloudlet.edge")
_BODY_LIMIT_BYTES: Final = 16 * 1024 * 1024
_BODY_LIMITS_BYTES: Final[Mapping[str, int]] = {"lambda": 80 * 1024 * 1024}
"""Lambda takes zip files of 50 MB, in base64."""


@dataclass(slots=True)
class Exchange:
    """One request and what the steps have found out so far."""

    request: HttpRequest
    request_id: str
    response: HttpResponse | None = None
    signed_by: SignedBy | None = None
    destination: Destination = field(default_factory=lambda: Destination(None, "", ""))
    protocol: Protocol | None = None
    operation: str | None = None
    body: bytes | Body = b""
    principal: Principal = field(default_factory=Principal.anonymous)
    parameters: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)


class Pipeline:
    """The edge: an HTTP handler."""

    def __init__(self, cloud: Cloud, router: Router, protocols: Protocols, invoker: Invoker, unknown_keys: UnknownKeys, validate: Validate, pages: Pages) -> None:
        self._cloud = cloud
        self._router = router
        self._protocols = protocols
        self._invoker = invoker
        self._unknown_keys = unknown_keys
        self._verifier = Verifier()
        self._steps: tuple[Callable[[Exchange], Awaitable[None]], ...] = (
            self.answer_own_pages,
            self.serve_data_plane,
            self.route,
            self.read_body,
            self.authenticate,  # before parsing: what is not signed is not looked at
            self.parse,
            self.validate,
            self.invoke,  # judges and runs the operation, in one transaction
            self.serialize,
        )
