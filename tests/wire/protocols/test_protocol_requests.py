"""Single requests and answers of real services whose form is easily got wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cloudlet.core.http import BytesBody, FileBody, HttpRequest
from cloudlet.wire.model import Models
from cloudlet.wire.protocols import Protocols

PROTOCOLS = Protocols(Models())


def parsed(service, method, target, body=b"", **headers):
    path, _, query = target.partition("?")
    request = HttpRequest(
        method, path, query, [(name.replace("_", "-"), value) for name, value in headers.items()]
    )
    protocol = PROTOCOLS.choose(service, request)
    operation = protocol.route(request, body)
    assert operation
    return operation, protocol.parse(operation, request, body)


def answer(service, operation, result):
    return PROTOCOLS.choose(service, HttpRequest("POST", "/")).serialize(operation, result, "ID")


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("GET", "/", "ListBuckets"),
        ("PUT", "/bucket", "CreateBucket"),
        ("PUT", "/bucket/", "CreateBucket"),
        ("GET", "/bucket", "ListObjects"),
        ("GET", "/bucket?prefix=a", "ListObjects"),
        ("GET", "/bucket?list-type=2&prefix=a", "ListObjectsV2"),
        ("GET", "/bucket?location", "GetBucketLocation"),
        ("GET", "/bucket?location=", "GetBucketLocation"),
        ("GET", "/bucket?versions", "ListObjectVersions"),
        ("GET", "/bucket?uploads", "ListMultipartUploads"),
        ("GET", "/bucket?lifecycle", "GetBucketLifecycleConfiguration"),
        ("POST", "/bucket?delete", "DeleteObjects"),
        ("GET", "/bucket/a", "GetObject"),
        ("HEAD", "/bucket/a/b", "HeadObject"),
        ("PUT", "/bucket/a", "PutObject"),
        ("PUT", "/bucket/a?x-id=PutObject", "PutObject"),
        ("PUT", "/bucket/a?partNumber=1&uploadId=u", "UploadPart"),
        ("GET", "/bucket/a?uploadId=u", "ListParts"),
        ("POST", "/bucket/a?uploads", "CreateMultipartUpload"),
        ("POST", "/bucket/a?uploadId=u", "CompleteMultipartUpload"),
        ("DELETE", "/bucket/a?uploadId=u", "AbortMultipartUpload"),
        ("DELETE", "/bucket/a?tagging", "DeleteObjectTagging"),
        ("GET", "/bucket/a?acl", "GetObjectAcl"),
    ],
)
def test_s3_operation_is_told_by_method_path_and_query(method, target, operation):
    assert parsed("s3", method, target)[0] == operation


def test_copy_is_told_by_its_header():
    operation, parameters = parsed("s3", "PUT", "/b/k", x_amz_copy_source="/a/k%20k")
    assert (operation, parameters["CopySource"]) == ("CopyObject", "/a/k%20k")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/b/a/b/", "a/b/"),
        ("/b//a", "/a"),
        ("/b/a%2Fb", "a/b"),
        ("/b/a+b", "a+b"),
        ("/b/%F0%9F%98%80", "😀"),
        ("/b/.%2E/c", "../c"),
    ],
)
def test_keys_of_objects_are_kept_as_they_are(path, key):
    assert parsed("s3", "GET", path)[1]["Key"] == key


def test_user_metadata_comes_in_lower_case_without_its_prefix():
    assert parsed("s3", "PUT", "/b/k", X_Amz_Meta_Colour="Red")[1]["Metadata"] == {"colour": "Red"}


def test_streaming_body_is_handed_on_unread():
    body = BytesBody(b"x" * 10)
    request = HttpRequest("PUT", "/b/k", body=body)
    protocol = PROTOCOLS.choose("s3", request)
    assert protocol.streams_input("PutObject")
    assert not protocol.streams_input("DeleteObjects")
    assert protocol.parse("PutObject", request, body)["Body"] is body


def test_file_is_answered_as_it_is():
    body = FileBody(Path("blob"), 0, 3)
    written = answer(
        "s3", "GetObject", {"Body": body, "ContentLength": 3, "ETag": '"e"', "Metadata": {"colour": "red"}}
    )
    assert written.body is body
    assert (written.header("etag"), written.header("x-amz-meta-colour")) == ('"e"', "red")
    assert written.header("content-length") == "3"


def test_iterator_is_answered_as_it_is():
    async def pieces():
        yield b"a"

    written = answer("s3", "GetObject", {"Body": pieces()})

    async def read():
        return b"".join([piece async for piece in written.body])

    assert asyncio.run(read()) == b"a"


def test_location_of_a_bucket_is_a_single_element():
    assert answer("s3", "GetBucketLocation", {"LocationConstraint": "eu-west-1"}).body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>'
    )


def test_list_of_objects_has_the_root_and_namespace_of_s3():
    body = answer("s3", "ListObjectsV2", {"Name": "b", "KeyCount": 0, "IsTruncated": False}).body
    assert body.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    )


def test_put_object_answers_without_body_and_content_type():
    written = answer("s3", "PutObject", {"ETag": '"e"'})
    assert (written.body, written.header("content-type"), written.header("etag")) == (b"", None, '"e"')


def test_function_name_may_be_an_arn_in_the_path():
    arn = "arn:aws:lambda:eu-west-1:111111111111:function:f"
    operation, parameters = parsed(
        "lambda", "POST", f"/2015-03-31/functions/{arn}/invocations?Qualifier=1", b'{"a":1}'
    )
    assert (operation, parameters) == (
        "Invoke",
        {"FunctionName": arn, "Qualifier": "1", "Payload": b'{"a":1}'},
    )


def test_what_a_function_returned_is_answered_as_json():
    written = answer("lambda", "Invoke", {"StatusCode": 202, "Payload": b"1", "ExecutedVersion": "$LATEST"})
    assert (written.status, written.body, written.header("content-type")) == (202, b"1", "application/json")
    assert written.header("x-amz-executed-version") == "$LATEST"


def test_deletion_answers_204_without_body():
    written = answer("apigateway", "DeleteRestApi", {})
    assert written.body == b""
    assert written.status == 202


def test_query_answer_has_wrapper_and_request_id():
    assert answer("sts", "GetCallerIdentity", {"Account": "000000000000"}).body == (
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        b"<Account>000000000000</Account></GetCallerIdentityResult>"
        b"<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


def test_query_answer_without_output_has_no_wrapper():
    assert answer("iam", "DeleteUser", {}).body == (
        b'<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        b"<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></DeleteUserResponse>"
    )


def test_action_may_stand_in_the_query_string():
    assert parsed("iam", "GET", "/?Action=GetUser&UserName=bob&Version=2010-05-08") == (
        "GetUser",
        {"UserName": "bob"},
    )


def test_request_that_means_nothing_has_no_operation():
    request = HttpRequest("POST", "/", "", [("X-Amz-Target", "DynamoDB_20120810.MakeCoffee")])
    assert PROTOCOLS.choose("dynamodb", request).route(request) is None
    assert PROTOCOLS.choose("lambda", request).route(HttpRequest("BREW", "/coffee")) is None
    assert PROTOCOLS.choose("iam", request).route(HttpRequest("POST", "/"), b"Action=MakeCoffee") is None


def test_result_with_a_member_that_the_model_does_not_have_is_our_own_fault():
    for service, operation in (("dynamodb", "GetItem"), ("iam", "GetUser"), ("lambda", "GetFunction")):
        with pytest.raises(KeyError):
            answer(service, operation, {"Nonsense": 1})


def test_line_breaks_in_a_header_become_blanks():
    written = answer(
        "s3", "GetObject", {"ContentDisposition": "a\r\nSet-Cookie: b", "Metadata": {"k": "x\ny"}}
    )
    assert written.header("content-disposition") == "a  Set-Cookie: b"
    assert written.header("x-amz-meta-k") == "x y"
