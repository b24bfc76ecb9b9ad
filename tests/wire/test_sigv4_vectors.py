"""The published signing cases, backwards: each signature is right, and wrong once a byte is another."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cloudlet.core.errors import ServiceError
from cloudlet.core.http import HttpRequest
from cloudlet.wire.sigv4 import canonical
from cloudlet.wire.sigv4.family import JSON
from cloudlet.wire.sigv4.verifier import Verifier
from vectors import vectors

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = 1440938160.0
FOLDER = vectors("sigv4")
CASES = sorted(path.with_suffix("") for path in FOLDER.rglob("*.sreq"))
IDS = [path.name for path in CASES]


def parsed(case) -> tuple[HttpRequest, bytes]:
    head, _, body = case.with_suffix(".sreq").read_text("utf-8").partition("\n\n")
    request_line, *lines = head.split("\n")
    method, target = request_line.split(" ", 1)
    path, _, query = target.rpartition(" ")[0].partition("?")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[0] == " ":
            name, value = headers.pop()
            headers.append((name, f"{value}\n{line}"))
        else:
            name, _, value = line.partition(":")
            headers.append((name, value))
    headers = [(name, value) for name, value in headers if name != "Authorization"]
    headers.append(("Authorization", case.with_suffix(".authz").read_text("utf-8")))
    return HttpRequest(method, path, query, headers), body.encode()


def verify(request: HttpRequest, body: bytes) -> None:
    verifier = Verifier()
    signed_by = verifier.find_credential(request)
    if signed_by is None:
        raise ServiceError("unsigned")
    secret = SECRET if signed_by.scope.access_key_id == "AKIDEXAMPLE" else None
    verifier.verify(request, signed_by, secret, family=JSON, now=NOW, body=body)


def altered(text: str, at: int) -> str:
    return text[:at] + ("q" if text[at] != "q" else "r") + text[at + 1 :]


def test_all_cases_are_here():
    assert len(CASES) > 30


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_canonical_request_and_string_to_sign_are_the_published_ones(case):
    request, body = parsed(case)
    signed_by = Verifier().find_credential(request)
    assert signed_by is not None
    text = canonical.canonical_request(
        request,
        signed_by.scope,
        canonical.canonical_path(request.path),
        canonical.canonical_query(request.query),
        canonical.hashlib.sha256(body).hexdigest(),
    )
    assert text == case.with_suffix(".creq").read_text("utf-8")
    to_sign = canonical.string_to_sign(text, signed_by.timestamp, signed_by.scope)
    assert to_sign == case.with_suffix(".sts").read_text("utf-8")


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_published_signature_verifies(case):
    verify(*parsed(case))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_any_other_byte_of_signature_or_signed_header_is_refused(case):
    request, body = parsed(case)
    signed = {"host", "x-amz-date", "authorization"} | {
        name for name, _ in request.headers if name.lower().startswith("my-")
    }
    for index, (name, value) in enumerate(request.headers):
        if name.lower() not in signed and name not in signed:
            continue
        for at in range(len(value)):
            if value[at].isspace():
                continue
            headers = list(request.headers)
            headers[index] = (name, altered(value, at))
            with pytest.raises(ServiceError):
                verify(replace(request, headers=headers, _lower=None), body)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.parent.parent.name != "normalize-path"],
    ids=[case.name for case in CASES if case.parent.parent.name != "normalize-path"],
)
def test_any_other_byte_of_path_query_or_body_is_refused(case):
    request, body = parsed(case)
    for at in range(len(request.path)):
        with pytest.raises(ServiceError):
            verify(replace(request, path=altered(request.path, at)), body)
    for at in range(len(request.query)):
        with pytest.raises(ServiceError):
            verify(replace(request, query=altered(request.query, at)), body)
    text = body.decode()
    for at in range(len(text)):
        with pytest.raises(ServiceError):
            verify(request, altered(text, at).encode())
    with pytest.raises(ServiceError):
        verify(request, body + b"q")
    with pytest.raises(ServiceError):
        verify(replace(request, method="PUT"), body)
