"""S3 as other clients than boto3 speak it: presigned URLs, virtual hosts, large bodies, broken uploads."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cloudlet.core.access import Principal
from cloudlet.wire.virtual_host import find_bucket

MIB = 1024 * 1024


@pytest.fixture
def ask(server, account):
    """Sends a signed request as it is told to."""

    def send(method, path, *, region="us-east-1", host=None, body=b"", headers=()):
        url = urlsplit(server.endpoint)
        request = AWSRequest(method, f"http://{host or url.netloc}{path}", data=body, headers=dict(headers))
        S3SigV4Auth(Credentials(account, "secret"), "s3", region).add_auth(request)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host or url.netloc)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer, answer.read()

    return send


def test_another_region_is_told_by_name(ask, bucket):
    answer, body = ask("GET", f"/{bucket}?list-type=2", region="eu-west-1")
    assert answer.status == 400
    assert b"<Code>AuthorizationHeaderMalformed</Code>" in body
    assert b"the region 'eu-west-1' is wrong; expecting 'us-east-1'" in body
    assert b"<Region>us-east-1</Region>" in body


def test_another_regions_endpoint_redirects(ask, bucket):
    answer, body = ask("GET", "/", region="eu-west-1", host=f"{bucket}.s3.eu-west-1.amazonaws.com")
    assert answer.status == 301
    assert answer.getheader("x-amz-bucket-region") == "us-east-1"
    assert b"<Code>PermanentRedirect</Code>" in body


@pytest.mark.parametrize("host", ["{}.s3.us-east-1.amazonaws.com", "{}.s3.localhost:1", "{}.localhost:1"])
def test_a_bucket_may_be_named_by_the_host(ask, s3, bucket, host):
    answer, _ = ask("PUT", "/a%20b", host=host.format(bucket), body=b"hello")
    assert answer.status == 200
    assert s3.get_object(Bucket=bucket, Key="a b")["Body"].read() == b"hello"


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3.amazonaws.com", "b"),
        ("my.dotted.b.s3.eu-west-1.amazonaws.com:443", "my.dotted.b"),
        ("b.s3-us-west-2.amazonaws.com", "b"),
        ("b.s3.dualstack.us-west-2.amazonaws.com", "b"),
        ("b.s3.localhost.localstack.cloud:4566", "b"),
        ("b.s3.us-east-1.localhost:4566", "b"),
        ("b.localhost:4566", "b"),
        ("s3.amazonaws.com", None),
        ("s3.us-east-1.amazonaws.com", None),
        ("s3.localhost:4566", None),
        ("s3.us-east-1.localhost:4566", None),
        ("localhost:4566", None),
        ("127.0.0.1:4566", None),
        ("logs.us-east-1.amazonaws.com", None),
    ],
)
def test_which_bucket_a_host_names(host, bucket):
    assert find_bucket(host) == bucket


def fetch(url, method="GET", body=None):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request(method, f"{parts.path}?{parts.query}", body)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls_put_and_get(client, bucket, version):
    s3 = client("s3", signature_version=version)
    where = {"Bucket": bucket, "Key": "a b"}
    assert fetch(s3.generate_presigned_url("put_object", Params=where), "PUT", b"hello")[0] == 200
    assert fetch(s3.generate_presigned_url("get_object", Params=where)) == (200, b"hello")
    assert fetch(s3.generate_presigned_url("get_object", Params=where, ExpiresIn=-5))[0] in (400, 403)


def test_a_key_with_a_secret_signs_urls_that_cannot_be_changed(client, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    iam = client("iam")
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    for version in ("s3", "s3v4"):
        signer = client(
            "s3", key=key["AccessKeyId"], secret=key["SecretAccessKey"], signature_version=version
        )
        url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
        assert fetch(url) == (200, b"x")
        status, body = fetch(url.replace("/k?", "/other?"))
        assert status == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in body


def blobs(server):
    return [file for file in (server.app.cloud.work_dir.parent / "blobs").rglob("*") if file.is_file()]


def test_an_upload_that_breaks_off_leaves_nothing(server, s3, bucket):
    url = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"}))
    before = set(blobs(server))
    with socket.create_connection((url.hostname, url.port)) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {MIB}\r\n\r\n"
        connection.sendall(head.encode() + b"x" * (MIB // 2))
    # A later request is answered after the broken one was given up: the loop sees the end first.
    for _ in range(200):
        s3.head_bucket(Bucket=bucket)
        if set(blobs(server)) <= before:
            break
    assert set(blobs(server)) <= before
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def peak_kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of memory cannot be reset here"
)
def test_64_mib_pass_through_bounded_memory(s3, bucket, tmp_path):
    size = 64 * MIB
    source = tmp_path / "source"
    with source.open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(MIB))
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_kib()
    with source.open("rb") as file:
        s3.put_object(Bucket=bucket, Key="k", Body=file)
    got = s3.get_object(Bucket=bucket, Key="k")["Body"]
    with source.open("rb") as file:
        received = 0
        while piece := got.read(MIB):
            assert piece == file.read(len(piece))
            received += len(piece)
    assert received == size
    assert peak_kib() - before < 32 * 1024


def test_other_services_get_bytes_or_pieces(server, s3, bucket, account):
    call = server.app.cloud.call("lambda", Principal.root(account), account, "us-east-1")

    async def read():
        answer = await call.ask("s3", "GetObject", {"Bucket": bucket, "Key": "k"})
        return b"".join([piece async for piece in answer["Body"]])

    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * MIB)
    assert server.run(read()) == b"x" * MIB


def test_blobs_of_what_was_deleted_go_after_the_grace(server, s3, bucket):
    before = set(blobs(server))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * MIB)
    (blob,) = set(blobs(server)) - before
    s3.put_object(Bucket=bucket, Key="k", Body=b"y" * MIB)
    assert blob.exists()
    server.advance(20 * 60)
    for _ in range(500):
        if not blob.exists():
            break
        # The server's own clock moved; URLs are signed by the machine's.
        s3.head_bucket(Bucket=bucket)
    assert not blob.exists()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"y" * MIB
    assert s3.head_object(Bucket=bucket, Key="k")["LastModified"] <= server.clock.now()


@pytest.fixture
def browser(server, s3, bucket):
    """Sends what a browser sends for a page of another origin."""
    rule = {
        "AllowedMethods": ["GET", "PUT"],
        "AllowedOrigins": ["https://*.example.com"],
        "AllowedHeaders": ["x-amz-*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 60,
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    url = urlsplit(server.endpoint)

    def send(method, path, **headers):
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    return send


def test_a_preflight_tells_what_a_rule_allows(browser, bucket):
    status, headers, _ = browser(
        "OPTIONS",
        f"/{bucket}/k",
        Origin="https://a.example.com",
        Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="X-Amz-Date",
    )
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == "https://a.example.com"
    assert headers["Access-Control-Allow-Methods"] == "GET, PUT"
    assert headers["Access-Control-Allow-Headers"] == "x-amz-date"
    assert (headers["Access-Control-Max-Age"], headers["Access-Control-Expose-Headers"]) == ("60", "ETag")


@pytest.mark.unverified("the text is known from experience, not from a recorded answer of AWS")
def test_a_preflight_that_no_rule_allows_is_forbidden(browser, bucket):
    status, headers, body = browser(
        "OPTIONS", f"/{bucket}/k", Origin="https://other.com", Access_Control_Request_Method="GET"
    )
    assert status == 403
    assert b"<Code>AccessForbidden</Code>" in body
    assert b"CORSResponse: This CORS request is not allowed." in body
    assert "Access-Control-Allow-Origin" not in headers
    status, _, body = browser("OPTIONS", f"/{bucket}/k")
    assert (status, b"Insufficient information. Origin request header needed." in body) == (400, True)


def test_refusals_can_be_read_by_pages_of_allowed_origins(browser, bucket):
    status, headers, _ = browser("GET", f"/{bucket}/k", Origin="https://a.example.com")
    assert status == 403
    assert headers["Access-Control-Allow-Origin"] == "https://a.example.com"
    assert "Access-Control-Allow-Origin" not in browser("GET", f"/{bucket}/k", Origin="https://other.com")[1]
