"""Who may do what: IAM on the control plane and on methods, validators, and services asked by path."""

from __future__ import annotations

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError


def allow(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def user(client):
    """Makes a user with a policy; its key."""
    iam = client("iam")

    def make(policy: str) -> dict[str, str]:
        iam.create_user(UserName="u")
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
        key = iam.create_access_key(UserName="u")["AccessKey"]
        return {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}

    return make


def test_iam_knows_the_control_plane_by_verbs_and_paths(api, client, user):
    key = user(allow("apigateway:GET", resource=f"arn:aws:apigateway:us-east-1::/restapis/{api.id}/*"))
    theirs = client("apigateway", **key)
    assert theirs.get_resources(restApiId=api.id)["items"]
    with pytest.raises(ClientError) as caught:
        theirs.create_resource(restApiId=api.id, parentId=api.root, pathPart="x")
    error = caught.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    path = f"arn:aws:apigateway:us-east-1::/restapis/{api.id}/resources/{api.root}"
    assert f"is not authorized to perform: apigateway:POST on resource: {path}" in error["Message"]


def signed(api, path: str, key: dict[str, str], service: str = "execute-api") -> dict[str, str]:
    url = f"{api.endpoint}/restapis/{api.id}/dev/_user_request_{path}"
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials(key["key"], key["secret"]), service, "us-east-1").add_auth(request)
    return dict(request.headers)


