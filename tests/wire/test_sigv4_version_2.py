"""URLs presigned with Signature Version 2, held against botocore's own."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import pytest
from botocore.config import Config

from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.core.http import HttpRequest
from cloudlet.wire.sigv4.errors import SignatureDoesNotMatch
from cloudlet.wire.sigv4.verifier import Verifier

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def presigned(
    operation="get_object", endpoint="http://localhost:4566", token=None, style="path", **parameters
):
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(signature_version="s3", s3={"addressing_style": style}),
    )
    url = urlsplit(
        client.generate_presigned_url(operation, Params={"Bucket": "bucket", "Key": "a b/ü", **parameters})
    )
    method = "PUT" if operation == "put_object" else "GET"
    return HttpRequest(method, url.path, url.query, [("Host", url.netloc)])


def verify(request, now=0.0, secret=SECRET):
    verifier = Verifier()
    signed_by = verifier.find_credential(request)
    assert signed_by is not None
    return verifier.verify_s3(request, signed_by, secret, now=now)


@pytest.mark.parametrize(
    "request_",
    [
        presigned(),
        presigned(token="a/token+"),
        presigned(endpoint=None, style="virtual"),
        presigned(VersionId="x", ResponseContentType="text/plain; charset=x"),
    ],
)
def test_what_botocore_presigns_is_accepted(request_):
    verify(request_)


def test_content_type_of_an_upload_is_signed():
    request = presigned("put_object", ContentType="text/html")
    verify(request)
    request.query = urlencode([(k, "x" if k == "content-type" else v) for k, v in parse_qsl(request.query)])
    with pytest.raises(SignatureDoesNotMatch):
        verify(request)


def test_another_secret_is_refused():
    with pytest.raises(SignatureDoesNotMatch):
        verify(presigned(), secret="other")


def test_a_url_past_its_time_has_expired():
    with pytest.raises(AccessDenied, match="Request has expired"):
        verify(presigned(), now=1e11)


def test_an_impossible_time_is_refused():
    request = HttpRequest("GET", "/b/k", "AWSAccessKeyId=A&Expires=soon&Signature=x", [("Host", "h")])
    with pytest.raises(ServiceError, match="Invalid date"):
        verify(request)
