"""What rest-json and rest-xml share: members in path, query string, headers and status; and the payload.

Bodies are left to the two protocols.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from msgspec import Struct

from cloudlet.core.errors import ServiceError
from cloudlet.core.http import HttpResponse
from cloudlet.wire.protocols.errors import InvalidArgument
from cloudlet.wire.protocols.eventstream import CONTENT_TYPE as EVENT_STREAM
from cloudlet.wire.protocols.eventstream import EventWriter
from cloudlet.wire.protocols.protocol import ErrorAnswer, Members, Protocol, as_response_body, whole
from cloudlet.wire.protocols.query import read_form
from cloudlet.wire.protocols.rest_routes import Match, Routes
from cloudlet.wire.protocols.scalars import READERS, text_writer

if TYPE_CHECKING:
    from cloudlet.core.http import Body, Headers, HttpRequest, ResponseBody
    from cloudlet.wire.model import Operation, ServiceModel, Shape

FromTexts: TypeAlias = Callable[[list[str]], Any]


class Inputs(Struct, frozen=True):
    """Where an operation's parameters are read from."""

    labels: list[tuple[str, str, FromTexts]]
    queries: list[tuple[str, str, FromTexts]]
    query_map: tuple[str, bool] | None
    """The member that takes the query string's other parameters, and whether its values are lists."""
    literals: frozenset[str]
    """The parameters of the query string that only tell the operation."""
    headers: list[tuple[str, str, FromTexts]]
    header_maps: list[tuple[str, str]]
    payload: Callable[[bytes | Body, HttpRequest], Members]
    streams: bool


class Outputs(Struct, frozen=True):
    """Where an answer's members are written to."""

    status: int
    status_member: str | None
    headers: list[tuple[str, str, Callable[[Any], str | None]]]
    header_maps: list[tuple[str, str]]
    payload: Callable[[Members], tuple[str | None, ResponseBody]]


