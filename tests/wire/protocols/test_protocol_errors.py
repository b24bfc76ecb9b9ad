"""Errors have the code, status, headers and document that each protocol and service of AWS gives them."""

from __future__ import annotations

import json
import zlib
from xml.etree import ElementTree

import pytest

from cloudlet.core.errors import (
    AccessDenied,
    InternalFailure,
    NotImplementedHere,
    ServiceError,
    UnknownOperation,
    ValidationError,
)
from cloudlet.core.http import HttpRequest
from cloudlet.wire.model import Models
from cloudlet.wire.protocols import Protocols

MODELS = Models()
PROTOCOLS = Protocols(MODELS)


def protocol(service, **headers):
    return PROTOCOLS.choose(service, HttpRequest("POST", "/", "", list(headers.items())))


def named(name, message="No.", status=400, **members):
    error = type(name, (ServiceError,), {"status": status})
    return error(message, **members)


def text_of(xml, path):
    root = ElementTree.fromstring(xml)
    for part in path.split("/"):
        root = next(child for child in root if child.tag.rpartition("}")[2] == part)
    return root.text


def test_dynamodb_names_its_errors_with_their_namespace():
    answer = protocol("dynamodb").serialize_error("GetItem", named("ResourceNotFoundException"), "id-1")
    assert (answer.status, answer.header("content-type")) == (400, "application/x-amz-json-1.0")
    assert json.loads(answer.body) == {
        "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        "message": "No.",
    }
    assert answer.header("x-amzn-requestid") == "id-1"
    assert answer.header("x-amz-crc32") == str(zlib.crc32(answer.body))


def test_dynamodb_names_violations_with_the_namespace_of_the_framework():
    answer = protocol("dynamodb").serialize_error("GetItem", ValidationError("Bad."), "id-1")
    assert json.loads(answer.body) == {
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "Bad.",
    }


def test_dynamodb_capitalizes_the_message_of_errors_of_the_framework():
    answer = protocol("dynamodb").serialize_error("GetItem", AccessDenied("You may not."), "id-1")
    assert json.loads(answer.body) == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": "You may not.",
    }


def test_members_of_an_error_are_written_by_the_model():
    error = named(
        "ConditionalCheckFailedException", "The conditional request failed", Item={"pk": {"B": b"x"}}
    )
    answer = protocol("dynamodb").serialize_error("PutItem", error, "id-1")
    assert json.loads(answer.body)["Item"] == {"pk": {"B": "eA=="}}


def test_reasons_of_a_cancelled_transaction_are_written():
    error = named("TransactionCanceledException", "Cancelled.", CancellationReasons=[{"Code": "None"}])
    document = json.loads(protocol("dynamodb").serialize_error("TransactWriteItems", error, "id-1").body)
    assert (document["CancellationReasons"], document["Message"]) == ([{"Code": "None"}], "Cancelled.")


def test_json_services_without_namespace_write_the_bare_name():
    answer = protocol("logs").serialize_error(
        "CreateLogGroup", named("ResourceAlreadyExistsException"), "id-1"
    )
    assert answer.header("content-type") == "application/x-amz-json-1.1"
    assert json.loads(answer.body)["__type"] == "ResourceAlreadyExistsException"


def test_sqs_gives_the_code_of_the_query_protocol_in_a_header():
    answer = protocol("sqs", **{"x-amz-target": "AmazonSQS.GetQueueUrl"}).serialize_error(
        "GetQueueUrl", named("QueueDoesNotExist", "The specified queue does not exist."), "id-1"
    )
    assert answer.header("x-amzn-query-error") == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert json.loads(answer.body)["__type"] == "com.amazonaws.sqs#QueueDoesNotExist"


def test_lambda_takes_status_and_header_from_the_model():
    error = named("ResourceNotFoundException", "Function not found: f", Type="User")
    answer = protocol("lambda").serialize_error("GetFunction", error, "id-1")
    assert (answer.status, answer.header("x-amzn-errortype")) == (404, "ResourceNotFoundException")
    assert json.loads(answer.body) == {"Type": "User", "Message": "Function not found: f"}


