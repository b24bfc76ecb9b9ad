"""Every published result is written as an equivalent of the published answer, and botocore reads it back."""

from __future__ import annotations

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel
from botocore.model import ServiceModel as BotocoreModel
from botocore.parsers import create_parser

from cloudlet.core.errors import ServiceError
from wire_protocol_cases import (
    body_of,
    by_reason,
    case_name,
    cases,
    comparable,
    document,
    protocol_for,
    python_value,
)

CASES = [pytest.param(suite, case, id=case_name(file, case)) for file, suite, case in cases("output")]

READ_BACK_ONLY = by_reason(
    {
        "a client must read any offset; a server writes UTC": (
            "ec2:Ec2QueryDateTimeWithNegativeOffset",
            "ec2:Ec2QueryDateTimeWithPositiveOffset",
            "json:AwsJson11DateTimeWithNegativeOffset",
            "json:AwsJson11DateTimeWithPositiveOffset",
            "query:AwsQueryDateTimeWithNegativeOffset",
            "query:AwsQueryDateTimeWithPositiveOffset",
            "rest-json:RestJsonDateTimeWithNegativeOffset",
            "rest-json:RestJsonDateTimeWithPositiveOffset",
            "rest-xml:RestXmlDateTimeWithNegativeOffset",
            "rest-xml:RestXmlDateTimeWithPositiveOffset",
        ),
        "a client must skip what is not in the model; a server does not write it": (
            "json:AwsJson11DeserializeIgnoreType",
            "json:handles_unexpected_json_output",
            "json_1_0:AwsJson10DeserializeIgnoreType",
            "json_1_0:AwsJson10HandlesUnexpectedJsonOutput",
            "rest-json:RestJsonDeserializeIgnoreType",
            "rest-xml:InvalidGreetingError",
            "smithy-rpc-v2-cbor:RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients",
        ),
        "a client must read this way to name an error; a server has one": (
            "json:AwsJson11FooErrorUsingCode",
            "json:AwsJson11FooErrorUsingCodeAndNamespace",
            "json:AwsJson11FooErrorUsingCodeUriAndNamespace",
            "json:AwsJson11FooErrorUsingXAmznErrorType",
            "json:AwsJson11FooErrorUsingXAmznErrorTypeWithUri",
            "json:AwsJson11FooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "json:AwsJson11FooErrorWithDunderTypeUriAndNamespace",
            "json_1_0:AwsJson10FooErrorUsingCode",
            "json_1_0:AwsJson10FooErrorUsingCodeAndNamespace",
            "json_1_0:AwsJson10FooErrorUsingCodeUriAndNamespace",
            "json_1_0:AwsJson10FooErrorUsingXAmznErrorType",
            "json_1_0:AwsJson10FooErrorUsingXAmznErrorTypeWithUri",
            "json_1_0:AwsJson10FooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "json_1_0:AwsJson10FooErrorWithDunderTypeUriAndNamespace",
            "rest-json:RestJsonFooErrorUsingCode",
            "rest-json:RestJsonFooErrorUsingCodeAndNamespace",
            "rest-json:RestJsonFooErrorUsingCodeUriAndNamespace",
            "rest-json:RestJsonFooErrorUsingXAmznErrorTypeWithUri",
            "rest-json:RestJsonFooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "rest-json:RestJsonFooErrorWithDunderType",
            "rest-json:RestJsonFooErrorWithDunderTypeAndNamespace",
            "rest-json:RestJsonFooErrorWithDunderTypeUriAndNamespace",
        ),
        "the answer carries a header of requests": ("json:AwsJson11IntEnums",),
        "a client must skip nulls; a server leaves the member out": (
            "json:AwsJson11StructuresDontDeserializeNullValues",
            "json_1_0:AwsJson10DeserializeAllowNulls",
            "rest-json:RestJsonDeserializesDenseSetMapAndSkipsNull",
            "rest-json:RestJsonDoesntDeserializeNullStructureValues",
            "smithy-rpc-v2-cbor:RpcV2CborClientDoesntDeserializeNullStructureValues",
            "smithy-rpc-v2-cbor:RpcV2CborDeserializesDenseSetMapAndSkipsNull",
        ),
        "the answer has status 400 where the model of the case has 402": (
            "json_1_0-query-compatible:QueryCompatibleAwsJson10CustomCodeError",
            "smithy-rpc-v2-cbor-query-compatible:QueryCompatibleRpcV2CborCustomCodeError",
        ),
        "the answer is empty; AWS always sends the envelope with the request id": (
            "query:QueryEmptyInputAndEmptyOutput",
            "query:QueryNoInputAndNoOutput",
            "query:QueryNoInputAndOutput",
        ),
        "the answer has a content type and no content": ("rest-xml:RestXmlHttpResponseCode",),
        "the answer holds members that the result does not": (
            "smithy-rpc-v2-cbor:RpcV2CborPayloadWithUnsetUnion",
        ),
    }
)

