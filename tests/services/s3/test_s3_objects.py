"""One object at a time: put, get, head, delete, ranges, conditions."""

from __future__ import annotations

import hashlib

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3, account):
    name = f"objects-{account}"
    s3.create_bucket(Bucket=name)
    return name


def refused(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 3_000_000])
def test_an_object_comes_back_as_it_was_put(s3, bucket, size):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    put = s3.put_object(Bucket=bucket, Key="a/b c+ü", Body=body, Metadata={"Colour": "red"})
    got = s3.get_object(Bucket=bucket, Key="a/b c+ü")
    assert got["Body"].read() == body
    assert got["ETag"] == put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert got["ContentLength"] == size
    assert got["Metadata"] == {"colour": "red"}
    assert got["ServerSideEncryption"] == "AES256"


def test_a_missing_key_is_named(s3, bucket):
    error = refused(s3.get_object, Bucket=bucket, Key="none")
    assert error["Error"]["Code"] == "NoSuchKey"
    assert error["Error"]["Key"] == "none"


@pytest.mark.parametrize("size", [100, 100_000])
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=90-", slice(90, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=10-999999", slice(10, None)),
        ("bytes=-999999", slice(None)),
    ],
)
def test_a_range_answers_206_with_its_bytes(s3, bucket, size, header, expected):
    body = bytes(index % 251 for index in range(size))
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k", Range=header)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["Body"].read() == body[expected]
    start, stop, _ = expected.indices(size)
    assert got["ContentRange"] == f"bytes {start}-{stop - 1}/{size}"


def test_listing_and_deleting(s3, bucket):
    for key in ("a", "b/1", "b/2", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [entry["Key"] for entry in page["Contents"]] == ["a", "c"]
    assert page["CommonPrefixes"] == [{"Prefix": "b/"}]
    s3.delete_object(Bucket=bucket, Key="a")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 3
