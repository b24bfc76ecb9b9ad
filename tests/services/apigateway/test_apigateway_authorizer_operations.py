"""Authorizers and the methods they guard, held against AWS's recorded answers."""

from __future__ import annotations

import pytest
from recorded_answers import recording

from refusals import refusal

FUNCTION = "arn:aws:lambda:us-east-1:123412341234:function:judge"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
POOL = "arn:aws:cognito-idp:us-east-1:123412341234:userpool/us-east-1_aWcZeQbuD"
HEADER = "method.request.header.Authorization"


def patch(op, path, value=None):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


def _token(apigateway, api, name="judge"):
    return apigateway.create_authorizer(
        restApiId=api.id, name=name, type="TOKEN", authorizerUri=URI, identitySource=HEADER
    )


def test_an_authorizer_without_an_api_is_refused(apigateway):
    aws = recording("api", "test_authorizer_crud_no_api")
    named = {"restApiId": "test-fake-rest-id"}
    create = apigateway.create_authorizer
    aws.refuses("wrong-rest-api-id-create-authorizer", create, **named, name="a", type="TOKEN")
    with_account = recording("api", "test_authorizer_crud_no_api")
    with_account.refuses("wrong-rest-api-id-get-authorizers", apigateway.get_authorizers, **named)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"type": "TOKEN", "authorizerUri": URI, "identitySource": HEADER}, {"authType": "custom"}),
        (
            {
                "type": "REQUEST",
                "authorizerUri": URI,
                "identitySource": f"{HEADER},context.accountId",
                "authorizerResultTtlInSeconds": 300,
            },
            {"authType": "custom"},
        ),
        (
            {"type": "COGNITO_USER_POOLS", "providerARNs": [POOL], "identitySource": HEADER},
            {"authType": "cognito_user_pools"},
        ),
    ],
)
def test_an_authorizer_shows_what_it_was_given(apigateway, api, given, shown):
    made = apigateway.create_authorizer(restApiId=api.id, name="judge", **given)
    found = apigateway.get_authorizer(restApiId=api.id, authorizerId=made["id"])
    assert apigateway.get_authorizers(restApiId=api.id)["items"] == [
        {name: value for name, value in found.items() if name != "ResponseMetadata"}
    ]
    for answer in (made, found):
        answer.pop("ResponseMetadata")
        assert answer == {"id": made["id"], "name": "judge", **given, **shown}


def test_an_authorizer_is_changed(apigateway, api):
    made = _token(apigateway, api)
    steps = [
        patch("replace", "/name", "other"),
        patch("replace", "/authorizerResultTtlInSeconds", "0"),
        patch("replace", "/identityValidationExpression", "^x"),
    ]
    changed = apigateway.update_authorizer(restApiId=api.id, authorizerId=made["id"], patchOperations=steps)
    assert (changed["name"], changed["authorizerResultTtlInSeconds"]) == ("other", 0)
    assert changed["identityValidationExpression"] == "^x"


def test_an_authorizer_that_a_method_needs_stays(apigateway, api):
    made = _token(apigateway, api)
    named = {"restApiId": api.id, "resourceId": api.resource("/test"), "httpMethod": "GET"}
    method = apigateway.put_method(**named, authorizationType="CUSTOM", authorizerId=made["id"])
    assert method["authorizerId"] == made["id"]
    delete = {"restApiId": api.id, "authorizerId": made["id"]}
    assert refusal(apigateway.delete_authorizer, **delete) == (
        "ConflictException",
        "Cannot delete authorizer 'judge', is referenced in method: GET//test",
    )
    apigateway.delete_method(**named)
    apigateway.delete_authorizer(**delete)
    assert refusal(apigateway.get_authorizer, **delete) == (
        "NotFoundException",
        "Invalid Authorizer identifier specified",
    )


def test_a_method_is_given_an_authorizer(apigateway, api):
    aws = recording("api", "test_update_method")
    named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "ANY"}
    aws.expect("put-method-response", apigateway.put_method(**named, authorizationType="NONE"))

    def update(*steps):
        return apigateway.update_method(**named, patchOperations=[*steps])

    optional = "/requestParameters/method.request.querystring.optional"
    changed = update(
        patch("add", optional, "true"), patch("add", "/requestModels/application~1json", "Empty")
    )
    aws.expect("update-method-add", changed)
    changed = update(
        patch("replace", "/operationName", "ReplacedOperationName"),
        patch("replace", "/apiKeyRequired", "true"),
        patch("replace", "/authorizationType", "AWS_IAM"),
        patch("replace", optional, "false"),
    )
    aws.expect("update-method-replace", changed)
    authorizer = _token(apigateway, api)["id"]
    changed = update(
        patch("replace", "/authorizerId", authorizer), patch("replace", "/authorizationType", "CUSTOM")
    )
    aws.expect("update-method-replace-authorizer", changed)
    changed = update(patch("remove", optional), patch("remove", "/requestModels/application~1json"))
    aws.expect("update-method-remove", changed)


def test_scopes_are_added_and_removed(apigateway, api):
    pool = apigateway.create_authorizer(
        restApiId=api.id, name="p", type="COGNITO_USER_POOLS", providerARNs=[POOL], identitySource=HEADER
    )
    named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    apigateway.put_method(
        **named,
        authorizationType="COGNITO_USER_POOLS",
        authorizerId=pool["id"],
        authorizationScopes=["a/read"],
    )
    steps = [
        patch("add", "/authorizationScopes", "a/write"),
        patch("remove", "/authorizationScopes", "a/read"),
    ]
    changed = apigateway.update_method(**named, patchOperations=steps)
    assert changed["authorizationScopes"] == ["a/write"]


def test_a_method_asks_an_authorizer_and_for_a_key(apigateway, api):
    aws = recording("basic", "test_apigateway_with_custom_authorization_method")
    made = apigateway.create_authorizer(
        restApiId=api.id,
        name="lambda_authorizer",
        type="TOKEN",
        authorizerUri=URI,
        identitySource="method.request.header.Auth",
    )
    aws.expect("authorizer", made)
    method = apigateway.put_method(
        restApiId=api.id,
        resourceId=api.root,
        httpMethod="GET",
        authorizationType="CUSTOM",
        authorizerId=made["id"],
        apiKeyRequired=True,
    )
    aws.expect("put-method-response", method)
