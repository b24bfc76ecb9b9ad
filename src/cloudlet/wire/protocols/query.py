"""The query protocol: a form with the operation in Action, an XML answer; and its EC2 dialect in `ec2`.

Form fields are first made a tree by the dots in their names; compiled closures then read that tree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import parse_qsl

from cloudlet.core.http import HttpResponse
from cloudlet.wire.protocols.errors import MalformedInput
from cloudlet.wire.protocols.protocol import ErrorAnswer, Members, Protocol, whole
from cloudlet.wire.protocols.scalars import READERS
from cloudlet.wire.protocols.xml import Writer, XmlCodecs, escape

if TYPE_CHECKING:
    from cloudlet.core.errors import ServiceError
    from cloudlet.core.http import Body, Headers, HttpRequest
    from cloudlet.wire.model import ServiceModel, Shape

Node: TypeAlias = dict[str, Any]
"""A field and the fields below it: its own text, if it has any, stands under the empty name."""
FormReader: TypeAlias = Callable[[Node], Any]

_MAX_FIELDS: Final = 10_000
_TEXT: Final = ""


def read_form(text: str) -> list[tuple[str, str]]:
    """The fields of a form or a query string. Raises MalformedInput."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise MalformedInput("The request's parameters are not well-formed.") from error


def form_tree(fields: list[tuple[str, str]]) -> Node:
    """The fields as a tree."""
    root: Node = {}
    for name, value in fields:
        node = root
        for part in name.split("."):
            node = node.setdefault(part, {})
        node[_TEXT] = value
    return root


