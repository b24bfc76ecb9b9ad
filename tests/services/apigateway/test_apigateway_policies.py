"""Resource policies: whom the owner of an API lets in or keeps out, by address, endpoint and identity."""

from __future__ import annotations

import json

import pytest


def statement(effect, **more):
    return {
        "Effect": effect,
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        **more,
    }


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def only_from(address):
    return policy(
        statement("Allow"), statement("Deny", Condition={"NotIpAddress": {"aws:SourceIp": address}})
    )


@pytest.fixture
def with_policy(make_api):
    def make(text):
        api = make_api(policy=text)
        api.says("GET", "/a", "hi")
        api.says("GET", "/b", "ho")
        api.deploy()
        return api

    return make


@pytest.mark.parametrize(("address", "status"), [("127.0.0.0/8", 200), ("10.0.0.0/8", 403)])
def test_a_policy_lets_in_by_address(with_policy, address, status):
    assert with_policy(only_from(address)).call("/a").status_code == status


@pytest.mark.unverified("the masked account is quoted widely; the reason behind it is worded as IAM's")
def test_who_is_kept_out_learns_the_method_but_not_the_account(with_policy, account):
    api = with_policy(only_from("10.0.0.0/8"))
    answer = api.call("/a")
    resource = f"arn:aws:execute-api:us-east-1:********{account[8:]}:{api.id}/dev/GET/a"
    assert answer.json()["Message"].startswith(
        "User: anonymous is not authorized to perform: execute-api:Invoke "
        f"on resource: {resource} with an explicit deny"
    )
    assert answer.headers["x-amzn-ErrorType"] == "AccessDeniedException"


def test_what_a_policy_does_not_allow_is_refused(with_policy):
    api = with_policy(policy(statement("Allow", Resource="execute-api:/dev/GET/a")))
    assert (api.call("/a").status_code, api.call("/b").status_code) == (200, 403)


def test_an_api_for_one_endpoint_of_a_vpc(with_policy, http):
    condition = {"StringEquals": {"aws:SourceVpce": "vpce-0123"}}
    api = with_policy(policy(statement("Allow", Condition=condition)))
    assert api.call("/a").status_code == 403
    forms = [
        {"Host": f"{api.id}-vpce-0123.execute-api.us-east-1.amazonaws.com"},
        {"Host": "vpce-0123-abcd.execute-api.us-east-1.vpce.amazonaws.com", "x-apigw-api-id": api.id},
    ]
    for headers in forms:
        assert http.get(f"{api.endpoint}/dev/a", headers=headers).json() == {"says": "hi"}
    other = {"Host": f"{api.id}-vpce-9999.execute-api.us-east-1.amazonaws.com"}
    assert http.get(f"{api.endpoint}/dev/a", headers=other).status_code == 403
