"""Roles that are handed to API Gateway: whoever hands one on must be allowed to."""

from __future__ import annotations

from iam_fixtures import as_user, iam  # noqa: F401  fixtures
from refusals import refusal

FUNCTION = "arn:aws:lambda:us-east-1:123412341234:function:judge"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def test_credentials_are_handed_on_by_those_who_may(api, as_user, account):  # noqa: F811  the fixture
    user = as_user("builder", "apigateway:*")("apigateway")
    named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    user.put_method(**named, authorizationType="NONE")
    role = f"arn:aws:iam::{account}:role/any"
    integration = {**named, "type": "AWS", "integrationHttpMethod": "POST", "uri": URI}
    code, message = refusal(user.put_integration, **integration, credentials=role)
    assert code == "AccessDeniedException"
    assert "iam:PassRole" in message
    user.put_integration(**integration, credentials="arn:aws:iam::*:user/*")
    step = {"op": "replace", "path": "/credentials", "value": role}
    assert "iam:PassRole" in refusal(user.update_integration, **named, patchOperations=[step])[1]
    authorizer = {"restApiId": api.id, "name": "j", "type": "TOKEN", "authorizerUri": URI}
    assert "iam:PassRole" in refusal(user.create_authorizer, **authorizer, authorizerCredentials=role)[1]
    allowed = as_user("passer", "apigateway:*", "iam:PassRole")("apigateway")
    assert allowed.put_integration(**integration, credentials=role)["credentials"] == role
