"""S3 behind an API, held against AWS's recorded answers: objects, and every way of binary payloads."""

from __future__ import annotations

import ast
import base64
import gzip
import json

import pytest
from recorded_answers import recording

from cloud_functions import allow, policy

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
RAW = gzip.compress(b"compressed data, should be invalid UTF-8 string", mtime=1676569620)
BODIES = {
    "binary-raw": RAW,
    "binary-encoded": base64.b64encode(RAW),
    "text": b"this is a UTF8 text typed object",
}
ADD_PNG = [{"op": "add", "path": "/binaryMediaTypes/image~1png"}]


@pytest.fixture
def bucket(client, account):
    client("s3").create_bucket(Bucket=f"bucket-{account}")
    return f"bucket-{account}"


@pytest.fixture
def role(client):
    iam = client("iam")
    made = iam.create_role(RoleName="gateway", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="gateway", PolicyName="own", PolicyDocument=policy(allow("s3:*")))
    return made["Role"]["Arn"]


@pytest.fixture
def objects(api, bucket, role):
    """An API whose paths are the bucket's objects."""

    def make(handling=None, response_handling=None, **integration):
        named = api.method(
            "ANY",
            "/{path+}",
            {
                "type": "AWS",
                "integrationHttpMethod": "ANY",
                "uri": f"arn:aws:apigateway:us-east-1:s3:path/{bucket}/{{path}}",
                "credentials": role,
                "requestParameters": {
                    "integration.request.path.path": "method.request.path.path",
                    "integration.request.header.Content-Type": "method.request.header.Content-Type",
                    "integration.request.querystring.response-content-type": (
                        "method.request.header.response-content-type"
                    ),
                },
                **({"contentHandling": handling} if handling else {}),
                **integration,
            },
            requestParameters={
                "method.request.path.path": True,
                "method.request.header.Content-Type": False,
                "method.request.header.response-content-type": False,
            },
        )
        more = {"contentHandling": response_handling} if response_handling else {}
        parameters = {"method.response.header.ETag": "integration.response.header.ETag"}
        api.respond(named, responseParameters=parameters, **more)
        api.deploy("plain")
        api.boto.update_rest_api(restApiId=api.id, patchOperations=ADD_PNG)
        api.deploy("png")
        return api

    return make


def put(api, stage, key, content_type):
    return api.call(f"/{key}", "PUT", stage, content=BODIES[key], headers={"Content-Type": content_type})


def recorded_bytes(text):
    return ast.literal_eval(text) if text.startswith("b'") else text.encode()


def test_objects_are_put_read_and_deleted(objects, client, bucket):
    api = objects()
    missing = api.call("/test.json", stage="plain")
    assert missing.status_code == 200
    assert "<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>" in missing.text
    for number in (1, 2):
        sent = {"put_id": number}
        assert api.call("/test.json", "PUT", "plain", json=sent).status_code == 200
        assert api.call("/test.json", stage="plain").json() == sent
    api.call("/test.json", "DELETE", "plain")
    assert "NoSuchKey" in api.call("/test.json", stage="plain").text
    assert client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


REQUEST_CASES = [
    (None, "test_apigw_s3_binary_support_request[None]", "binary-type"),
    ("CONVERT_TO_TEXT", "test_apigw_s3_binary_support_request[CONVERT_TO_TEXT]", "binary-type"),
    ("CONVERT_TO_BINARY", "test_apigw_s3_binary_support_request_convert_to_binary", "binary-media"),
]


@pytest.mark.parametrize(("handling", "test", "name"), REQUEST_CASES)
def test_what_is_sent_passes_as_bytes_or_text(objects, client, bucket, handling, test, name):
    api = objects(handling)
    recorded = recording("s3", f"TestApiGatewayS3BinarySupport::{test}").content
    ways = (
        ("plain", "image/png", "no-binary-media"),
        ("png", "image/png", name),
        ("png", "text/plain", "text-type"),
    )
    for stage, content_type, way in ways:
        for key in BODIES:
            expected = recorded.get(f"get-obj-{way}-{key}")
            answer = put(api, stage, key, content_type)
            # What was not recorded is what AWS refused.
            assert answer.status_code == (200 if expected else 500), (way, key)
            if expected:
                found = client("s3").get_object(Bucket=bucket, Key=key)
                assert found["ETag"] == expected["ETag"], (way, key)
                assert found["ContentType"] == expected["ContentType"]
                assert found["Body"].read() == recorded_bytes(expected["Body"]), (way, key)


