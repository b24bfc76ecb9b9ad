"""rest-json: REST with JSON bodies.

Paths, query strings and headers are `rest`'s business, shapes `documents`'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from cloudlet.wire.protocols.documents import JsonCodecs
from cloudlet.wire.protocols.errors import SerializationException
from cloudlet.wire.protocols.json import read_json, wording_of
from cloudlet.wire.protocols.protocol import ErrorAnswer, Members
from cloudlet.wire.protocols.rest import RestProtocol
from cloudlet.wire.protocols.xml import in_body

if TYPE_CHECKING:
    from cloudlet.core.http import Headers
    from cloudlet.wire.model import Operation, ServiceModel, Shape

JSON = "application/json"


class RestJsonProtocol(RestProtocol):
    """REST JSON."""

    bad_parameter = SerializationException
    query_map_holds_all = True

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.codecs = JsonCodecs(wording_of(service))

    @property
    def blob_content_type(self) -> str:
        """The content type of bytes without one: what functions return is meant as JSON."""
        return JSON if self.service.name == "lambda" else super().blob_content_type

    def body_reader(self, shape: Shape) -> Callable[[bytes], Members]:
        """What reads a body into the members that travel in it."""
        read = self.codecs.reader(shape)
        elsewhere = [name for name, member in shape.members.items() if member.location]

        def read_body(content: bytes) -> Members:
            members: Members = read(read_json(content)) if content else {}
            for name in elsewhere:
                members.pop(name, None)
            return members

        return read_body

    def payload_reader(self, shape: Shape) -> Callable[[bytes], Any]:
        """What reads a body that is one structure, list, map or document."""
        read = self.codecs.reader(shape)
        return lambda content: read(read_json(content))

    def body_writer(
        self, operation: Operation, shape: Shape
    ) -> Callable[[Members], tuple[str | None, bytes]]:
        """What writes the members that travel in the body, with its content type."""
        write = self.codecs.writer(shape)
        elsewhere = frozenset(name for name, member in shape.members.items() if not in_body(member))

        def write_body(result: Members) -> tuple[str | None, bytes]:
            inside = {name: value for name, value in result.items() if name not in elsewhere}
            return JSON, orjson.dumps(write(inside))

        return write_body

    def payload_writer(self, shape: Shape, member_name: str) -> Callable[[Any], tuple[str | None, bytes]]:
        """What writes a body that is one structure, list, map or document."""
        write = self.codecs.writer(shape)
        return lambda value: (JSON, orjson.dumps(write(value)))

    def event_payload(self, shape: Shape, members: Mapping[str, Any]) -> tuple[str, bytes]:
        """What an event of an event stream holds."""
        return JSON, orjson.dumps(self.codecs.writer(shape)(members))

    def error_headers(self, answer: ErrorAnswer) -> Headers:
        """The header that names the error."""
        return [("x-amzn-ErrorType", answer.name)]

    def error_body(self, answer: ErrorAnswer, request_id: str) -> tuple[str | None, bytes]:
        """The document of an error, with its content type."""
        document: Members = {}
        if answer.shape:
            members = answer.shape.members
            known = {
                name: value
                for name, value in answer.members.items()
                if name in members and members[name].location is None
            }
            document = self.codecs.writer(answer.shape)(known)
        if answer.message:
            document.setdefault(answer.message_member("message"), answer.message)
        return JSON, orjson.dumps(document)