class RestProtocol(Protocol):
    """A REST protocol; subclasses read and write bodies."""

    bad_parameter: type[ServiceError] = InvalidArgument
    query_map_holds_all = False
    """Whether a map of the query string also takes the parameters that have members of their own."""

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self._routes: Routes | None = None
        self._matched: tuple[HttpRequest | None, Match | None] = None, None
        self._inputs: dict[str, Inputs] = {}
        self._outputs: dict[str, Outputs] = {}

    @property
    def blob_content_type(self) -> str:
        """The content type of bytes of which the operation says none."""
        return "application/octet-stream"

    def match(self, request: HttpRequest) -> Match | None:
        """The operation that method, path and query string mean, with its labels."""
        if self._routes is None:
            self._routes = Routes(self.service)
        if self._matched[0] is not request:
            self._matched = request, self._routes.find(request)
        return self._matched[1]

    def route(self, request: HttpRequest, body: bytes = b"") -> str | None:
        """The operation that method, path and query string mean."""
        match = self.match(request)
        return match.operation if match else None

    def streams_input(self, operation: str) -> bool:
        """Whether the request's body is to be handed on without reading it."""
        return self._input(operation).streams

    def body_reader(self, shape: Shape) -> Callable[[bytes], Members]:
        """What reads a body into the members that travel in it."""
        raise NotImplementedError

    def payload_reader(self, shape: Shape) -> Callable[[bytes], Any]:
        """What reads a body that is one structure, list, map or document."""
        raise NotImplementedError

    def body_writer(
        self, operation: Operation, shape: Shape
    ) -> Callable[[Members], tuple[str | None, bytes]]:
        """What writes the members that travel in the body, with its content type."""
        raise NotImplementedError

    def payload_writer(self, shape: Shape, member_name: str) -> Callable[[Any], tuple[str | None, bytes]]:
        """What writes a body that is one structure, list, map or document."""
        raise NotImplementedError

    def event_payload(self, shape: Shape, members: Mapping[str, Any]) -> tuple[str, bytes]:
        """What an event of an event stream holds."""
        raise NotImplementedError

    def error_body(self, answer: ErrorAnswer, request_id: str) -> tuple[str | None, bytes]:
        """The document of an error, with its content type."""
        raise NotImplementedError

    def id_headers(self, request_id: str) -> Headers:
        """The headers that name the request."""
        return [("x-amzn-RequestId", request_id)]

    def error_headers(self, answer: ErrorAnswer) -> Headers:
        """The headers of an error beyond those it has members for."""
        return []

    def _input(self, operation: str) -> Inputs:
        made = self._inputs.get(operation)
        if made is None:
            made = self._inputs[operation] = self._compile_input(self.service.operation(operation))
        return made

    def _compile_input(self, operation: Operation) -> Inputs:
        shape = operation.input
        members = shape.members if shape else {}

        def at(location: str) -> list[tuple[str, str, FromTexts]]:
            return [
                (name, member.location_name or name, self._from_texts(member, location))
                for name, member in members.items()
                if member.location == location and member.type != "map"
            ]

        query_maps = [
            (n, m.value.type == "list")
            for n, m in members.items()
            if m.location == "querystring" and m.type == "map"
        ]
        return Inputs(
            labels=at("uri"),
            queries=at("querystring"),
            query_map=query_maps[0] if query_maps else None,
            literals=frozenset(part.partition("=")[0] for part in operation.uri.partition("?")[2].split("&")),
            headers=[(name, header.lower(), read) for name, header, read in at("header")],
            header_maps=[
                (n, (m.location_name or "").lower()) for n, m in members.items() if m.location == "headers"
            ],
            payload=self._compile_payload(shape),
            streams=_streams(shape),
        )

    def _from_texts(self, shape: Shape, location: str) -> FromTexts:
        if shape.type == "list":
            one = READERS[shape.member.type]
            if location == "header":
                split = _split_dates if shape.member.type == "timestamp" else _split_list
                return self._refusing(lambda texts: [one(text) for text in split(texts[0])], shape)
            return self._refusing(lambda texts: [one(text) for text in texts], shape)
        if shape.traits.get("jsonvalue"):
            return self._refusing(
                lambda texts: orjson.loads(base64.b64decode(texts[-1], validate=True)), shape
            )
        scalar = READERS[shape.type]
        return self._refusing(lambda texts: scalar(texts[-1]), shape)

    def _refusing(self, read: FromTexts, shape: Shape) -> FromTexts:
        def read_or_refuse(texts: list[str]) -> Any:
            try:
                return read(texts)
            except (ValueError, binascii.Error) as error:
                raise self.bad_parameter(self.bad_parameter_text(shape, texts[-1])) from error

        return read_or_refuse

    def bad_parameter_text(self, shape: Shape, text: str) -> str:
        """What is said of a header, label or query that is not of its type."""
        return f"Provided {shape.location_name or shape.name} not a valid {shape.type}"

    def _compile_payload(self, shape: Shape | None) -> Callable[[bytes | Body, HttpRequest], Members]:
        if shape is None:
            return lambda body, request: {}
        name = shape.own.get("payload")
        if name is None:
            if all(member.location for member in shape.members.values()):
                return lambda body, request: {}
            read_body = self.body_reader(shape)
            return lambda body, request: read_body(whole(body))
        member = shape.members[name]
        if _streams(shape):
            return lambda body, request: {name: body} if body else {}
        if member.type in ("blob", "string"):
            return lambda body, request: _raw_payload(name, member.type, whole(body))
        read_payload = self.payload_reader(member)
        return lambda body, request: self._structured_payload(name, read_payload, whole(body))

    def _structured_payload(self, name: str, read: Callable[[bytes], Any], content: bytes) -> Members:
        # Clients send an empty document where the payload is absent.
        return {name: value} if content and (value := read(content)) != {} else {}

    def parse(self, operation: str, request: HttpRequest, body: bytes | Body) -> Members:
        """The parameters as a boto3 user would pass them. Raises a ServiceError for what does not fit."""
        inputs = self._input(operation)
        members: Members = {}
        self._read_labels(inputs, request, members)
        if request.query and (inputs.queries or inputs.query_map):
            self._read_query(inputs, request, members)
        for name, header, read in inputs.headers:
            text = request.header(header)
            if text is not None:
                members[name] = read([text])
        for name, prefix in inputs.header_maps:
            self._read_prefixed(name, prefix, request, members)
        members.update(inputs.payload(body, request))
        return members

    def _read_labels(self, inputs: Inputs, request: HttpRequest, members: Members) -> None:
        if inputs.labels:
            match = self.match(request)
            labels = match.labels if match else {}
            for name, label, read in inputs.labels:
                if label in labels:
                    members[name] = read([self._checked(labels[label])])

    def _checked(self, text: str) -> str:
        # A label that is not UTF-8 comes from the router with surrogates in it.
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise self.bad_parameter("Couldn't parse the specified URI.")
        return text

    def _read_query(self, inputs: Inputs, request: HttpRequest, members: Members) -> None:
        texts: dict[str, list[str]] = {}
        for key, value in read_form(request.query):
            texts.setdefault(key, []).append(value)
        for name, key, read in inputs.queries:
            if key in texts:
                members[name] = read(texts[key])
        if inputs.query_map:
            name, lists = inputs.query_map
            named = () if self.query_map_holds_all else (key for _, key, _ in inputs.queries)
            bound = inputs.literals.union(named)
            rest = {key: value if lists else value[0] for key, value in texts.items() if key not in bound}
            if rest:
                members[name] = rest

    def _read_prefixed(self, name: str, prefix: str, request: HttpRequest, members: Members) -> None:
        found = {}
        for key, value in request.headers:
            if key.lower().startswith(prefix):
                found[self.map_key(key[len(prefix) :])] = value
        if found:
            members[name] = found

    def map_key(self, key: str) -> str:
        """A key of a map of headers."""
        return key

    def _output(self, operation: str) -> Outputs:
        made = self._outputs.get(operation)
        if made is None:
            made = self._outputs[operation] = self._compile_output(self.service.operation(operation))
        return made

    def _compile_output(self, operation: Operation) -> Outputs:
        shape = operation.output
        members = shape.members if shape else {}
        status = next((name for name, member in members.items() if member.location == "statusCode"), None)
        headers, header_maps = output_headers(members)
        return Outputs(operation.status, status, headers, header_maps, self._compile_answer(operation, shape))

    def _compile_answer(
        self, operation: Operation, shape: Shape | None
    ) -> Callable[[Members], tuple[str | None, ResponseBody]]:
        if shape is None:
            return lambda result: (None, b"")
        name = shape.own.get("payload")
        if name is None:
            return self.body_writer(operation, shape)
        member = shape.members[name]
        if member.has("eventstream"):
            events = EventWriter(member, self.event_payload)
            return lambda result: (EVENT_STREAM, events.frames(result[name]))
        if member.type in ("blob", "string"):
            kind = self.blob_content_type if member.type == "blob" else "text/plain"
            return lambda result: (kind, as_response_body(result.get(name)))
        write = self.payload_writer(member, name)
        return lambda result: write(result[name]) if result.get(name) is not None else (None, b"")

    def serialize(self, operation: str, result: Members, request_id: str) -> HttpResponse:
        """The answer."""
        outputs = self._output(operation)
        headers = self.id_headers(request_id)
        for name, header, write in outputs.headers:
            value = result.get(name)
            if value is not None and (text := write(value)) is not None:
                headers.append((header, one_line(text)))
        for name, prefix in outputs.header_maps:
            headers += [(prefix + key, one_line(value)) for key, value in (result.get(name) or {}).items()]
        kind, body = outputs.payload(result)
        if kind and not any(key.lower() == "content-type" for key, _ in headers):
            headers.append(("Content-Type", kind))
        status = result.get(outputs.status_member) if outputs.status_member else None
        return HttpResponse(status or outputs.status, headers, body)

    def serialize_error(self, operation: str | None, error: ServiceError, request_id: str) -> HttpResponse:
        """The answer that says no."""
        answer = self.error_answer(error)
        headers = [*self.id_headers(request_id), *self.error_headers(answer)]
        if answer.shape:
            written, _ = output_headers(answer.shape.members)
            for name, header, write in written:
                value = answer.members.get(name)
                if value is not None and (text := write(value)) is not None:
                    headers.append((header, one_line(text)))
        if operation is not None and self.service.operation(operation).method == "HEAD":
            return HttpResponse(answer.status, headers, b"")
        kind, body = self.error_body(answer, request_id)
        if kind:
            headers.append(("Content-Type", kind))
        return HttpResponse(answer.status, headers, body)