@pytest.mark.parametrize(
    ("handling", "test"),
    [
        (None, "no_content_handling"),
        ("CONVERT_TO_TEXT", "convert_to_text"),
        ("CONVERT_TO_BINARY", "convert_to_binary"),
    ],
)
def test_what_is_answered_passes_as_bytes_or_text(objects, client, bucket, handling, test):
    api = objects(response_handling=handling)
    name = f"TestApiGatewayS3BinarySupport::test_apigw_s3_binary_support_response_{test}"
    recorded = recording("s3", name).content
    for key, body in BODIES.items():
        client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    ways = [("plain", "image/png", "binary/octet-stream", "no-media")]
    for payload, content_type in (("text", "binary/octet-stream"), ("binary", "image/png")):
        for accept, wanted in (("text", "text/plain"), ("binary", "image/png")):
            ways.append(("png", wanted, content_type, f"payload-{payload}-accept-{accept}"))
    for stage, accept, content_type, way in ways:
        for key in BODIES:
            expected = recorded.get(f"{key.removeprefix('binary-')}-{way}")
            headers = {"Accept": accept, "response-content-type": content_type}
            answer = api.call(f"/{key}", stage=stage, headers=headers)
            assert answer.status_code == (200 if expected else 500), (way, key)
            if expected:
                assert answer.headers["ETag"] == expected["etag"]
                assert answer.content == recorded_bytes(expected["content"]), (way, key)


def test_a_template_gets_no_bytes_that_are_not_text(objects, client, bucket):
    templates = {"application/json": '{"data": "$input.body"}'}
    api = objects("CONVERT_TO_BINARY", requestTemplates=templates)
    assert put(api, "plain", "binary-encoded", "image/png").status_code == 200
    assert client("s3").get_object(Bucket=bucket, Key="binary-encoded")["Body"].read() == RAW
    assert put(api, "plain", "binary-encoded", "application/json").status_code == 500


def test_a_response_template_reads_text_that_was_bytes(api, client, bucket, role, apigateway):
    aws = recording("s3", "test_apigw_s3_binary_support_response_convert_to_binary_with_request_template")
    aws.bound |= {"<s3-bucket>": bucket, "<region>": "us-east-1", "<partition>": "aws"}
    put = client("s3").put_object(Bucket=bucket, Key="binary-encoded", Body=BODIES["binary-encoded"])
    aws.expect("put-obj-encoded", put)
    named = {"restApiId": api.id, "resourceId": api.resource("/{object_path+}"), "httpMethod": "ANY"}
    parameters = {
        "integration.request.path.object_path": "method.request.path.object_path",
        "integration.request.header.Content-Type": "method.request.header.Content-Type",
        "integration.request.querystring.response-content-type": (
            "method.request.header.response-content-type"
        ),
    }
    declared = dict.fromkeys(parameters.values(), False)
    apigateway.put_method(**named, authorizationType="NONE", requestParameters=declared)
    made = apigateway.put_integration(
        **named,
        type="AWS",
        integrationHttpMethod="ANY",
        uri=f"arn:aws:apigateway:us-east-1:s3:path/{bucket}/{{object_path}}",
        requestParameters=parameters,
        credentials=role,
    )
    aws.expect("put-integration", made)
    response = {**named, "statusCode": "200"}
    etag = {"method.response.header.ETag": "integration.response.header.ETag"}
    api.respond(named, responseParameters=etag, contentHandling="CONVERT_TO_TEXT")
    template = [
        {"op": "add", "path": "/responseTemplates/application~1json", "value": '{"data": "$input.body"}'}
    ]
    apigateway.update_integration_response(**response, patchOperations=template)
    aws.expect("get-integration-response", apigateway.get_integration_response(**response))
    apigateway.update_rest_api(restApiId=api.id, patchOperations=ADD_PNG)
    api.deploy()
    answer = api.call("/binary-encoded", headers={"Accept": "image/png"})
    told = {"content": repr(answer.content), "etag": answer.headers["ETag"]}
    aws.expect("encoded-text-payload-binary-accept", told)
    handling = [{"op": "replace", "path": "/contentHandling", "value": "CONVERT_TO_BINARY"}]
    apigateway.update_integration_response(**response, patchOperations=handling)
    aws.expect("get-integration-response-update", apigateway.get_integration_response(**response))
    api.deploy()
    assert api.call("/binary-encoded", headers={"Accept": "image/png"}).status_code == 500
