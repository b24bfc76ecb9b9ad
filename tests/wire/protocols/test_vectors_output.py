"""Every published result is written as a document equivalent to the published answer, and botocore reads it back."""

from __future__ import annotations

import pytest
from botocore.model import OperationModel
from botocore.model import ServiceModel as BotocoreModel
from botocore.parsers import create_parser

from cloudlet.core.errors import ServiceError
from wire_protocol_cases import body_of, case_name, cases, comparable, document, protocol_for, python_value

CASES = [pytest.param(suite, case, id=case_name(file, case)) for file, suite, case in cases("output")]

READ_BACK_ONLY: dict[str, str] = {}

NOT_SERVED: dict[str, str] = {}


class Refusal(ServiceError):
    """An error of a case."""


def answer(protocol, case):
    operation = case["given"]["name"]
    if "error" not in case:
        shape = protocol.service.operation(operation).output
        result = python_value(shape, case["result"]) if shape else {}
        return protocol.serialize(operation, result, "the-request")
    shape = protocol.service.shape(case["given"]["errors"][0])
    members = python_value(shape, case["error"])
    message = members.pop("message", members.pop("Message", case.get("errorMessage", "")))
    error = Refusal(message, **members)
    error.code = shape.name
    return protocol.serialize_error(operation, error, "the-request")


@pytest.mark.parametrize(("suite", "case"), CASES)
def test_result_is_written_as_the_published_answer(suite, case, request):
    name = request.node.callspec.id
    if name in NOT_SERVED or name in READ_BACK_ONLY:
        reason = NOT_SERVED.get(name) or READ_BACK_ONLY[name]
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    kind = suite["metadata"]["protocol"]
    written, expected = answer(protocol_for(suite, case), case), case["response"]
    assert written.status == expected["status_code"]
    headers = {key.lower(): value for key, value in expected.get("headers", {}).items()}
    for key, value in headers.items():
        assert written.header(key) == value
    content_type = headers.get("content-type", written.header("content-type") or "")
    assert document(written.body, kind, content_type) == document(body_of(expected, kind), kind, content_type)


@pytest.mark.parametrize(("suite", "case"), CASES)
def test_botocore_reads_the_answer_back_as_the_result(suite, case, request):
    name = request.node.callspec.id
    if name in NOT_SERVED:
        request.applymarker(pytest.mark.xfail(reason=NOT_SERVED[name], strict=True))
    written = answer(protocol_for(suite, case), case)
    model = BotocoreModel({"metadata": suite["metadata"], "shapes": suite["shapes"], "operations": {}})
    operation = OperationModel(case["given"], model)
    parser = create_parser(suite["metadata"]["protocol"])
    response = {"status_code": written.status, "headers": HeaderDict(written.headers), "body": written.body, "context": {}}
    shape = operation.output_shape if "error" not in case else operation.error_shapes[0]
    parsed = parser.parse(response, shape)
    metadata = parsed.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == written.status
    if "error" in case:
        assert parsed.pop("Error")["Code"] == case["errorCode"]
        parsed = {key: value for key, value in parsed.items() if key.lower() != "message"}
    ours = protocol_for(suite, case).service
    expected_shape = ours.operation(case["given"]["name"]).output if "error" not in case else ours.shape(case["given"]["errors"][0])
    expected = case.get("result") or {k: v for k, v in case.get("error", {}).items() if k.lower() != "message"}
    expected = python_value(expected_shape, expected) if expected_shape else {}
    assert comparable(parsed) == comparable(expected)


def HeaderDict(headers):
    from botocore.awsrequest import HeadersDict

    return HeadersDict(headers)