@pytest.fixture
def guarded(api):
    """An API whose method asks who calls."""
    named = api.method(
        "GET",
        "/a",
        {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
        authorizationType="AWS_IAM",
    )
    api.respond(named, responseTemplates={"application/json": '{"who": "$context.identity.userArn"}'})
    api.deploy()
    return api


def test_a_method_with_iam_wants_a_signature(guarded):
    answer = guarded.call("/a")
    assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"})


def test_a_signer_needs_permission_for_the_method(guarded, user, client, account):
    key = user(allow("s3:*"))
    answer = guarded.call("/a", headers=signed(guarded, "/a", key))
    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    arn = f"arn:aws:execute-api:us-east-1:{account}:{guarded.id}/dev/GET/a"
    client("iam").put_user_policy(
        UserName="u", PolicyName="p", PolicyDocument=allow("execute-api:Invoke", resource=arn)
    )
    answer = guarded.call("/a", headers=signed(guarded, "/a", key))
    assert (answer.status_code, answer.json()) == (200, {"who": f"arn:aws:iam::{account}:user/u"})


def test_a_wrong_signature_is_refused(guarded, user):
    key = user(allow("execute-api:Invoke"))
    answer = guarded.call("/a", headers=signed(guarded, "/a", {**key, "secret": "wrong"}))
    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_a_signature_for_another_service_is_refused(guarded, user):
    key = user(allow("execute-api:Invoke"))
    answer = guarded.call("/a", headers=signed(guarded, "/a", key, service="lambda"))
    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_strangers_from_another_account_stay_out(guarded):
    answer = guarded.call("/a", headers=signed(guarded, "/a", {"key": "111122223333", "secret": "x"}))
    assert answer.status_code == 403


def test_a_policy_lets_in_another_account(apigateway, guarded):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/dev/GET/a",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    patch = [{"op": "replace", "path": "/policy", "value": document}]
    apigateway.update_rest_api(restApiId=guarded.id, patchOperations=patch)
    guarded.deploy()
    theirs = {"key": "111122223333", "secret": "x"}
    assert guarded.call("/a", headers=signed(guarded, "/a", theirs)).status_code == 200
    others = {"key": "444455556666", "secret": "x"}
    assert guarded.call("/a", headers=signed(guarded, "/a", others)).status_code == 403


def test_a_signer_asks_the_cache_anew_only_with_permission(api, apigateway, client, user):
    named = api.method(
        "GET",
        "/a",
        {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
        authorizationType="AWS_IAM",
    )
    api.respond(named, responseTemplates={"application/json": "$context.requestId"})
    api.deploy()
    settings = (
        ("/cacheClusterEnabled", "true"),
        ("/cacheClusterSize", "0.5"),
        ("/*/*/caching/enabled", "true"),
    )
    patches = [{"op": "replace", "path": path, "value": value} for path, value in settings]
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=patches)
    key = user(allow("execute-api:Invoke"))

    def ask(**more):
        return api.call("/a", headers={**signed(api, "/a", key), **more})

    first = ask().text
    refused = ask(**{"Cache-Control": "max-age=0"})
    assert (refused.text, "Warning" in refused.headers) == (first, True)
    both = allow("execute-api:Invoke", "execute-api:InvalidateCache")
    client("iam").put_user_policy(UserName="u", PolicyName="p", PolicyDocument=both)
    newer = ask(**{"Cache-Control": "max-age=0"})
    assert (newer.text != first, "Warning" in newer.headers) == (True, False)
    assert ask().text == newer.text


MODEL = {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}


@pytest.fixture
def validating(api, apigateway):
    """An API that checks parameters and bodies."""
    api_id = {"restApiId": api.id}
    plain = {"contentType": "application/json"}
    apigateway.create_model(**api_id, **plain, name="One", schema=json.dumps(MODEL))
    reference = {"$ref": f"https://apigateway.amazonaws.com/restapis/{api.id}/models/One"}
    many = json.dumps({"type": "array", "items": reference})
    apigateway.create_model(**api_id, **plain, name="Many", schema=many)
    validator = apigateway.create_request_validator(
        **api_id, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    named = api.method(
        "POST",
        "/{issuer}",
        {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
        requestValidatorId=validator,
        requestParameters={
            "method.request.querystring.qs1": True,
            "method.request.path.issuer": True,
            "method.request.header.x-header-param": True,
            "method.request.header.x-optional": False,
        },
        requestModels={"application/json": "Many"},
    )
    api.respond(named)
    api.deploy()
    return api


def test_required_parameters_are_named_when_they_are_missing(validating):
    answer = validating.call("/x", "POST", json=[])
    assert answer.status_code == 400
    text = "Missing required request parameters: [x-header-param, qs1]"
    assert answer.json() == {"message": text}
    assert answer.headers["x-amzn-errortype"] == "BadRequestException"


@pytest.mark.parametrize("body", [b'[{"b": 1}]', b"[{]", b'{"a": 1}', b""])
def test_a_body_that_its_model_does_not_allow_is_refused(validating, body):
    headers = {"x-header-param": "1", "Content-Type": "application/json"}
    answer = validating.call("/x?qs1=1", "POST", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid request body"})
    good = validating.call("/x?qs1=1", "POST", content=b'[{"a": 1}]', headers=headers)
    assert good.status_code == 200


def test_an_object_of_s3_is_read_by_path(make_api, client, account):
    s3, iam = client("s3"), client("iam")
    bucket = f"objects{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/b.bin", Body=b"\x00\x01\xff", ContentType="image/png")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=allow("s3:GetObject"))
    api = make_api(binaryMediaTypes=["image/png"])
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "GET",
        "uri": "arn:aws:apigateway:us-east-1:s3:path/{bucket}/{key}",
        "credentials": role,
        "requestParameters": {
            "integration.request.path.bucket": f"'{bucket}'",
            "integration.request.path.key": "method.request.path.key",
        },
    }
    named = api.method("GET", "/{key+}", integration, requestParameters={"method.request.path.key": True})
    api.respond(
        named,
        responseParameters={
            "method.response.header.Content-Type": "integration.response.header.Content-Type"
        },
    )
    api.respond(named, "404", selectionPattern="404")
    api.deploy()
    answer = api.call("/a/b.bin", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.content) == (200, b"\x00\x01\xff")
    assert answer.headers["content-type"] == "image/png"
    assert api.call("/a/b.bin", headers={"Accept": "text/plain"}).text == "AAH/"


def test_answers_are_compressed_for_those_who_ask(make_api):
    api = make_api(minimumCompressionSize=10)
    api.says("GET", "/a", "x" * 100)
    api.deploy()
    answer = api.call("/a", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == {"says": "x" * 100}
    assert "content-encoding" not in api.call("/a", headers={"Accept-Encoding": "identity"}).headers


def test_a_body_of_more_than_10_mb_is_refused(api):
    api.says("POST", "/a", "hi")
    api.deploy()
    answer = api.call("/a", "POST", content=b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