NOT_READ_BACK = by_reason(
    {
        "botocore looks for the name of the list's member, against the published answer": (
            "ec2:Ec2XmlLists",
            "query:QueryXmlLists",
            "rest-xml:XmlLists",
        ),
        "the empty prefix takes in every header of the answer": ("rest-json:HttpPrefixHeadersResponse",),
        "botocore gives a payload of bytes as text where no client unpacks it": (
            "rest-json:RestJsonHttpPayloadTraitsWithBlob",
            "rest-json:RestJsonHttpPayloadTraitsWithNoBlobBody",
            "rest-xml:HttpPayloadTraitsWithBlob",
            "rest-xml:HttpPayloadTraitsWithNoBlobBody",
        ),
        "botocore refuses an absent union": (
            "rest-json:RestJsonHttpPayloadWithUnsetUnion",
            "rest-xml:RestXmlHttpPayloadWithUnsetUnion",
        ),
        "botocore does not unquote lists in headers": (
            "rest-json:RestJsonInputAndOutputWithQuotedStringHeaders",
        ),
        "botocore splits the dates of a list at their commas": (
            "rest-json:RestJsonInputAndOutputWithTimestampHeaders",
            "rest-xml:InputAndOutputWithTimestampHeaders",
        ),
        "botocore looks for the name of the member's shape, against the published answer": (
            "rest-xml:BodyWithXmlName",
        ),
    }
)


class Refusal(ServiceError):
    """An error of a case."""


def answer(protocol, case):
    operation = case["given"]["name"]
    if "error" not in case:
        shape = protocol.service.operation(operation).output
        result = python_value(shape, case["result"]) if shape else {}
        return protocol.serialize(operation, result, request_id(case))
    shape = protocol.service.shape(case["given"]["errors"][0])
    members = python_value(shape, case["error"])
    said = "Hi" if "<Message>Hi</Message>" in case["response"].get("body", "") else ""
    message = members.pop("message", members.pop("Message", said))
    error = Refusal(message, **members)
    error.code = shape.name
    return protocol.serialize_error(operation, error, request_id(case))


def request_id(case):
    headers = {key.lower(): value for key, value in case["response"].get("headers", {}).items()}
    return headers.get("x-amzn-requestid", "the-request")


@pytest.mark.parametrize(("suite", "case"), CASES)
def test_result_is_written_as_the_published_answer(suite, case, request):
    name = request.node.callspec.id
    if name in READ_BACK_ONLY:
        request.applymarker(pytest.mark.xfail(reason=READ_BACK_ONLY[name], strict=True))
    kind = suite["metadata"]["protocol"]
    written, expected = answer(protocol_for(suite, case), case), case["response"]
    assert written.status == expected["status_code"]
    headers = {key.lower(): value for key, value in expected.get("headers", {}).items()}
    for key, value in headers.items():
        if key != "content-length":  # written by the HTTP server
            assert (written.header(key) or "").partition(";")[0] == value.partition(";")[0]
    content_type = headers.get("content-type", written.header("content-type") or "")
    assert document(written.body, kind, content_type) == document(body_of(expected, kind), kind, content_type)


@pytest.mark.parametrize(("suite", "case"), CASES)
def test_botocore_reads_the_answer_back_as_the_result(suite, case, request):
    name = request.node.callspec.id
    if name in NOT_READ_BACK:
        request.applymarker(pytest.mark.xfail(reason=NOT_READ_BACK[name], strict=True))
    written = answer(protocol_for(suite, case), case)
    model = BotocoreModel({"metadata": suite["metadata"], "shapes": suite["shapes"], "operations": {}})
    given = case["given"]
    if suite["metadata"]["protocol"] == "query" and "output" in given:
        # Every real model names the wrapper; botocore reads no answer without.
        given = {**given, "output": {**given["output"], "resultWrapper": f"{given['name']}Result"}}
    operation = OperationModel(given, model)
    parser = create_parser(suite["metadata"]["protocol"])
    response = {
        "status_code": written.status,
        "headers": HeadersDict(written.headers),
        "body": written.body,
        "context": {},
    }
    ours = protocol_for(suite, case).service
    if "error" in case:
        error = parser.parse(response, operation.output_shape)["Error"]
        assert error["Code"] == case["errorCode"]
        shape, parsed = ours.shape(given["errors"][0]), parser.parse(response, operation.error_shapes[0])
    else:
        shape, parsed = ours.operation(given["name"]).output, parser.parse(response, operation.output_shape)
    parsed.pop("ResponseMetadata", None)
    expected = python_value(shape, case.get("result", case.get("error"))) if shape else {}
    assert comparable(present(parsed)) == comparable(expected)


def present(parsed):
    """What botocore read, without what it fills in by itself."""
    return {
        key: value for key, value in parsed.items() if value not in (None, "") or key.lower() != "message"
    }


def test_every_answer_is_proven_by_its_document_or_by_botocore():
    assert set(READ_BACK_ONLY) & set(NOT_READ_BACK) == set()


def test_every_named_exception_is_a_case():
    assert set(READ_BACK_ONLY) | set(NOT_READ_BACK) <= {case.id for case in CASES}