class FormCodecs:
    """Makes and keeps the form readers of a service's shapes."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], FormReader] = {}

    def reader(self, shape: Shape) -> FormReader:
        """What turns a node into the value a boto3 user would pass."""
        made, identity = self._made, shape.identity()
        if identity not in made:
            # A shape may contain itself: whoever asks meanwhile gets a reader that looks the finished one up.
            made[identity] = lambda node: made[identity](node)
            made[identity] = self._make(shape)
        return made[identity]

    def _make(self, shape: Shape) -> FormReader:
        match shape.type:
            case "structure":
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case _:
                return _scalar(shape)

    def member_names(self, shape: Shape, name: str) -> list[str]:
        """The names under which a member may stand in the form, the preferred one first."""
        names = [shape.location_name or name]
        if shape.type == "list" and shape.has("flattened") and shape.member.location_name:
            names.insert(0, shape.member.location_name)
        return names

    def is_flat(self, shape: Shape) -> bool:
        """Whether the entries of a list or map stand right below its name."""
        return shape.has("flattened")

    def _structure(self, shape: Shape) -> FormReader:
        fields = [
            (name, wire_name, self.reader(member))
            for name, member in shape.members.items()
            for wire_name in reversed(self.member_names(member, name))
        ]

        def read(node: Node) -> dict[str, Any]:
            return {name: reader(node[wire_name]) for name, wire_name, reader in fields if wire_name in node}

        return read

    def _list(self, shape: Shape) -> FormReader:
        member = self.reader(shape.member)
        below = None if self.is_flat(shape) else shape.member.location_name or "member"

        def read(node: Node) -> list[Any]:
            return [member(entry) for entry in _entries(node, below)]

        return read

    def _map(self, shape: Shape) -> FormReader:
        key_name, value_name = shape.key.location_name or "key", shape.value.location_name or "value"
        key, value = self.reader(shape.key), self.reader(shape.value)
        below = None if self.is_flat(shape) else "entry"

        def read(node: Node) -> dict[str, Any]:
            pairs = {}
            for entry in _entries(node, below):
                if key_name not in entry or value_name not in entry:
                    raise MalformedInput("Start of map entry found without its key and value")
                pairs[key(entry[key_name])] = value(entry[value_name])
            return pairs

        return read


def _entries(node: Node, below: str | None) -> list[Node]:
    """The numbered entries of a list or map, in the order of their numbers."""
    numbered = node.get(below, {}) if below else node
    names = [name for name in numbered if name != _TEXT]
    if not all(name.isascii() and name.isdigit() and len(name) < 10 for name in names):
        raise MalformedInput("Unexpected complex element termination")
    return [numbered[name] for name in sorted(names, key=int)]


def _scalar(shape: Shape) -> FormReader:
    from_text = READERS[shape.type]

    def read(node: Node) -> Any:
        text = node.get(_TEXT)
        if text is None:
            raise MalformedInput("Unexpected complex element termination")
        try:
            return from_text(text)
        except ValueError as error:
            raise MalformedInput(f"Value ({text}) is not a valid {shape.type}.") from error

    return read


class QueryProtocol(Protocol):
    """AWS Query."""

    access_denied = ("AccessDenied", 403)
    validation = "ValidationError"
    unknown_operation = ("InvalidAction", 400)
    routes_by_body = True
    content_type = "text/xml"

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.forms = FormCodecs()
        self.xml = XmlCodecs()
        self.namespace = (
            service.xml_namespace
            or f"http://{service.endpoint_prefix}.amazonaws.com/doc/{service.api_version}/"
        )
        self._readers: dict[str, FormReader | None] = {}
        self._writers: dict[str, Writer | None] = {}

    def route(self, request: HttpRequest, body: bytes = b"") -> str | None:
        """The operation that Action names, in the query string or the form."""
        operation = dict(self._fields(request, body)).get("Action")
        return operation if operation and operation in self.service else None

    def _fields(self, request: HttpRequest, body: bytes) -> list[tuple[str, str]]:
        fields = read_form(request.query)
        if body:
            try:
                fields += read_form(body.decode())
            except UnicodeDecodeError as error:
                raise MalformedInput("The request's parameters are not well-formed.") from error
        return fields

    def parse(self, operation: str, request: HttpRequest, body: bytes | Body) -> Members:
        """The parameters. Raises MalformedInput."""
        if operation not in self._readers:
            shape = self.service.operation(operation).input
            self._readers[operation] = self.forms.reader(shape) if shape else None
        reader = self._readers[operation]
        if reader is None:
            return {}
        members: Members = reader(form_tree(self._fields(request, whole(body))))
        return members

    def serialize(self, operation: str, result: Members, request_id: str) -> HttpResponse:
        """The answer."""
        if operation not in self._writers:
            shape = self.service.operation(operation).output
            self._writers[operation] = self.xml.content_writer(shape) if shape else None
        out: list[str] = []
        self.envelope(out, operation, self._writers[operation], result, request_id)
        return self._answer(200, out, request_id)

    def envelope(
        self, out: list[str], operation: str, content: Writer | None, result: Members, request_id: str
    ) -> None:
        """Appends the whole document."""
        wrapper = self.service.operation(operation).result_wrapper or f"{operation}Result"
        out.append(f'<{operation}Response xmlns="{escape(self.namespace)}">')
        if content:
            out.append(f"<{wrapper}>")
            content(out, result)
            out.append(f"</{wrapper}>")
        out.append(f"<ResponseMetadata><RequestId>{escape(request_id)}</RequestId></ResponseMetadata>")
        out.append(f"</{operation}Response>")

    def _answer(self, status: int, out: list[str], request_id: str) -> HttpResponse:
        headers: Headers = [("x-amzn-RequestId", request_id), ("Content-Type", self.content_type)]
        return HttpResponse(status, headers, "".join(out).encode())

    def serialize_error(self, operation: str | None, error: ServiceError, request_id: str) -> HttpResponse:
        """The answer that says no."""
        answer = self.error_answer(error)
        out: list[str] = []
        self.error_envelope(out, answer, request_id)
        return self._answer(answer.status, out, request_id)

    def error_envelope(self, out: list[str], answer: ErrorAnswer, request_id: str) -> None:
        """Appends the whole document of an error."""
        out.append(f'<ErrorResponse xmlns="{escape(self.namespace)}"><Error><Type>{answer.fault}</Type>')
        write_error_members(out, self.xml, answer)
        out.append(f"</Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>")


def write_error_members(out: list[str], xml: XmlCodecs, answer: ErrorAnswer) -> None:
    """Appends code, message and the error's own members; what the model does not have is written as text."""
    out.append(f"<Code>{escape(answer.code)}</Code>")
    if answer.message:
        out.append(f"<Message>{escape(answer.message)}</Message>")
    modelled: Mapping[str, Shape] = answer.shape.members if answer.shape else {}
    if answer.shape:
        xml.content_writer(answer.shape)(out, _known_members(answer, modelled))
    for name, value in answer.members.items():
        if name not in modelled:
            out.append(f"<{name}>{escape(str(value))}</{name}>")


def _known_members(answer: ErrorAnswer, modelled: Mapping[str, Shape]) -> Members:
    return {
        name: value
        for name, value in answer.members.items()
        if name in modelled and name.lower() != "message"
    }
