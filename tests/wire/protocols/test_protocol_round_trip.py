"""For every operation, botocore's request is parsed to what its user passed, and it reads our answer."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime

import botocore.session
import pytest
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from cloudlet.core.http import HttpRequest
from cloudlet.wire.model import Models
from cloudlet.wire.protocols import Protocols, protocol_of

SESSION = botocore.session.Session()
MODELS = Models()
PROTOCOLS = Protocols(MODELS)
TEXTS = ("plain", "with space", "a&b<c>\"d'", "ünïcödé 😀", "a/b+c%20d=e?f#g", "{}", "~tilde.-_")
HEADER_TEXTS = ("plain", "with space", "a=b;c", "x/y")

NOT_BY_PATH = {
    # It has the path of ListBuckets and is sent to a host of its own.
    ("s3", "ListDirectoryBuckets"),
}
NOT_BY_PARSER = {
    # The text of its root is read by a hook of botocore's clients.
    ("s3", "GetBucketLocation"),
}


def operations(service, but):
    return [
        SESSION.get_service_model(service).operation_model(name)
        for name in MODELS.service(service).operation_names
        if (service, name) not in but
    ]


class Maker:
    """Makes values for shapes, the same ones in every run."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, shape, depth=0):
        location = shape.serialization.get("location")
        match shape.type_name:
            case "structure":
                return self.structure(shape, depth)
            case "list":
                return [self.value(shape.member, depth + 1) for _ in range(self.random.randint(1, 2))]
            case "map":
                return {self.random.choice(("k1", "k-2")): self.value(shape.value, depth + 1)}
            case "string" if shape.enum:
                return self.random.choice(shape.enum)
            case "string":
                return self.random.choice(HEADER_TEXTS if location in ("header", "headers") else TEXTS)
            case "integer" if location == "statusCode":
                return 202
            case "integer" | "long":
                return self.random.randint(0, 1 << 30)
            case "float" | "double":
                return self.random.randint(-1000, 1000) / 8
            case "boolean":
                return self.random.random() < 0.5
            case "timestamp":
                return datetime.fromtimestamp(self.random.randint(0, 1 << 32), UTC)
            case "blob":
                return self.random.randbytes(5) if location is None else b"blob"

    def structure(self, shape, depth=0):
        names = [
            name for name, member in shape.members.items() if not member.serialization.get("eventstream")
        ]
        if getattr(shape, "is_tagged_union", False):
            names = [self.random.choice(names)]
        needed = set(shape.required_members)
        chosen = [name for name in names if name in needed or (depth < 4 and self.random.random() < 0.6)]
        if depth > 12:
            chosen = []
        return {name: self.value(shape.members[name], depth + 1) for name in chosen or names[: depth < 12]}


def plain_headers(value, shape):
    """Values of maps of headers without what a header cannot hold."""
    for name, member in shape.members.items():
        if member.serialization.get("location") == "headers" and name in value:
            value[name] = dict.fromkeys(value[name], "text")
    return value


def sent(operation, parameters):
    serializer = create_serializer(operation.service_model.resolved_protocol, include_validation=False)
    request = serializer.serialize_to_request(dict(parameters), operation)
    prepare_request_dict(request, "http://localhost")
    prepared = create_request_object(request).prepare()
    path, _, query = prepared.url.partition("localhost")[2].partition("?")
    headers = [
        (key, value.decode() if isinstance(value, bytes) else value)
        for key, value in prepared.headers.items()
    ]
    body = prepared.body or b""
    return HttpRequest(prepared.method, path, query, headers), body.encode() if isinstance(
        body, str
    ) else body


def parsed_from(protocol, operation, request, body):
    """The parameters, without the length that a client always sends."""
    parameters = protocol.parse(operation.name, request, body)
    if request.header("content-length") == "0":
        parameters.pop("ContentLength", None)
    return parameters


def expected_of(operation, parameters):
    """The parameters, without an empty payload: it is sent as an absent one."""
    payload = operation.input_shape.serialization.get("payload") if operation.input_shape else None
    return {name: value for name, value in parameters.items() if name != payload or value != {}}


@pytest.mark.parametrize("service", MODELS.names)
def test_every_request_of_botocore_is_parsed_to_its_parameters(service):
    for operation in operations(service, NOT_BY_PATH):
        if operation.has_event_stream_input or operation.deprecated:
            continue  # what is deprecated gives way to the operation that has its place in the path
        shape = operation.input_shape
        maker = Maker(f"{service}.{operation.name}")
        parameters = plain_headers(maker.structure(shape), shape) if shape else {}
        request, body = sent(operation, parameters)
        protocol = PROTOCOLS.choose(service, request)
        assert protocol.route(request, body) == operation.name
        assert parsed_from(protocol, operation, request, body) == expected_of(operation, parameters)


@pytest.mark.parametrize("service", MODELS.names)
def test_every_answer_is_read_by_botocore_as_the_result(service):
    for operation in operations(service, NOT_BY_PARSER):
        if operation.has_event_stream_output or operation.deprecated:
            continue
        shape = operation.output_shape
        maker = Maker(f"{service}.{operation.name}")
        result = plain_headers(maker.structure(shape), shape) if shape else {}
        # An answer always has a content type; where the model has a member for it, botocore gives it.
        result |= {
            name: "text/css" for name in ("contentType", "ContentType") if shape and name in shape.members
        }
        protocol = protocol_of(MODELS.service(service), operation.service_model.resolved_protocol)
        answer = protocol.serialize(operation.name, result, "the-request")
        status = answer.status if answer.status < 300 else 200
        body = io.BytesIO(answer.body) if operation.has_streaming_output else answer.body
        headers = HeadersDict(answer.headers)
        response = {"status_code": status, "headers": headers, "body": body, "context": {}}
        parsed = create_parser(operation.service_model.resolved_protocol).parse(response, shape)
        assert parsed.pop("ResponseMetadata")["RequestId"] == "the-request"
        assert read_back(parsed) == {name: value for name, value in result.items() if value != {}}, (
            operation.name
        )


def read_back(parsed):
    """What botocore read: streams to their end, and without what it makes of nothing."""
    values = {
        name: value.read() if isinstance(value, io.BytesIO) else value for name, value in parsed.items()
    }
    return {name: value for name, value in values.items() if value != {} and value != b""}
