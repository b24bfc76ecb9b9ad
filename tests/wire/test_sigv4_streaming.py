"""aws-chunked bodies: AWS's documented examples, what S3 says to broken ones, and noise."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigv4_requests import SECRET, Pieces, read, seconds

from cloudlet.core.errors import ServiceError
from cloudlet.core.http import HttpRequest
from cloudlet.wire.sigv4.credential import Kind, Scope, SignedBy
from cloudlet.wire.sigv4.s3 import SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER, UNSIGNED_TRAILER
from cloudlet.wire.sigv4.streaming import ChunkSigner, open_body
from cloudlet.wire.sigv4.verifier import Verifier

CONTENT = b"a" * 66560
HOST = "s3.amazonaws.com"
PATH = "/examplebucket/chunkObject.txt"
CREDENTIAL = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
SEED_OF_TRAILER = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
CHUNKS_OF_TRAILER = (
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)


def framed(signatures, ending: bytes = b"\r\n") -> bytes:
    parts = (CONTENT[:65536], CONTENT[65536:], b"")
    frames = [
        b"%x;chunk-signature=%s\r\n%s\r\n" % (len(part), signature.encode(), part)
        for part, signature in zip(parts, signatures, strict=True)
    ]
    return b"".join(frames)[:-2] + ending


def example(body: bytes, *, trailer: bool = False) -> HttpRequest:
    """The PUT of AWS's documentation, with a body of ours."""
    headers = [
        ("Host", HOST),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", SIGNED_CHUNKS_TRAILER if trailer else SIGNED_CHUNKS),
        ("Content-Encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
    ]
    if trailer:
        headers.append(("x-amz-trailer", "x-amz-checksum-crc32c"))
    else:
        headers.append(("Content-Length", "66824"))
    signed = ";".join(sorted(name.lower() for name, _ in headers))
    seed = SEED_OF_TRAILER if trailer else SEED
    headers.append(
        (
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={CREDENTIAL},SignedHeaders={signed},Signature={seed}",
        )
    )
    return HttpRequest("PUT", PATH, "", headers, Pieces(body))


def opened(request: HttpRequest):
    verifier = Verifier()
    signed_by = verifier.find_credential(request)
    assert signed_by is not None
    return verifier.verify_s3(request, signed_by, SECRET, now=seconds("20130524T000000Z"))


def test_documented_example_is_verified():
    body = opened(example(framed(CHUNKS)))
    assert body.length == 66560
    assert read(body) == CONTENT


@pytest.mark.parametrize("which", [0, 1, 2])
def test_wrong_chunk_signature_does_not_match(which):
    signatures = [*CHUNKS[:which], "0" * 64, *CHUNKS[which + 1 :]]
    with pytest.raises(ServiceError) as caught:
        read(opened(example(framed(signatures))))
    assert (caught.value.code, caught.value.status) == ("SignatureDoesNotMatch", 403)
    assert caught.value.members["SignatureProvided"] == "0" * 64
    assert caught.value.members["StringToSign"].startswith("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n")


def test_altered_chunk_does_not_match():
    body = bytearray(framed(CHUNKS))
    body[1000] ^= 1
    with pytest.raises(ServiceError) as caught:
        read(opened(example(bytes(body))))
    assert caught.value.code == "SignatureDoesNotMatch"


TRAILER_SIGNATURE = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def trailer(checksum: str = "sOO8/Q==", signature: str = TRAILER_SIGNATURE) -> bytes:
    return f"x-amz-checksum-crc32c:{checksum}\r\nx-amz-trailer-signature:{signature}\r\n\r\n".encode()


def test_documented_example_with_trailer_is_verified():
    body = opened(example(framed(CHUNKS_OF_TRAILER, trailer()), trailer=True))
    assert read(body) == CONTENT
    assert body.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (trailer("sOO8/g=="), "SignatureDoesNotMatch"),
        (trailer(signature="0" * 64), "SignatureDoesNotMatch"),
        (b"x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n", "MalformedTrailerError"),
        (b"\r\n", "MalformedTrailerError"),
    ],
)
def test_wrong_signed_trailer_is_refused(ending, code):
    with pytest.raises(ServiceError) as caught:
        read(opened(example(framed(CHUNKS_OF_TRAILER, ending), trailer=True)))
    assert caught.value.code == code


