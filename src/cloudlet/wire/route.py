"""Which service a request is for: by signature scope, target header, host, action.

Finds the service and the region only; the operation is found by the service's protocol.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from msgspec import Struct

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.model import Models

DEFAULT_REGION: Final = "us-east-1"
_FORM: Final = "application/x-www-form-urlencoded"


class Endpoint(Struct, frozen=True):
    """What tells a service's requests from others'."""

    service: str
    signing_name: str
    endpoint_prefix: str
    target_prefix: str | None
    api_version: str
    path_prefix: str = ""
    """The paths that are this service's, among services that sign with the same name."""


def endpoints(models: Models) -> list[Endpoint]:
    """The endpoints of all services that a model is there for."""
    return [_endpoint(name, models.metadata(name)) for name in models.names]


def _endpoint(name: str, metadata: Mapping[str, Any]) -> Endpoint:
    prefix = metadata["endpointPrefix"]
    return Endpoint(
        name,
        metadata.get("signingName", prefix),
        prefix,
        metadata.get("targetPrefix"),
        metadata["apiVersion"],
    )


class Destination(Struct, frozen=True):
    """Where a request goes; `service` is None where it says none that AWS has a model for here."""

    service: str | None
    region: str
    named: str
    """What the request itself called the service, for the text of a refusal."""


class Router:
    """The table of all services' endpoints."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._by_signing_name: dict[str, list[Endpoint]] = defaultdict(list)
        self._by_host: dict[str, Endpoint] = {}
        self._by_target: dict[str, Endpoint] = {}
        self._by_api_version: dict[str, Endpoint] = {}
        for endpoint in endpoints:
            self._by_signing_name[endpoint.signing_name].append(endpoint)
            self._by_host.setdefault(endpoint.endpoint_prefix, endpoint)
            self._by_api_version.setdefault(endpoint.api_version, endpoint)
            if endpoint.target_prefix:
                self._by_target[endpoint.target_prefix] = endpoint

    def route(self, request: HttpRequest, scope: tuple[str, str] | None, form: bytes = b"") -> Destination:
        """Service and region. `scope` is a signature's region and service, `form` a body that may name it."""
        if scope is not None:
            region, named = scope
            return Destination(self._signed(request, named), region or DEFAULT_REGION, named)
        host, region = self._by_host_name(request.header("host") or "")
        found = self._by_target_header(request) or host or self._by_action(request, form)
        service = found.service if found else "s3"
        return Destination(service, region, service)

    def _signed(self, request: HttpRequest, signing_name: str) -> str | None:
        candidates = self._by_signing_name.get(signing_name)
        if not candidates:
            return None
        if len(candidates) == 1:
            return candidates[0].service
        found = self._by_target_header(request)
        if found in candidates:
            return found.service
        by_path = (
            each for each in candidates if each.path_prefix and request.path.startswith(each.path_prefix)
        )
        return next(by_path, candidates[0]).service

    def _by_target_header(self, request: HttpRequest) -> Endpoint | None:
        prefix, dot, _ = (request.header("x-amz-target") or "").rpartition(".")
        return self._by_target.get(prefix) if dot else None

    def _by_host_name(self, host: str) -> tuple[Endpoint | None, str]:
        labels = host.partition(":")[0].lower().removesuffix(".amazonaws.com").split(".")
        # From the right: a bucket may have the name of a service.
        for place, label in reversed(list(enumerate(labels))):
            found = self._by_host.get(label)
            if found is not None:
                following = labels[place + 1] if place + 1 < len(labels) else ""
                return found, following if following.count("-") >= 2 else DEFAULT_REGION
        return None, DEFAULT_REGION

    def _by_action(self, request: HttpRequest, form: bytes) -> Endpoint | None:
        if "Action=" not in request.query and not form.startswith(b"Action=") and b"&Action=" not in form:
            return None
        text = form.decode("ascii", "replace") if form else request.query
        return self._by_api_version.get(parse_qs(text).get("Version", [""])[0])


def names_its_action(request: HttpRequest) -> bool:
    """Whether an unsigned request's body has to be read to know whom it is for."""
    return request.method == "POST" and (request.header("content-type") or "").startswith(_FORM)
