"""What the cloud cannot read or does not do: refused in AWS's form, never a 500, never an empty success."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import cbor2
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from running_server import Client, RunningServer

SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
)
CASES = {
    "json 1.0": ("dynamodb", {"X-Amz-Target": "DynamoDB_20120810.PutItem"}, "application/x-amz-json-1.0"),
    "json 1.1": ("logs", {"X-Amz-Target": "Logs_20140328.CreateLogGroup"}, "application/x-amz-json-1.1"),
    "cbor": ("logs", {"Smithy-Protocol": "rpc-v2-cbor"}, "application/cbor"),
    "query": ("iam", {}, "application/x-www-form-urlencoded"),
    "rest-json": ("lambda", {}, "application/json"),
    "rest-xml": ("s3", {}, "application/xml"),
}
PATHS = {
    "cbor": ("POST", "/service/Logs_20140328/operation/CreateLogGroup"),
    "rest-json": ("POST", "/2015-03-31/functions"),
    "rest-xml": ("PUT", "/some-bucket?tagging"),
}
BAD = {
    "json 1.0": [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b'{"TableName": 1}',
        b'{"Item": {"a": {"N": {}}}}',
        b"\xff\xfe",
    ],
    "json 1.1": [b"{", b"[1]", b'{"logGroupName": {"a": 1}}', b'{"logGroupName": null}', b"\x00"],
    "cbor": [b"", b"\xff", b"\xa1", cbor2.dumps([1]), cbor2.dumps({"logGroupName": 1}), b"\x9f" * 2000],
    "query": [
        b"",
        b"Action=",
        b"Action=CreateUser&Version=2010-05-08",
        b"Action=%ff&Version=x",
        b"%%%",
        b"\xff=\xff",
    ],
    "rest-json": [b"{", b"[]", b'{"FunctionName": []}', b'{"Code": {"ZipFile": "***"}}', b"\xff"],
    "rest-xml": [
        b"",
        b"<",
        b"<Tagging>",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"\xff",
        b"<Tagging/>x",
    ],
}

Ask = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def ask(server: RunningServer) -> Ask:
    def send(case: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        service, own, kind = CASES[case]
        method, path = PATHS.get(case, ("POST", "/"))
        connection = HTTPConnection(urlsplit(server.endpoint).netloc, timeout=10)
        sent = {**own, "Content-Type": kind, "X-Amz-Date": "20260101T000000Z", **headers}
        sent.setdefault("Authorization", SIGNATURE.format(service))
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    return send


def code_in(headers: dict[str, str], content: bytes) -> str:
    """The error's code, in whichever form the answer has."""
    if headers.get("smithy-protocol"):
        return str(cbor2.loads(content)["__type"])
    if "json" in headers["content-type"]:
        document = json.loads(content)
        return str(headers.get("x-amzn-errortype") or document["__type"]).rpartition("#")[2]
    found = re.search(rb"<Code>([^<]+)</Code>", content)
    assert found is not None, content
    return found[1].decode()


@pytest.mark.parametrize(("case", "body"), [(case, body) for case, bodies in BAD.items() for body in bodies])
def test_a_malformed_body_is_refused_by_name(ask: Ask, case: str, body: bytes) -> None:
    status, headers, content = ask(case, body)
    assert 400 <= status < 500, content
    assert code_in(headers, content)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=st.sampled_from(sorted(CASES)), body=st.binary(max_size=200))
def test_no_bytes_at_all_make_the_server_fail(ask: Ask, case: str, body: bytes) -> None:
    status, headers, content = ask(case, body)
    assert status < 500, content
    assert status < 400 or code_in(headers, content)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    case=st.sampled_from(["json 1.0", "json 1.1", "rest-json"]),
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["TableName", "Item", "S", "logGroupName", "Code"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ),
)
def test_no_document_makes_the_server_fail(ask: Ask, case: str, document: Any) -> None:
    status, _, content = ask(case, json.dumps(document).encode())
    assert status < 500, content


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(signature=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=120))
def test_no_signature_makes_the_server_fail(ask: Ask, signature: str) -> None:
    for text in (signature, f"AWS4-HMAC-SHA256 {signature}", SIGNATURE.format(signature)):
        status, _, content = ask("json 1.0", b"{}", Authorization=text)
        # 501 names a service that is not here, and is said only where the signature names one.
        assert 400 <= status < 500 or (status == 501 and b"cloudlet does not have the service" in content)


@pytest.mark.parametrize(
    ("service", "call", "parameters"),
    [
        ("ses", "list_identities", {}),
        ("ec2", "describe_instances", {}),
        ("glue", "get_databases", {}),
        ("eks", "list_clusters", {}),
    ],
)
def test_a_service_that_is_not_here_is_named(
    client: Client, service: str, call: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(service), call)(**parameters)
    error = refused.value.response["Error"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error["Code"] == "NotImplemented"
    assert f"'{service}'" in error["Message"]


@pytest.mark.parametrize(
    ("service", "call", "parameters", "named"),
    [
        ("dynamodb", "list_bulk_operations", {}, "dynamodb:ListBulkOperations"),
        ("iam", "list_virtual_mfa_devices", {}, "iam:ListVirtualMFADevices"),
        ("lambda", "list_capacity_providers", {}, "lambda:ListCapacityProviders"),
        ("logs", "describe_destinations", {}, "logs:DescribeDestinations"),
        ("s3", "list_bucket_metrics_configurations", {"Bucket": "b-b"}, "s3:ListBucketMetricsConfigurations"),
    ],
)
def test_an_operation_that_is_not_here_is_named(
    client: Client, service: str, call: str, parameters: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(service), call)(**parameters)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert f"cloudlet does not implement {named} (yet)." in refused.value.response["Error"]["Message"]


def test_an_operation_that_aws_does_not_have_is_refused(ask: Ask) -> None:
    status, headers, content = ask("json 1.0", b"{}", **{"X-Amz-Target": "DynamoDB_20120810.MakeCoffee"})
    assert status == 400
    assert code_in(headers, content) == "UnknownOperationException"


def raw(server: RunningServer, request: bytes) -> bytes:
    address = urlsplit(server.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
        return answer


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
def test_malformed_http_is_answered_and_not_cut(server: RunningServer, request_: bytes) -> None:
    answer = raw(server, request_)
    assert re.match(rb"HTTP/1\.1 (400|505) ", answer), answer


@pytest.mark.parametrize(
    "headers", [b"X: " + b"y" * 200_000, b"".join(b"X-%d: y\r\n" % n for n in range(20_000))]
)
def test_huge_headers_are_refused(server: RunningServer, headers: bytes) -> None:
    answer = raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n" + headers.rstrip() + b"\r\n\r\n")
    assert re.match(rb"HTTP/1\.1 (400|431) ", answer), answer


def test_a_body_beyond_the_limit_is_refused(server: RunningServer) -> None:
    head = (
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Date: 20260101T000000Z\r\n"
        "X-Amz-Target: DynamoDB_20120810.PutItem\r\n"
        f"Authorization: {SIGNATURE.format('dynamodb')}\r\nContent-Length: 100000000\r\n\r\n"
    )
    assert raw(server, head.encode()).startswith(b"HTTP/1.1 413 ")