def test_trailer_that_was_not_announced_is_malformed():
    with pytest.raises(ServiceError) as caught:
        read(opened(example(framed(CHUNKS, b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n"))))
    assert (caught.value.code, caught.value.status) == ("MalformedTrailerError", 400)


def unsigned(body: bytes, length: int | str | None = 5, name: str | None = "x-amz-checksum-crc32"):
    headers = [] if length is None else [("x-amz-decoded-content-length", str(length))]
    if name is not None:
        headers.append(("x-amz-trailer", name))
    scope = Scope("A", "20130524", "r", "s3", "aws4_request", ("host",), "20130524/r/s3/aws4_request")
    signed_by = SignedBy(Kind.HEADER, scope, "20130524T000000Z", "0" * 64, None)
    request = HttpRequest("PUT", "/b/k", "", headers, Pieces(body, 3))
    return open_body(request, UNSIGNED_TRAILER, ChunkSigner(b"key", "20130524T000000Z", signed_by))


CRC = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big"))
GOOD = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + CRC + b"\r\n\r\n"


def test_unsigned_chunks_with_a_right_checksum_pass():
    assert read(unsigned(GOOD)) == b"hello"
    assert read(unsigned(b"5\r\nhello\r\n0\r\n\r\n", name=None)) == b"hello"
    assert read(unsigned(b"0\r\n\r\n", 0, None)) == b""


UNEXPECTED = "The request body terminated unexpectedly"
WRONG_LENGTH = "You did not provide the number of bytes specified by the Content-Length HTTP header"
MALFORMED = (
    "The request contained trailing data that was not well-formed or did not conform to our published schema."
)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (GOOD.replace(b"5\r", b"3\r"), "IncompleteBody", UNEXPECTED),
        (GOOD.replace(b"5\r", b"x\r"), "IncompleteBody", UNEXPECTED),
        (GOOD.replace(b"5\r", b"-5\r"), "IncompleteBody", UNEXPECTED),
        (GOOD.replace(b"hello\r\n", b"hello"), "IncompleteBody", UNEXPECTED),
        (GOOD[:-1], "IncompleteBody", UNEXPECTED),
        (GOOD[:-1] + b"X", "IncompleteBody", UNEXPECTED),
        (GOOD[:-2], "IncompleteBody", UNEXPECTED),
        (GOOD + b"x", "IncompleteBody", UNEXPECTED),
        (GOOD[:6], "IncompleteBody", UNEXPECTED),
        (b"", "IncompleteBody", UNEXPECTED),
        (b"f" * 100_000, "IncompleteBody", UNEXPECTED),
        (b"6\r\nhello!\r\n0\r\n\r\n", "IncompleteBody", WRONG_LENGTH),
        (b"4\r\nhell\r\n0\r\n\r\n", "IncompleteBody", WRONG_LENGTH),
        (GOOD.replace(b"crc32:", b"crc32"), "MalformedTrailerError", MALFORMED),
        (GOOD.replace(b"-crc32:", b"-sha1:"), "MalformedTrailerError", MALFORMED),
        (
            GOOD.replace(CRC, b"AAAA"),
            "InvalidRequest",
            "Value for x-amz-checksum-crc32 trailing header is invalid.",
        ),
        (
            GOOD.replace(CRC, b"AAAAAA=="),
            "BadDigest",
            "The CRC32 you specified did not match the calculated checksum.",
        ),
        (
            b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
            "InvalidChunkSizeError",
            "Only the last chunk is allowed to have a size less than 8192 bytes",
        ),
    ],
)
def test_broken_body_is_answered_as_s3_does(body, code, message):
    with pytest.raises(ServiceError) as caught:
        read(unsigned(body))
    assert (caught.value.code, caught.value.message, caught.value.status) == (code, message, 400)


def test_small_chunk_and_wrong_length_name_their_numbers():
    with pytest.raises(ServiceError) as caught:
        read(unsigned(b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"))
    assert caught.value.members == {"Chunk": 2, "BadChunkSize": 3}
    with pytest.raises(ServiceError) as caught:
        read(unsigned(GOOD, 3))
    assert caught.value.members == {"NumberBytesExpected": 3, "NumberBytesProvided": 5}


@pytest.mark.parametrize("length", [None, "", "x", "-1"])
def test_missing_decoded_length_is_missing_content_length(length):
    with pytest.raises(ServiceError) as caught:
        unsigned(GOOD, length)
    assert (caught.value.code, caught.value.status) == ("MissingContentLength", 411)
    assert caught.value.message == "You must provide the Content-Length HTTP header."


@pytest.mark.unverified("the text was seen in another implementation only, marked there as AWS's")
def test_unknown_trailer_is_not_supported():
    with pytest.raises(ServiceError) as caught:
        unsigned(GOOD, name="x-amz-meta-a")
    assert caught.value.code == "InvalidRequest"
    assert caught.value.message == "The value specified in the x-amz-trailer header is not supported"


pieces = st.sampled_from(
    (
        *(b"5", b"\r\n", b"hello", b"0", b";chunk-signature=", b"a" * 64, CRC, b":", b"\n"),
        *(b"x-amz-checksum-crc32", b"x-amz-trailer-signature"),
    )
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.lists(pieces, max_size=12).map(b"".join)))
def test_noise_raises_service_errors_only(body):
    try:
        content = read(unsigned(body))
    except ServiceError:
        return
    assert content == b"hello"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_other_byte_never_changes_the_content_unnoticed(at, byte):
    body = bytearray(GOOD)
    body[at] = byte
    try:
        content = read(unsigned(bytes(body)))
    except ServiceError:
        return
    assert content == b"hello"
