"""What AWS's families of services say to a request they do not believe.

Seen in: dynalite's notes of DynamoDB's answers (json, 400); aws/aws-sdk-js #4545 (rest-json mismatch, 403);
iann0036/iamlive #58 (Lambda, unknown key, 403); aws/chalice #828 (incomplete header, 403);
brendanhay/amazonka #316 (query, incomplete, 400); okta-awscli #145 (STS, unknown key, 403);
aws/aws-sdk-java-v2 #1649 (STS, expired, 403);
devsecops/bootcamp #101 (STS, 15 minutes); hassy/artillery-dino #2 (DynamoDB, 5 minutes).
"""

from __future__ import annotations

import time

import pytest
from botocore.auth import SigV4Auth
from hypothesis import given, settings
from hypothesis import strategies as st
from sigv4_requests import CREDENTIALS, SECRET, botocore_signed, replaced, seconds

from cloudlet.core.errors import NotImplementedHere, ServiceError
from cloudlet.core.http import HttpRequest
from cloudlet.wire.sigv4 import family as families
from cloudlet.wire.sigv4.canonical import basic_timestamp, iso_basic
from cloudlet.wire.sigv4.family import JSON, QUERY, REST_JSON
from cloudlet.wire.sigv4.unsigned import is_anonymous, why_unsigned
from cloudlet.wire.sigv4.verifier import MISMATCH, Verifier

derived = pytest.mark.unverified("the status follows from the family's other errors; not seen recorded")
BODY = b'{"TableName":"t"}'


@pytest.fixture
def request_():
    signer = SigV4Auth(CREDENTIALS, "dynamodb", "eu-west-1")
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.DescribeTable",
        "Content-Type": "application/x-amz-json-1.0",
    }
    return botocore_signed(signer, "POST", "https://dynamodb.test/", BODY, headers)


def refused(request: HttpRequest, family=JSON, secret=SECRET, now=None) -> ServiceError:
    verifier = Verifier()
    signed_by = verifier.find_credential(request)
    if signed_by is None:
        return why_unsigned(request, family)
    now = seconds(signed_by.timestamp) if now is None else now
    with pytest.raises(ServiceError) as caught:
        verifier.verify(request, signed_by, secret, family=family, now=now, body=BODY)
    return caught.value


def said(error: ServiceError) -> tuple[str, int, str]:
    return error.code, error.status, error.message


@pytest.mark.parametrize(
    ("family", "code", "status"),
    [
        (JSON, "InvalidSignatureException", 400),
        (REST_JSON, "InvalidSignatureException", 403),
        (QUERY, "SignatureDoesNotMatch", 403),
    ],
)
def test_a_wrong_signature_is_refused_in_words(request_, family, code, status):
    error = refused(request_, family, "wrong")
    assert (error.code, error.status) == (code, status)
    assert error.message.startswith(MISMATCH)


def test_rest_json_says_what_should_have_been_signed(request_):
    message = refused(request_, REST_JSON, "wrong").message
    assert "\n\nThe Canonical String for this request should have been\n'POST\n/\n\ncontent-type:" in message
    assert "\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n" in message
    assert message.endswith("'\n")


@pytest.mark.parametrize(
    ("family", "code", "status"),
    [
        (JSON, "UnrecognizedClientException", 400),
        (REST_JSON, "UnrecognizedClientException", 403),
        (QUERY, "InvalidClientTokenId", 403),
    ],
)
def test_unknown_access_key(request_, family, code, status):
    assert said(refused(request_, family, None)) == (
        code,
        status,
        "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize(
    ("family", "code", "status"),
    [
        pytest.param(JSON, "ExpiredTokenException", 400, marks=derived),
        pytest.param(REST_JSON, "ExpiredTokenException", 403, marks=derived),
        (QUERY, "ExpiredToken", 403),
    ],
)
def test_expired_session_token(family, code, status):
    assert said(families.session_token_expired(family)) == (
        code,
        status,
        "The security token included in the request is expired",
    )


def test_foreign_session_token_has_no_full_stop():
    error = families.unknown_session_token(JSON)
    assert error.message == "The security token included in the request is invalid"