def test_lambda_errors_write_members_that_are_headers_as_headers():
    error = named(
        "TooManyRequestsException", "Rate Exceeded.", retryAfterSeconds="1", Reason="CallerRateLimitExceeded"
    )
    answer = protocol("lambda").serialize_error("Invoke", error, "id-1")
    assert (answer.status, answer.header("retry-after")) == (429, "1")
    assert "retryAfterSeconds" not in json.loads(answer.body)


def test_api_gateway_errors_have_a_message_in_small_letters():
    answer = protocol("apigateway").serialize_error(
        "GetRestApi", named("NotFoundException", "Invalid API id"), "id-1"
    )
    assert (answer.status, json.loads(answer.body)) == (404, {"message": "Invalid API id"})


def test_iam_errors_have_the_wire_code_and_status_of_the_model():
    answer = protocol("iam").serialize_error(
        "GetRole", named("NoSuchEntityException", "Not <there>."), "id-1"
    )
    assert (answer.status, answer.header("content-type")) == (404, "text/xml")
    assert text_of(answer.body, "Error/Type") == "Sender"
    assert text_of(answer.body, "Error/Code") == "NoSuchEntity"
    assert text_of(answer.body, "Error/Message") == "Not <there>."
    assert text_of(answer.body, "RequestId") == "id-1"
    assert (
        ElementTree.fromstring(answer.body).tag == "{https://iam.amazonaws.com/doc/2010-05-08/}ErrorResponse"
    )


def test_s3_errors_are_a_document_of_their_own_with_the_ids_of_the_request():
    error = named("NoSuchKey", "The specified key does not exist.", Key="a&b")
    answer = protocol("s3").serialize_error("GetObject", error, "ID1")
    assert (answer.status, answer.header("content-type")) == (404, "application/xml")
    root = ElementTree.fromstring(answer.body)
    assert [child.tag for child in root] == ["Code", "Message", "Key", "RequestId", "HostId"]
    assert (root.tag, root.findtext("Key"), root.findtext("RequestId")) == ("Error", "a&b", "ID1")
    assert answer.header("x-amz-id-2") == root.findtext("HostId")
    assert answer.header("x-amz-request-id") == "ID1"


def test_s3_errors_of_head_have_no_body():
    answer = protocol("s3").serialize_error("HeadObject", named("404", "Not Found", 404), "ID1")
    assert (answer.status, answer.body) == (404, b"")


def test_ec2_errors_stand_in_a_list():
    answer = protocol("ec2").serialize_error("RunInstances", named("InvalidParameterValue"), "id-1")
    assert text_of(answer.body, "Errors/Error/Code") == "InvalidParameterValue"
    assert text_of(answer.body, "RequestID") == "id-1"


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("dynamodb", "AccessDeniedException", 400),
        ("logs", "AccessDeniedException", 400),
        ("lambda", "AccessDeniedException", 403),
        ("apigateway", "AccessDeniedException", 403),
        ("iam", "AccessDenied", 403),
        ("s3", "AccessDenied", 403),
        ("ec2", "UnauthorizedOperation", 403),
    ],
)
def test_refusal_by_iam_has_the_code_and_status_of_the_protocol(service, code, status):
    own = protocol(service)
    answer = own.serialize_error(own.service.operation_names[0], AccessDenied("No."), "id-1")
    assert answer.status == status
    assert code in answer.body.decode() + (answer.header("x-amzn-errortype") or "")


@pytest.mark.parametrize("service", MODELS.names)
@pytest.mark.parametrize(
    "error", [UnknownOperation("?"), NotImplementedHere("X"), InternalFailure("!"), ValidationError("v")]
)
def test_every_service_can_say_no_without_an_operation(service, error):
    answer = protocol(service).serialize_error(None, error, "id-1")
    assert answer.status >= 400
    assert error.message.encode() in answer.body
