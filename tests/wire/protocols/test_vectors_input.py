"""Every published request is parsed to the parameters it was made from."""

from __future__ import annotations

import pytest

from wire_protocol_cases import (
    by_reason,
    case_name,
    cases,
    comparable,
    protocol_for,
    python_value,
    request_of,
)

CASES = [pytest.param(suite, case, id=case_name(file, case)) for file, suite, case in cases("input")]

NOT_SERVED = by_reason(
    {
        "what is empty leaves no trace in the request": (
            "ec2:Ec2EmptyQueryLists",
            "query:QueryEmptyQueryMaps",
            "rest-json:RestJsonHttpPrefixHeadersAreNotPresent",
            "rest-json:RestJsonOmitsEmptyListQueryValues",
            "rest-xml:HttpPrefixHeadersAreNotPresent",
        ),
        "the client fills in a token, which for the server is a parameter as any other": (
            "ec2:Ec2ProtocolIdempotencyTokenAutoFill",
            "query:QueryProtocolIdempotencyTokenAutoFill",
            "rest-json:RestJsonQueryIdempotencyTokenAutoFill",
            "rest-xml:QueryIdempotencyTokenAutoFill",
        ),
        "the case leaves out the compressed body": (
            "ec2:SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
            "ec2:SDKAppliedContentEncoding_ec2Query",
            "json:SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1",
            "json:SDKAppliedContentEncoding_awsJson1_1",
            "json_1_0:SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
            "json_1_0:SDKAppliedContentEncoding_awsJson1_0",
            "query:SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
            "query:SDKAppliedContentEncoding_awsQuery",
            "rest-json:SDKAppendedGzipAfterProvidedEncoding_restJson1",
            "rest-json:SDKAppliedContentEncoding_restJson1",
            "rest-xml:SDKAppendedGzipAfterProvidedEncoding_restXml",
            "rest-xml:SDKAppliedContentEncoding_restXml",
        ),
        "the case leaves out X-Amz-Target, the only place where the operation is named": (
            "json_1_0:AwsJson10EndpointTrait",
            "json_1_0:AwsJson10EndpointTraitWithHostLabel",
            "json_1_0:AwsJson10HostWithPath",
        ),
        "the path begins with that of a custom endpoint, which the server is not told": (
            "rest-json:RestJsonHostWithPath",
        ),
        "a map of the query string holds all parameters, as nine other cases of this protocol have it": (
            "rest-json:RestJsonQueryParamsStringListMap",
        ),
        "the client overrides a parameter before it is sent": (
            "rest-json:RestJsonQueryPrecedence",
            "rest-xml:RestXmlQueryPrecedence",
        ),
    }
)


@pytest.mark.parametrize(("suite", "case"), CASES)
def test_request_is_parsed_to_its_parameters(suite, case, request):
    name = request.node.callspec.id
    if name in NOT_SERVED:
        request.applymarker(pytest.mark.xfail(reason=NOT_SERVED[name], strict=True))
    protocol = protocol_for(suite, case)
    http_request, body = request_of(case["serialized"], suite["metadata"]["protocol"])
    operation = protocol.route(http_request, body)
    assert operation == case["given"]["name"]
    parsed = protocol.parse(operation, http_request, body)
    shape = protocol.service.operation(operation).input
    expected = python_value(shape, case["params"]) if shape else {}
    assert comparable(parsed) == comparable(expected)


def test_every_named_exception_is_a_case():
    assert set(NOT_SERVED) <= {case.id for case in CASES}