def _streams(shape: Shape | None) -> bool:
    name = shape.own.get("payload") if shape else None
    if shape is None or name is None:
        return False
    member = shape.members[name]
    return member.type == "blob" and member.has("streaming")


def _raw_payload(name: str, shape_type: str, content: bytes) -> Members:
    if not content:
        return {}
    if shape_type == "blob":
        return {name: content}
    try:
        return {name: content.decode()}
    except UnicodeDecodeError as error:
        raise InvalidArgument("The body is not UTF-8.") from error


def one_line(text: str) -> str:
    """A text as a header may hold it: a break in it would begin a header that nobody meant."""
    return text.replace("\r", " ").replace("\n", " ") if "\n" in text or "\r" in text else text


def output_headers(
    members: Mapping[str, Shape],
) -> tuple[list[tuple[str, str, Callable[[Any], str | None]]], list[tuple[str, str]]]:
    """How the members that travel in headers are written, and the prefixes of maps of headers."""
    headers = [
        (name, member.location_name or name, _to_header(member))
        for name, member in members.items()
        if member.location == "header"
    ]
    maps = [
        (name, member.location_name or "") for name, member in members.items() if member.location == "headers"
    ]
    return headers, maps


def _to_header(shape: Shape) -> Callable[[Any], str | None]:
    if shape.type == "list":
        one = _to_header(shape.member)
        quote = shape.member.type == "string"

        def write(values: list[Any]) -> str | None:
            texts = [text for value in values if (text := one(value)) is not None]
            return ", ".join(_quoted(text) if quote else text for text in texts) if texts else None

        return write
    if shape.traits.get("jsonvalue"):
        return lambda value: base64.b64encode(orjson.dumps(value)).decode("ascii")
    return text_writer(shape.type, shape.traits.get("timestampFormat", "rfc822"))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if '"' in text or "," in text else text


_LIST_ITEM: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*?))\s*(?:,|$)')


def _split_list(text: str) -> list[str]:
    """The values of a header that is a list; those in quotes may hold commas."""
    items, at = [], 0
    while at < len(text):
        found = _LIST_ITEM.match(text, at)
        if found is None:
            raise ValueError(f"not a list: {text}")
        quoted, bare = found.groups()
        items.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare)
        at = found.end()
    return items


def _split_dates(text: str) -> list[str]:
    """The dates of a header; in each of the common format stands a comma."""
    parts = [part.strip() for part in text.split(",")]
    if not parts[0][:1].isalpha():
        return parts
    return [", ".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]