@pytest.mark.parametrize(
    ("family", "code", "status", "message"),
    [
        (JSON, "MissingAuthenticationTokenException", 400, "Request is missing Authentication Token"),
        (REST_JSON, "MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
        pytest.param(
            QUERY,
            "MissingAuthenticationToken",
            403,
            "Request is missing Authentication Token",
            marks=derived,
        ),
    ],
)
def test_a_request_without_signature_is_refused_in_words(family, code, status, message):
    request = HttpRequest("POST", "/", "", [("Host", "h")])
    assert is_anonymous(request)
    assert said(refused(request, family)) == (code, status, message)
    basic = HttpRequest("POST", "/", "", [("Host", "h"), ("Authorization", "Basic eDp5")])
    assert not is_anonymous(basic)
    assert said(refused(basic, family)) == (code, status, message)


@pytest.mark.parametrize(("family", "minutes"), [(JSON, 5), (REST_JSON, 5), (QUERY, 15)])
def test_signature_of_another_time(request_, family, minutes):
    signed = request_.header("x-amz-date")
    now = seconds(signed) + minutes * 60 + 1
    error = refused(request_, family, now=now)
    assert error.message == (
        f"Signature expired: {signed} is now earlier than {iso_basic(now - minutes * 60)} "
        f"({iso_basic(now)} - {minutes} min.)"
    )
    assert type(error) is family.mismatch
    now = seconds(signed) - minutes * 60 - 1
    error = refused(request_, family, now=now)
    assert error.message == (
        f"Signature not yet current: {signed} is still later than {iso_basic(now + minutes * 60)} "
        f"({iso_basic(now)} + {minutes} min.)"
    )


def edited(request: HttpRequest, old: str, new: str) -> HttpRequest:
    value = request.header("authorization") or ""
    assert old in value
    return replaced(request, "authorization", value.replace(old, new))


def test_incomplete_headers_are_named(request_):
    assert said(refused(replaced(request_, "authorization", "AWS4-HMAC-SHA256 x=y"))) == (
        "IncompleteSignatureException",
        400,
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
        "parameter. Authorization header requires 'SignedHeaders' parameter. "
        "Authorization=AWS4-HMAC-SHA256 x=y",
    )
    error = refused(replaced(request_, "x-amz-date", None))
    assert error.message.startswith(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization="
    )
    error = refused(
        replaced(request_, "authorization", "AWS4-HMAC-SHA256 Signature=b, Credential, SignedHeaders")
    )
    assert error.message == (
        "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: "
        "'AWS4-HMAC-SHA256 Signature=b, Credential, SignedHeaders'."
    )
    error = refused(edited(request_, "/dynamodb/aws4_request", ""))
    assert error.message.startswith(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
        "got 'AKIA"
    )
    error = refused(edited(request_, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA25"))
    assert error.message == (
        "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). "
    )
    error = refused(replaced(request_, "x-amz-date", "201"), now=0.0)
    assert error.message == (
        "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"
    )
    error = refused(edited(request_, "SignedHeaders=", "SignedHeaders=accept;"))
    assert said(error) == (
        "IncompleteSignatureException",
        400,
        "'accept' is named as a SignedHeader, but it does not exist in the HTTP request.",
    )


def test_asymmetric_signature_is_refused_by_name(request_):
    error = refused(edited(request_, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"))
    assert isinstance(error, NotImplementedHere)
    assert "AWS4-ECDSA-P256-SHA256" in error.message


def test_credential_for_another_day_or_with_another_end(request_):
    today = (request_.header("x-amz-date") or "")[:8]
    error = refused(edited(request_, f"/{today}/", "/20000101/"))
    assert error.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'20000101' != '{today}', from '{request_.header('x-amz-date')}'. "
    )
    error = refused(edited(request_, "aws4_request", "aws5_request"))
    assert error.message == (
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "
    )


def test_host_must_be_signed(request_):
    error = refused(edited(request_, "host;", ""))
    assert said(error) == (
        "InvalidSignatureException",
        400,
        "'Host' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_header_and_query_together_are_refused(request_):
    request_.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256"
    assert said(refused(request_)) == (
        "InvalidSignatureException",
        400,
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )


def test_presigned_query_without_its_parameters_is_incomplete():
    request = HttpRequest("GET", "/", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=x", [("Host", "h")])
    assert refused(request).message == (
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must "
        "include 'X-Amz-Signature'. AWS "
        "query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the "
        "query-string parameters."
    )


def test_parameters_may_come_in_any_order(request_):
    value = request_.header("authorization") or ""
    algorithm, _, rest = value.partition(" ")
    first, second, third = rest.split(", ")
    request = replaced(request_, "authorization", f"{algorithm} {third},{first},{second}")
    verifier = Verifier()
    signed_by = verifier.find_credential(request)
    verifier.verify(request, signed_by, SECRET, family=JSON, now=seconds(signed_by.timestamp), body=BODY)


words = st.sampled_from(
    (
        *("AWS4-HMAC-SHA256", " ", ", ", "Credential=", "A/20260101/r/s/aws4_request", "SignedHeaders="),
        *("host", ";", "Signature=", "0" * 64, "=", "/", "\u00e9", "\ud800", "AWS4-ECDSA-P256-SHA256"),
    )
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(words, max_size=12).map("".join)), st.text(max_size=20))
def test_noise_in_headers_raises_service_errors_only(authorization, date):
    request = HttpRequest(
        "GET", "/", "", [("Host", "h"), ("Authorization", authorization), ("X-Amz-Date", date)]
    )
    assert isinstance(refused(request, now=0.0), ServiceError)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(max_size=30), st.sampled_from(["20150830T123600Z", "Sun, 06 Nov 1994 08:49:37 GMT"]))
)
def test_any_text_is_a_time_or_none(text):
    parsed = basic_timestamp(text)
    assert parsed is None or len(parsed) == 2


def test_verification_of_a_small_post_costs_microseconds(request_):
    verifier = Verifier()
    now = seconds(request_.header("x-amz-date"))

    def once() -> float:
        start = time.perf_counter()
        for _ in range(500):
            request_._lower = None
            signed_by = verifier.find_credential(request_)
            verifier.verify(request_, signed_by, SECRET, family=JSON, now=now, body=BODY)
        return (time.perf_counter() - start) / 500

    assert min(once() for _ in range(5)) < 100e-6
