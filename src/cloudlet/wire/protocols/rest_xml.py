"""rest-xml: REST with XML bodies.

Paths, query strings and headers are `rest`'s business, elements `xml`'s; what only S3 does is in `s3`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cloudlet.wire.protocols.protocol import ErrorAnswer, Members
from cloudlet.wire.protocols.query import write_error_members
from cloudlet.wire.protocols.rest import RestProtocol
from cloudlet.wire.protocols.xml import XmlCodecs, escape, in_body, namespace_attribute, quoted, read_xml

if TYPE_CHECKING:
    from cloudlet.wire.model import Operation, ServiceModel, Shape

XML = "application/xml"


class RestXmlProtocol(RestProtocol):
    """REST XML."""

    access_denied = ("AccessDenied", 403)
    validation = "ValidationError"
    declaration = ""

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.xml = XmlCodecs()
        self._namespace = namespace_attribute({"xmlNamespace": service.xml_namespace})

    def body_reader(self, shape: Shape) -> Callable[[bytes], Members]:
        """What reads a body into the members that travel in it."""
        read = self.xml.reader(shape)
        return lambda content: read(read_xml(content)) if content else {}

    def payload_reader(self, shape: Shape) -> Callable[[bytes], Any]:
        """What reads a body that is one structure, list or map."""
        read = self.xml.reader(shape)
        return lambda content: read(read_xml(content))

    def root_name(self, operation: Operation, shape: Shape) -> str:
        """The name of the element around the members of an answer."""
        name: str = shape.own.get("locationName") or shape.location_name or shape.name
        return name

    def root_attributes(self, shape: Shape) -> str:
        """The attributes of the element around an answer, with the space before them."""
        return namespace_attribute(shape.traits) or self._namespace

    def body_writer(
        self, operation: Operation, shape: Shape
    ) -> Callable[[Members], tuple[str | None, bytes]]:
        """What writes the members that travel in the body, with its content type."""
        inside = frozenset(name for name, member in shape.members.items() if in_body(member))
        if not inside:
            return lambda result: (None, b"")
        root, attributes = self.root_name(operation, shape), self.root_attributes(shape)
        content = self.xml.content_writer(shape)
        members = shape.members
        in_tag = {
            key: members[key].location_name or key for key in inside if members[key].has("xmlAttribute")
        }

        def write_body(result: Members) -> tuple[str | None, bytes]:
            own = "".join(
                f" {name}={quoted(str(result[key]))}" for key, name in in_tag.items() if key in result
            )
            out = [self.declaration, f"<{root}{attributes}{own}>"]
            content(out, result)
            out.append(f"</{root}>")
            return XML, "".join(out).encode()

        return write_body

    def payload_name(self, shape: Shape, member_name: str) -> str:
        """The name of the element that a payload is."""
        if shape.location_name and shape.location_name != member_name:
            return shape.location_name
        name: str = shape.own.get("locationName") or shape.name
        return name

    def payload_writer(self, shape: Shape, member_name: str) -> Callable[[Any], tuple[str | None, bytes]]:
        """What writes a body that is one structure, list or map."""
        write = self.xml.writer(shape, self.payload_name(shape, member_name))

        def write_payload(value: Any) -> tuple[str | None, bytes]:
            out = [self.declaration]
            write(out, value)
            return XML, "".join(out).encode()

        return write_payload

    def event_payload(self, shape: Shape, members: Mapping[str, Any]) -> tuple[str, bytes]:
        """What an event of an event stream holds."""
        out: list[str] = []
        self.xml.writer(shape, shape.location_name or shape.name)(out, members)
        return "text/xml", "".join(out).encode()

    def error_body(self, answer: ErrorAnswer, request_id: str) -> tuple[str | None, bytes]:
        """The document of an error, with its content type."""
        out = [f"{self.declaration}<ErrorResponse{self._namespace}>"]
        out.append(f"<Error><Type>{answer.fault}</Type>")
        write_error_members(out, self.xml, answer)
        out.append(f"</Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>")
        return XML, "".join(out).encode()
