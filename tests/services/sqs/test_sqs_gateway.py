"""SQS behind API Gateway: by a form to the queue's path, with attributes, and by the JSON protocol.

What AWS answered is recorded under tests/aws/services/apigateway/test_apigateway_sqs.py of a public project.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from running_server import Client, RunningServer

MakeQueue = Callable[..., str]
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


@pytest.fixture
def post(client: Client, account: str, server: RunningServer) -> Callable[..., Any]:
    """Makes an API whose one method sends to SQS, and posts to it."""
    iam, gateway = client("iam"), client("apigateway")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    role = iam.create_role(
        RoleName="gateway",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    iam.put_role_policy(
        RoleName="gateway",
        PolicyName="send",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )

    def call(
        uri: str, template: str, parameters: dict[str, str], answer: str, body: str, **headers: str
    ) -> Any:
        api = gateway.create_rest_api(name="queue")
        where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
        gateway.put_method(**where, authorizationType="NONE")
        gateway.put_integration(
            **where,
            type="AWS",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:us-east-1:sqs:{uri}",
            credentials=role,
            requestParameters=parameters,
            requestTemplates={"application/json": template},
            passthroughBehavior="NEVER",
        )
        gateway.put_method_response(**where, statusCode="200")
        gateway.put_integration_response(
            **where, statusCode="200", responseTemplates={"application/json": answer}
        )
        gateway.create_deployment(restApiId=api["id"], stageName="testing")
        url = f"{server.endpoint}/restapis/{api['id']}/testing/_user_request_/"
        request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json", **headers})
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read())

    return call


def test_a_form_to_the_queues_path(
    sqs: Any, queue: MakeQueue, post: Callable[..., Any], account: str
) -> None:
    url = queue("q")
    answer = post(
        f"path/{account}/q",
        "Action=SendMessage&MessageBody=$input.body",
        FORM,
        "#set($sent = $input.path('$.SendMessageResponse'))"
        '{"requestId": "$sent.ResponseMetadata.RequestId", "messageId": "$sent.SendMessageResult.MessageId"}',
        '{"foo": "bar"}',
    )
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == '{"foo": "bar"}'
    assert message["MD5OfBody"] == "94232c5b8fc9272f6f73a1e36eb68fcf"
    assert answer["messageId"] == message["MessageId"]
    assert len(answer["requestId"]) == 36


@pytest.mark.parametrize("name", ["MessageAttribute", "MessageAttributes"])
def test_message_attributes_from_a_header(
    sqs: Any, queue: MakeQueue, post: Callable[..., Any], account: str, name: str
) -> None:
    url = queue("q")
    template = (
        "Action=SendMessage&MessageBody=$input.body"
        f"&{name}.1.Name=user-agent&{name}.1.Value.DataType=String"
        f"&{name}.1.Value.StringValue=$input.params('User-Agent')"
    )
    headers = {"User-Agent": "BAR-Header"}
    answer = post(f"path/{account}/q", template, FORM, '{"message": "great success!"}', "{}", **headers)
    assert answer == {"message": "great success!"}
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"] == {"user-agent": {"DataType": "String", "StringValue": "BAR-Header"}}


def test_the_json_protocol(sqs: Any, queue: MakeQueue, post: Callable[..., Any], account: str) -> None:
    url = queue("q")
    parameters = {
        "integration.request.header.Content-Type": "'application/x-amz-json-1.0'",
        "integration.request.header.X-Amz-Target": "'AmazonSQS.SendMessage'",
    }
    template = f'{{"QueueUrl": "{url}", "MessageBody": "$util.escapeJavaScript($input.body)"}}'
    answer = post(
        f"path/{account}/q",
        template,
        parameters,
        "{\"md5\": $input.json('$.MD5OfMessageBody')}",
        '{"foo": "bar"}',
    )
    assert answer == {"md5": "94232c5b8fc9272f6f73a1e36eb68fcf"}
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == '{"foo": "bar"}'
