"""Which headers are renamed on their way out, held against AWS's recorded answers."""

from __future__ import annotations

import pytest
from recorded_answers import recording

from cloudlet.services.apigateway.execute.headers import may_be_mapped, name_on_exit

MAPPED = "response_param_"


@pytest.mark.parametrize(("kind", "test"), [("HTTP", "http[HTTP]"), ("AWS", "aws[AWS]")])
def test_headers_leave_under_the_names_aws_recorded(kind, test):
    recorded = recording("integrations", f"test_apigateway_header_remapping_{test}").content
    headers = recorded["full-integration"]["response-headers"]
    mapped = {name: value for name, value in headers.items() if value.startswith(MAPPED)}
    assert len(mapped) > 15
    for name, value in mapped.items():
        assert name_on_exit(kind, value.removeprefix(MAPPED)) == name


@pytest.mark.parametrize("kind", ["AWS", "AWS_PROXY"])
def test_headers_that_aws_integrations_may_not_be_given(kind):
    recorded = recording("integrations", f"test_apigateway_header_remapping_aws[{kind}]").content
    refused = recorded.keys() - {"apigw-id", "no-param-integration", "full-integration"}
    assert refused == {
        "content-length",
        "transfer-encoding",
        "authorization",
        "connection",
        "expect",
        "proxy-authenticate",
        "te",
    }
    for name in refused:
        assert not may_be_mapped(kind, name)
        assert may_be_mapped("HTTP", name) == (name not in ("content-length", "transfer-encoding"))
