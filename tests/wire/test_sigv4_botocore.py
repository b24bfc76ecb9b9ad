"""Requests as botocore signs and sends them are verified; the same with a wrong secret are refused."""

from __future__ import annotations

import hashlib
import io

import boto3
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4QueryAuth
from botocore.config import Config
from sigv4_requests import (
    ACCESS_KEY_ID,
    CREDENTIALS,
    SECRET,
    botocore_signed,
    read,
    received,
    replaced,
    seconds,
)

from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.wire.sigv4 import errors
from cloudlet.wire.sigv4.credential import Kind
from cloudlet.wire.sigv4.family import JSON, QUERY, REST_JSON
from cloudlet.wire.sigv4.verifier import Verifier


class Sent(Exception):
    """Stops a client before the network."""


def sent_by(service: str, call, **config):
    """What a boto3 client would have put on the wire."""
    client = boto3.client(
        service,
        region_name="eu-west-1",
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(**config),
    )
    captured = []

    def stop(request, **_):
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        if not isinstance(content, bytes):
            content = content.read()
        captured.append(received(request.method, request.url, request.headers.items(), content))
        raise Sent

    client.meta.events.register("before-send", stop)
    with pytest.raises(Sent):
        call(client)
    return captured[0]


def verify(request, family, body=None, secret=SECRET):
    verifier = Verifier()
    signed_by = verifier.find_credential(request)
    content = request.body.content if body is None else body
    now = seconds(signed_by.timestamp)
    verifier.verify(request, signed_by, secret, family=family, now=now, body=content)
    return signed_by


def verify_s3(request, secret=SECRET):
    verifier = Verifier()
    signed_by = verifier.find_credential(request)
    return verifier.verify_s3(request, signed_by, secret, now=seconds(signed_by.timestamp))


CALLS = [
    ("dynamodb", lambda c: c.put_item(TableName="t", Item={"id": {"S": "\u00e9"}}), JSON),
    ("sqs", lambda c: c.send_message(QueueUrl="https://q.test/1/q", MessageBody="x"), JSON),
    ("iam", lambda c: c.get_user(UserName="a+b c"), QUERY),
    ("lambda", lambda c: c.invoke(FunctionName="arn:aws:lambda:eu-west-1:1:function:f:$LATEST"), REST_JSON),
    ("lambda", lambda c: c.list_tags(Resource="arn:aws:lambda:eu-west-1:123456789012:function:f"), REST_JSON),
    ("lambda", lambda c: c.list_functions(Marker="a b/+=~", MaxItems=3), REST_JSON),
]


@pytest.mark.parametrize(
    ("service", "call", "family"), CALLS, ids=[f"{c[0]}-{i}" for i, c in enumerate(CALLS)]
)
def test_what_boto3_sends_is_verified_and_a_wrong_secret_is_not(service, call, family):
    request = sent_by(service, call)
    signed_by = verify(request, family)
    assert signed_by.scope.service == service
    assert signed_by.scope.region in ("eu-west-1", "us-east-1")
    assert signed_by.scope.access_key_id == ACCESS_KEY_ID
    with pytest.raises(family.mismatch):
        verify(request, family, secret=SECRET + "x")
    with pytest.raises(family.mismatch):
        verify(request, family, body=request.body.content + b" ")


def test_session_token_is_read():
    client = boto3.Session(
        aws_access_key_id="ASIA", aws_secret_access_key=SECRET, aws_session_token="token"
    ).client("sts", region_name="eu-west-1")
    url = client.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    signed_by = verify(received("GET", url, []), QUERY)
    assert (signed_by.kind, signed_by.session_token) == (Kind.PRESIGNED, "token")


def test_presigned_query_is_verified():
    request = botocore_signed(
        SigV4QueryAuth(CREDENTIALS, "execute-api", "eu-west-1"), "GET", "https://a.test/s/p?b=2&a=1%2F"
    )
    verify(request, REST_JSON)
    request.query = request.query.replace("b=2", "b=3")
    with pytest.raises(errors.InvalidSignatureException):
        verify(request, REST_JSON)


@pytest.mark.parametrize(
    "path", ["/bucket/key", "/bucket/a%20b%2Bc//d/../e/%C3%A9%24", "/bucket/plain(1)*'!.txt", "/"]
)
def test_s3_paths_are_signed_as_they_are(path):
    request = botocore_signed(
        S3SigV4Auth(CREDENTIALS, "s3", "eu-west-1"),
        "GET",
        "https://s3.test" + path.replace("(1)*'!", "%281%29%2A%27%21"),
    )
    assert read(verify_s3(request)) == b""
    request.path = path
    verify_s3(request)


def test_s3_body_is_compared_with_its_signed_hash_while_it_is_read():
    request = botocore_signed(
        S3SigV4Auth(CREDENTIALS, "s3", "eu-west-1"), "PUT", "http://s3.test/b/k", b"hello"
    )
    assert request.header("x-amz-content-sha256") == hashlib.sha256(b"hello").hexdigest()
    assert read(verify_s3(request)) == b"hello"
    request.body.content = b"hellp"
    with pytest.raises(errors.XAmzContentSHA256Mismatch) as caught:
        read(verify_s3(request))
    assert caught.value.members == {
        "ClientComputedContentSHA256": hashlib.sha256(b"hello").hexdigest(),
        "S3ComputedContentSHA256": hashlib.sha256(b"hellp").hexdigest(),
    }


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_s3_stream_with_an_unsigned_trailer_is_unframed_and_checked(algorithm):
    content = bytes(range(256)) * 9000
    stream = io.BytesIO(content)
    request = sent_by(
        "s3",
        lambda c: c.put_object(Bucket="b", Key="k", Body=stream, ChecksumAlgorithm=algorithm),
    )
    assert request.header("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    body = verify_s3(request)
    assert body.length == len(content)
    assert read(body) == content
    assert list(body.trailers) == [f"x-amz-checksum-{algorithm.lower()}"]
    framed = bytearray(request.body.content)
    framed[500] ^= 1
    request.body.content = bytes(framed)
    with pytest.raises(ServiceError) as caught:
        read(verify_s3(request))
    assert caught.value.code == "BadDigest"


def test_s3_presigned_url_of_boto3_is_verified():
    client = boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4"),
    )
    url = client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "a b/\u00e9+.txt"})
    request = received("GET", url, [])
    verify_s3(request)
    with pytest.raises(errors.SignatureDoesNotMatch):
        verify_s3(request, SECRET + "x")
    with pytest.raises(AccessDenied) as caught:
        verify_s3(replaced(request, "x-amz-acl", "public-read"))
    assert caught.value.members == {"HeadersNotSigned": "x-amz-acl"}


def test_s3_presigned_put_takes_any_body():
    signer = S3SigV4QueryAuth(CREDENTIALS, "s3", "eu-west-1")
    request = botocore_signed(signer, "PUT", "https://s3.test/b/k")
    request.body.content = b"any"
    assert read(verify_s3(request)) == b"any"


def test_utf8_in_a_signed_header_is_verified_as_the_server_reads_it():
    signer = S3SigV4Auth(CREDENTIALS, "s3", "eu-west-1")
    request = botocore_signed(signer, "PUT", "https://s3.test/b/k", b"", {"x-amz-meta-name": "Zo\u00eb"})
    verify_s3(replaced(request, "x-amz-meta-name", "Zo\u00eb".encode().decode("latin-1")))
    with pytest.raises(errors.SignatureDoesNotMatch):
        verify_s3(replaced(request, "x-amz-meta-name", "Zo\u00ea".encode().decode("latin-1")))
