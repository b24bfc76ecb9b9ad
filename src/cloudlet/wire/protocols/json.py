"""JSON 1.0 and 1.1: the operation in X-Amz-Target, everything else in one JSON body.

Shapes are compiled in `documents`; here are bytes, headers and errors.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from cloudlet.core.http import HttpResponse
from cloudlet.wire.protocols.documents import Codec, DocumentCodecs, JsonCodecs, Wording
from cloudlet.wire.protocols.errors import SerializationException
from cloudlet.wire.protocols.eventstream import CONTENT_TYPE as EVENT_STREAM
from cloudlet.wire.protocols.eventstream import EventWriter, Message, encode_message
from cloudlet.wire.protocols.protocol import ErrorAnswer, Members, Protocol, whole

if TYPE_CHECKING:
    from cloudlet.core.errors import ServiceError
    from cloudlet.core.http import Body, Headers, HttpRequest
    from cloudlet.wire.model import ServiceModel, Shape

# Services of AWS's older framework name the namespace of an error, and capitalize the framework's own errors.
_NAMESPACES: Final = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    "sqs": "com.amazonaws.sqs",
}
_FRAMEWORK: Final = {
    "SerializationException": "com.amazon.coral.service",
    "UnknownOperationException": "com.amazon.coral.service",
    "AccessDeniedException": "com.amazon.coral.service",
    "UnrecognizedClientException": "com.amazon.coral.service",
    "InvalidSignatureException": "com.amazon.coral.service",
    "IncompleteSignatureException": "com.amazon.coral.service",
    "MissingAuthenticationTokenException": "com.amazon.coral.service",
    "ExpiredTokenException": "com.amazon.coral.service",
    "ValidationException": "com.amazon.coral.validate",
}
_CLASSES_WORDING: Final = frozenset({"apigateway"})
"""Services that say which class of Java's a value of the wrong type has."""
_OLD_WORDING: Final = frozenset({"dynamodb", "dynamodbstreams", "sqs"})


class OutputCodec(NamedTuple):
    """How an operation's output is written."""

    write: Codec | None
    stream: str | None
    """The member that is an event stream."""
    events: EventWriter | None


def wording_of(service: ServiceModel) -> Wording:
    """How a service says that a value has the wrong type."""
    return Wording(dynamodb=service.name in _OLD_WORDING, classes=service.name in _CLASSES_WORDING)


