"""Every published request is parsed to the parameters it was made from."""

from __future__ import annotations

import pytest

from wire_protocol_cases import case_name, cases, comparable, protocol_for, python_value, request_of

CASES = [pytest.param(suite, case, id=case_name(file, case)) for file, suite, case in cases("input")]

NOT_SERVED: dict[str, str] = {}


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
