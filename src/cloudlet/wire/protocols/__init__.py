"""AWS's wire protocols from the server's side; `Protocols` finds the one that a client chose for a service.

Judges no values (`wire.validate` does) and knows no service's operations beyond their models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.wire.protocols.amz_cbor import AmzCborProtocol
from cloudlet.wire.protocols.cbor import CborProtocol
from cloudlet.wire.protocols.ec2 import Ec2Protocol
from cloudlet.wire.protocols.json import JsonProtocol
from cloudlet.wire.protocols.protocol import Protocol
from cloudlet.wire.protocols.query import QueryProtocol
from cloudlet.wire.protocols.rest_json import RestJsonProtocol
from cloudlet.wire.protocols.rest_xml import RestXmlProtocol
from cloudlet.wire.protocols.s3 import S3Protocol
from cloudlet.wire.protocols.sns import SnsProtocol
from cloudlet.wire.protocols.sqs import SqsQueryInJsonProtocol, SqsQueryProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.model import Models, ServiceModel

__all__ = ["Protocol", "Protocols", "protocol_of"]

_BY_NAME: Final[Mapping[str, type[Protocol]]] = {
    "amz-cbor": AmzCborProtocol,
    "ec2": Ec2Protocol,
    "json": JsonProtocol,
    "query": QueryProtocol,
    "rest-json": RestJsonProtocol,
    "rest-xml": RestXmlProtocol,
    "smithy-rpc-v2-cbor": CborProtocol,
}

_SPEAK_AMZ_CBOR: Final = frozenset({"kinesis"})
"""Services whose models say nothing of it."""
_OWN: Final[Mapping[tuple[str, str], type[Protocol]]] = {
    ("s3", "rest-xml"): S3Protocol,
    ("sns", "query"): SnsProtocol,
    ("sqs", "query"): SqsQueryProtocol,
    ("sqs", "query-in-json"): SqsQueryInJsonProtocol,
}


def protocol_of(service: ServiceModel, name: str) -> Protocol:
    """One protocol of a service. Raises KeyError for a name that is none."""
    return (_OWN.get((service.name, name)) or _BY_NAME[name])(service)


class Protocols:
    """The protocols of all services, each made when a client first chooses it."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._made: dict[tuple[str, str], Protocol] = {}

    def choose(self, service: str, request: HttpRequest) -> Protocol:
        """The protocol in which a request is written. Raises UnknownService."""
        model = self._models.service(service)
        name = chosen_name(model, request)
        made = self._made.get((service, name))
        if made is None:
            made = self._made[service, name] = protocol_of(model, name)
        return made


def chosen_name(service: ServiceModel, request: HttpRequest) -> str:
    """The protocol in which a request is written; the service's own where nothing says otherwise."""
    spoken = service.protocols
    content_type = request.header("content-type") or ""
    if service.name in _SPEAK_AMZ_CBOR and content_type.startswith("application/x-amz-cbor-1."):
        return "amz-cbor"
    if len(spoken) == 1 and not service.query_compatible:
        return spoken[0]
    if "smithy-rpc-v2-cbor" in spoken and request.header("smithy-protocol") == "rpc-v2-cbor":
        return "smithy-rpc-v2-cbor"
    if request.header("x-amz-target") is not None and "json" in spoken:
        return "json"
    # Whoever spoke the query protocol once is still spoken to in it by older SDKs.
    is_form = content_type.startswith("application/x-www-form-urlencoded") or "Action=" in request.query
    if is_form and ("query" in spoken or service.query_compatible):
        in_json = request.header("accept") == "application/json" and (service.name, "query-in-json") in _OWN
        return "query-in-json" if in_json else "query"
    return spoken[0]