class DocumentProtocol(Protocol):
    """What JSON and CBOR over RPC have in common: one document in, one document out."""

    codecs: DocumentCodecs
    content_type: str

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self._inputs: dict[str, Codec] = {}
        self._outputs: dict[str, OutputCodec] = {}

    def decode(self, body: bytes) -> Any:
        """A document from bytes. Raises SerializationException."""
        raise NotImplementedError

    def encode(self, document: Any) -> bytes:
        """The bytes of a document."""
        raise NotImplementedError

    def parse(self, operation: str, request: HttpRequest, body: bytes | Body) -> Members:
        """The parameters. Raises SerializationException."""
        reader = self._inputs.get(operation)
        if reader is None:
            shape = self.service.operation(operation).input
            reader = self._inputs[operation] = self.codecs.reader(shape) if shape else _no_members
        content = whole(body)
        members: Members = reader(self.decode(content)) if content else {}
        return members

    def serialize(self, operation: str, result: Members, request_id: str) -> HttpResponse:
        """The answer."""
        codec = self._outputs.get(operation)
        if codec is None:
            codec = self._outputs[operation] = self._output(operation)
        if codec.events and codec.stream:
            return self._stream(codec, codec.events, codec.stream, result, request_id)
        content = self.encode(codec.write(result)) if codec.write else b""
        return HttpResponse(200, self.headers(request_id, content), content)

    def _output(self, operation: str) -> OutputCodec:
        shape = self.service.operation(operation).output
        if shape is None:
            return OutputCodec(None, None, None)
        stream = next((name for name, member in shape.members.items() if member.has("eventstream")), None)
        if stream is None:
            return OutputCodec(self.codecs.writer(shape), None, None)
        return OutputCodec(
            self.codecs.writer(shape), stream, EventWriter(shape.members[stream], self._event_payload)
        )

    def _event_payload(self, shape: Shape, members: Mapping[str, Any]) -> tuple[str, bytes]:
        return self.event_content_type, self.encode(self.codecs.writer(shape)(members))

    event_content_type = "application/json"

    def _stream(
        self, codec: OutputCodec, events: EventWriter, stream: str, result: Members, request_id: str
    ) -> HttpResponse:
        rest = {name: value for name, value in result.items() if name != stream}
        document = codec.write(rest) if codec.write else {}
        headers = {
            ":message-type": "event",
            ":event-type": "initial-response",
            ":content-type": self.event_content_type,
        }
        first = encode_message(Message(headers, self.encode(document)))
        sent: Headers = [("x-amzn-RequestId", request_id), ("Content-Type", EVENT_STREAM)]
        return HttpResponse(200, sent, events.frames(result[stream], first))

    def headers(self, request_id: str, content: bytes) -> Headers:
        """The headers of every answer."""
        return [("x-amzn-RequestId", request_id), ("Content-Type", self.content_type)]

    def error_document(self, answer: ErrorAnswer) -> Members:
        """The members of an error, as its document holds them."""
        document: Members = {}
        if answer.shape:
            known = {name: value for name, value in answer.members.items() if name in answer.shape.members}
            document.update(self.codecs.writer(answer.shape)(known))
        message = answer.message_member(self.message_member(answer))
        if answer.message:
            document.setdefault(message, answer.message)
        return document

    def message_member(self, answer: ErrorAnswer) -> str:
        """The name of the message's member in an error that the model does not have."""
        return "message"

    def query_error(self, answer: ErrorAnswer, query_code: str) -> Headers:
        """The header by which services that once spoke the query protocol give that protocol's code."""
        if not self.service.query_compatible:
            return []
        code = query_code or (answer.code if answer.shape else answer.code.removesuffix("Exception"))
        return [("x-amzn-query-error", f"{code};{answer.fault}")]

    def serialize_error(self, operation: str | None, error: ServiceError, request_id: str) -> HttpResponse:
        """The answer that says no."""
        answer = self.error_answer(error)
        content = self.encode({"__type": self.error_type(answer), **self.error_document(answer)})
        headers = [*self.headers(request_id, content), *self.query_error(answer, error.query_code)]
        return HttpResponse(answer.status, headers, content)

    def error_type(self, answer: ErrorAnswer) -> str:
        """The error's name, in its namespace where the service gives that."""
        return answer.name


class JsonProtocol(DocumentProtocol):
    """AWS JSON 1.0 and 1.1."""

    access_denied = ("AccessDeniedException", 400)
    unknown_operation = ("UnknownOperationException", 400)

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.codecs = JsonCodecs(wording_of(service))
        self.content_type = f"application/x-amz-json-{service.json_version}"
        self._namespace = _NAMESPACES.get(service.name)
        self._checksum = service.name in ("dynamodb", "dynamodbstreams")
        self._prefix = f"{service.target_prefix}."

    def route(self, request: HttpRequest, body: bytes = b"") -> str | None:
        """The operation that X-Amz-Target names."""
        target = request.header("x-amz-target")
        if target is None or not target.startswith(self._prefix):
            return None
        operation = target[len(self._prefix) :]
        return operation if operation in self.service else None

    def decode(self, body: bytes) -> Any:
        """A document from bytes. Raises SerializationException."""
        return read_json(body)

    def encode(self, document: Any) -> bytes:
        """The bytes of a document."""
        return orjson.dumps(document)

    def headers(self, request_id: str, content: bytes) -> Headers:
        """The headers of every answer."""
        headers = super().headers(request_id, content)
        if self._checksum:
            headers.append(("x-amz-crc32", str(zlib.crc32(content))))
        return headers

    def error_type(self, answer: ErrorAnswer) -> str:
        """The error's name, in its namespace where the service gives that."""
        if self._namespace is None:
            return answer.name
        return f"{_FRAMEWORK.get(answer.name, self._namespace)}#{answer.name}"

    def message_member(self, answer: ErrorAnswer) -> str:
        """The name of the message's member in an error that the model does not have."""
        in_capitals = self._namespace and _FRAMEWORK.get(answer.name) == "com.amazon.coral.service"
        return "Message" if in_capitals else "message"


def read_json(body: bytes) -> Any:
    """A document from JSON. Raises SerializationException."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SerializationException("Unexpected token received from parser") from error


def _no_members(document: Any) -> Members:
    return {}
