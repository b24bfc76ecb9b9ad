"""Whatever is sent to the running server is answered or refused as by AWS, and never with a 500."""

from __future__ import annotations

import http.client
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.serialize import create_serializer
from botocore.session import Session
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cloud_functions import TRUST, zipped
from cloudlet.catalogue import OFFERS

SERVICES = tuple(offer.name for offer in OFFERS)
ACCOUNT = "414141414141"
NAME = "fuzzed"
NOT_HERE = 501
TEXTS = (
    NAME,
    f"arn:aws:iam::{ACCOUNT}:role/{NAME}",
    f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{NAME}",
    f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{NAME}",
    f"/aws/lambda/{NAME}",
    "id",
    "id = :v",
    "#n.a[0] < :v AND contains(",
    json.dumps(TRUST),
    '{"Resources": {"A": {"Type": "AWS::IAM::Role", "Properties": {"Fn::If": []}}}}',
    '{"Statement": {"Effect": [], "Action": {}}}',
    "#set($a = $input.path('$..[?(@.a]'))#foreach",
    "%",
    "..//../",
    "a" * 3000,
    "\u0000",
    "ü\U0001f600",
    "0",
    "-1e400",
    "",
)


class Wire:
    """A connection to the server, and what botocore would send on it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
        session = Session()
        self.models = {name: session.get_service_model(name) for name in SERVICES}
        here = {service.name: service.operations for service in (offer.load() for offer in OFFERS)}
        self.operations = {name: sorted(here[name]) for name in SERVICES}
        self._serializers = {
            name: create_serializer(model.metadata["protocol"], include_validation=False)
            for name, model in self.models.items()
        }

    def request(
        self, service: str, operation: str, parameters: dict[str, Any]
    ) -> tuple[str, str, Any, bytes]:
        """The request of an operation: method, path, headers, body."""
        model = self.models[service].operation_model(operation)
        made = self._serializers[service].serialize_to_request(parameters, model)
        prepared = AWSPreparedRequest(made["method"], self._endpoint + made["url_path"], {}, None, None)
        query = made["query_string"]
        text = query if isinstance(query, str) else http_query(query)
        path = urlsplit(prepared.url).path + (f"?{text}" if text else "")
        body = made["body"]
        if isinstance(body, dict):
            body = http_query(body)
        elif isinstance(body, io.IOBase):
            body = body.read()
        return made["method"], path, dict(made["headers"]), body.encode() if isinstance(body, str) else body

    def send(self, service: str, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
        """The status of the answer; the connection lives on, or is made again where the server closed it."""
        now = datetime.now(UTC)
        scope = f"{ACCOUNT}/{now:%Y%m%d}/us-east-1/{service}/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
        sent = {"X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}", **headers, "Authorization": signed}
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in sent.items():
            self._connection.putheader(name, value)
        self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def http_query(members: Any) -> str:
    """A query string or form."""
    return urlencode(members, doseq=True)


@pytest.fixture(scope="module")
def wire(server: Any, aws_session: Any) -> Iterator[Wire]:
    """A connection into an account where some things are, so that more than their absence is found."""

    def client(service: str) -> Any:
        return aws_session.client(
            service,
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret",
        )

    role = client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    client("s3").create_bucket(Bucket=NAME)
    client("logs").create_log_group(logGroupName=NAME)
    client("dynamodb").create_table(
        TableName=NAME,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped({"index.py": "def handler(event, context):\n    return event\n"})},
    )
    yield Wire(server.endpoint)


def values(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape's type that need not meet its constraints."""
    if shape.type_name == "structure":
        if depth > 5:
            return st.just({})
        required = {
            name: values(member, depth + 1)
            for name, member in shape.members.items()
            if name in shape.required_members
        }
        optional = {
            name: values(member, depth + 1)
            for name, member in shape.members.items()
            if name not in shape.required_members
        }
        if len(optional) > 6:
            chosen = st.sets(st.sampled_from(sorted(optional)), max_size=4)
            return chosen.flatmap(
                lambda names: st.fixed_dictionaries({**required, **{name: optional[name] for name in names}})
            )
        return st.fixed_dictionaries(required, optional=optional)
    if shape.type_name == "list":
        return st.lists(values(shape.member, depth + 1), max_size=0 if depth > 5 else 2)
    if shape.type_name == "map":
        keys = st.sampled_from(TEXTS) | st.text(max_size=5)
        return st.dictionaries(keys, values(shape.value, depth + 1), max_size=0 if depth > 5 else 2)
    if shape.type_name == "string":
        if shape.enum:
            return st.sampled_from([*shape.enum, *shape.enum, "no such thing"])
        fitting = [text for text in TEXTS if _fits(text, shape.metadata)]
        return st.sampled_from(fitting * 9 + [*TEXTS]) | st.text(max_size=8)
    if shape.type_name == "boolean":
        return st.booleans()
    if shape.type_name == "timestamp":
        return st.datetimes()
    if shape.type_name == "blob":
        return st.binary(max_size=20) | st.just(b'{"a": 1}')
    if shape.type_name in ("integer", "long"):
        least, most = int(shape.metadata.get("min", -2)), int(shape.metadata.get("max", 2**31 - 1))
        return st.integers(least, most) | st.integers(least, most) | st.integers(-(2**63), 2**63 - 1)
    return st.floats(width=32)


