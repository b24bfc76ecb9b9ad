"""Requests that come compressed: DynamoDB takes them for every operation, though no SDK asks to send them."""

from __future__ import annotations

import contextlib
import gzip
import json

import pytest

MOST_BYTES = 16 * 1024 * 1024
BROKEN = (500, "InternalServerError")


@pytest.fixture
def send(client):
    """Sends a PutItem with the bytes that `pack` makes of its body; the answer's status and error code."""

    def put(table, pack, *, encoding="gzip"):
        dynamodb = client("dynamodb")
        answers = []

        def rewrite(request, **_):
            content = request.data if isinstance(request.data, bytes) else request.data.encode()
            request.data = pack(content)
            request.headers["Content-Encoding"] = encoding

        dynamodb.meta.events.register("before-sign.dynamodb.PutItem", rewrite)
        dynamodb.meta.events.register(
            "before-parse.dynamodb.PutItem", lambda response_dict, **_: answers.append(response_dict)
        )
        with contextlib.suppress(dynamodb.exceptions.ClientError):
            dynamodb.put_item(TableName=table, Item={"a": {"S": "k"}, "text": {"S": "x" * 200_000}})
        answer = answers[0]
        return answer["status_code"], json.loads(answer["body"]).get("__type", "").rpartition("#")[2]

    return put


def stored(dynamodb, table):
    return "Item" in dynamodb.get_item(TableName=table, Key={"a": {"S": "k"}})


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        lambda content: gzip.compress(content[:10]) + gzip.compress(content[10:]),
        lambda content: (
            gzip.compress(content[:70_000]) + gzip.compress(b"") + gzip.compress(content[70_000:])
        ),
        lambda content: gzip.compress(content, compresslevel=0),
        lambda content: gzip.compress(content) + b"junk",
    ],
    ids=["once", "in two members", "with an empty member", "without compression", "with junk behind it"],
)
def test_compressed_request_is_done(dynamodb, hash_table, send, pack):
    assert send(hash_table, pack) == (200, "")
    assert stored(dynamodb, hash_table)


@pytest.mark.parametrize(
    "pack",
    [
        lambda content: content,
        lambda _: b"",
        lambda content: gzip.compress(content)[:-1],
        lambda content: gzip.compress(content[:10]) + gzip.compress(content[10:])[:-1],
        lambda content: gzip.compress(content)[:-8] + b"\0" * 8,
    ],
    ids=["plain", "empty", "cut off", "cut off in its second member", "with a wrong checksum"],
)
def test_body_that_is_no_gzip_is_an_internal_error(dynamodb, hash_table, send, pack):
    assert send(hash_table, pack) == BROKEN
    assert not stored(dynamodb, hash_table)


def test_unknown_encoding_is_an_internal_error(dynamodb, hash_table, send):
    assert send(hash_table, lambda content: content, encoding="garbage") == BROKEN
    assert not stored(dynamodb, hash_table)


def test_request_may_inflate_to_as_much_as_requests_may_have(hash_table, send):
    assert send(hash_table, lambda content: gzip.compress(content.ljust(MOST_BYTES))) == (200, "")


def test_request_that_inflates_to_more_than_requests_may_have_is_refused(dynamodb, hash_table, send):
    """AWS has no such bound; a small request could otherwise fill the memory."""
    status, _ = send(hash_table, lambda content: gzip.compress(content.ljust(MOST_BYTES + 1)))
    assert status == 413
    assert not stored(dynamodb, hash_table)


def test_request_of_very_many_members_is_refused(dynamodb, hash_table, send):
    status, _ = send(hash_table, lambda content: gzip.compress(b"") * 2000 + gzip.compress(content))
    assert status == 413
    assert not stored(dynamodb, hash_table)