def _fits(text: str, constraints: dict[str, Any]) -> bool:
    """Whether a text meets a shape's constraints, as far as Python reads its pattern."""
    if not int(constraints.get("min", 0)) <= len(text) <= int(constraints.get("max", 10**9)):
        return False
    try:
        return re.search(constraints.get("pattern", ""), text) is not None
    except re.error:
        return True


@st.composite
def parameters(draw: Any, wire: Wire) -> tuple[str, str, dict[str, Any]]:
    service = draw(st.sampled_from(SERVICES))
    model = wire.models[service]
    operation = draw(st.sampled_from(wire.operations[service]))
    shape = model.operation_model(operation).input_shape
    return service, operation, draw(values(shape)) if shape else {}


fuzzing = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@fuzzing
@given(data=st.data())
def test_requests_of_every_operation_are_answered(wire: Wire, data: Any) -> None:
    service, operation, given_ = data.draw(parameters(wire))
    try:
        method, path, headers, body = wire.request(service, operation, given_)
    except (ValueError, TypeError, UnicodeError, OverflowError, AttributeError, KeyError):
        assume(False)  # botocore itself cannot write it
        return
    headers = {
        name: value
        for name, value in headers.items()
        if isinstance(value, str) and value.isprintable() and (name + value).isascii()
    }
    status = wire.send(service, method, path, headers, body)
    assert status < 500 or status == NOT_HERE, (service, operation, given_)


@fuzzing
@given(
    service=st.sampled_from(SERVICES),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"]),
    path=st.sampled_from(
        [
            "/",
            f"/{NAME}",
            f"/{NAME}/a?uploads",
            "/2015-03-31/functions",
            f"/2015-03-31/functions/{NAME}/invocations",
            "/restapis",
            "/restapis/x/y/_user_request_/z",
            "/_cloudlet/clock",
            "/_cloudlet/nothing",
            "/%ff%00/%2e%2e/a",
            "/?Action=GetUser&Version=2010-05-08&%ff=%",
        ]
    ),
    target=st.sampled_from(
        [
            None, "DynamoDB_20120810.PutItem", "DynamoDB_20120810.Query", "Logs_20140328.PutLogEvents",
            "a.b", ".",
        ]
    ),
    content_type=st.sampled_from(
        [
            None, "application/x-amz-json-1.0", "application/x-www-form-urlencoded", "application/cbor",
            "text/xml", "a",
        ]
    ),
    body=st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"{", b"[" * 3000, b'{"a":' * 1000, b"null", b"1e999", b'{"a": "\\ud800"}',
                b'{"TableName": "fuzzed", "Item": {"id": {"S": "a"}}}',
                b'{"TableName": {"a": 1}, "Item": []}',
                b"Action=CreateRole&Version=2010-05-08&Tags.member.x.Key=1",
                b"Action=CreateStack&TemplateBody=%7B&StackName=a&Version=2010-05-15",
                b"<a><b></a>",
                b'<!DOCTYPE a [<!ENTITY b "c">]><CompleteMultipartUpload>&b;</CompleteMultipartUpload>',
                b"\xbf\x61\x61\xff", b"\x9b" + b"\xff" * 8,
            ]
        ),
    ),
)  # fmt: skip
def test_bytes_of_any_kind_are_answered(wire, service, method, path, target, content_type, body) -> None:
    headers = {"X-Amz-Target": target, "Content-Type": content_type}
    status = wire.send(service, method, path, {name: value for name, value in headers.items() if value}, body)
    assert status < 500 or status == NOT_HERE


def test_the_server_still_answers_and_has_what_it_had(wire: Wire) -> None:
    """Runs after the others of this file."""
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.DescribeLimits",
        "Content-Type": "application/x-amz-json-1.0",
    }
    assert wire.send("dynamodb", "POST", "/", headers, b"{}") == 200
