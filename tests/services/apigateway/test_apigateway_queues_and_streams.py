"""SQS and Kinesis behind an API, held against AWS's recorded answers."""

from __future__ import annotations

import base64
import json
import re

import pytest
from recorded_answers import recording

from cloud_functions import allow, policy

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


@pytest.fixture
def role(client):
    iam = client("iam")
    made = iam.create_role(RoleName="gateway", AssumeRolePolicyDocument=json.dumps(TRUST))
    document = policy(allow(["sqs:SendMessage", "kinesis:*"]))
    iam.put_role_policy(RoleName="gateway", PolicyName="own", PolicyDocument=document)
    return made["Role"]["Arn"]


@pytest.fixture
def queue(client):
    return client("sqs").create_queue(QueueName="jobs")["QueueUrl"]


@pytest.fixture
def to_queue(api, account, role, queue):
    """An API that sends what it is posted to a queue."""

    def make(template, parameters=FORM, uri=None, **response):
        named = api.method(
            "POST",
            "/sqs",
            {
                "type": "AWS",
                "integrationHttpMethod": "POST",
                "uri": uri or f"arn:aws:apigateway:us-east-1:sqs:path/{account}/jobs",
                "credentials": role,
                "requestParameters": parameters,
                "requestTemplates": {"application/json": template},
                "passthroughBehavior": "NEVER",
            },
        )
        api.respond(named, **response)
        api.deploy()
        return api

    return make


def received(client, queue, **request):
    answer = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, **request)
    return answer.get("Messages", [])


def test_a_body_becomes_a_message(to_queue, client, queue):
    aws = recording("sqs", "test_sqs_aws_integration")
    api = to_queue(
        "Action=SendMessage&MessageBody=$input.body",
        responseTemplates={"application/json": '{"message": "great success!"}'},
    )
    sent = api.call("/sqs", "POST", content='{"foo": "bar"}')
    aws.expect("sqs-aws-integration-with-payload", sent.json())
    aws.expect("sqs-aws-integration-without-payload", api.call("/sqs", "POST").json())
    messages = sorted(received(client, queue), key=lambda message: message["Body"])
    aws.expect("sqs-messages", messages)


def test_what_a_queue_answers_can_be_walked_as_json(to_queue):
    template = """
        #set($responseBody = $input.path('$.SendMessageResponse'))
        #set($requestId = $input.path('$.SendMessageResponse.ResponseMetadata.RequestId'))
        {"requestId": "$requestId", "messageId": "$responseBody.SendMessageResult.MessageId"}
    """
    body = "Action=SendMessage&MessageBody=$input.body"
    answer = to_queue(body, responseTemplates={"application/json": template}).call("/sqs", "POST", json={})
    recording("sqs", "test_sqs_request_and_response_xml_templates_integration").expect(
        "sqs-json-response", answer.json()
    )


def test_who_asks_for_xml_gets_xml(to_queue):
    parameters = {**FORM, "integration.request.header.Accept": "'application/xml'"}
    answer = to_queue("Action=SendMessage&MessageBody=$input.body", parameters).call("/sqs", "POST", json={})
    for name in ("MessageId", "MD5OfMessageBody", "RequestId"):
        assert re.search(f"<{name}>.+</{name}>", answer.text)


@pytest.mark.parametrize("name", ["MessageAttribute", "MessageAttributes"])
def test_message_attributes_are_parameters_of_the_form(to_queue, client, queue, name):
    template = (
        "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
        f"&{name}.1.Name=user-agent&{name}.1.Value.DataType=String"
        f"&{name}.1.Value.StringValue=$input.params().header.get('x-foo')"
    )
    api = to_queue(template)
    assert api.call("/sqs", "POST", json={"foo": "bar"}, headers={"x-foo": "BAR-Header"}).status_code == 200
    aws = recording("sqs", f"test_sqs_aws_integration_with_message_attribute[{name}]")
    message = received(client, queue, MessageAttributeNames=["All"])[0]
    aws.expect("sqs-message-body", json.loads(message["Body"]))
    aws.expect("sqs-message-attributes", message["MessageAttributes"])


def test_an_action_of_the_json_protocol(to_queue, client, queue, account):
    parameters = {
        "integration.request.header.Content-Type": "'application/x-amz-json-1.0'",
        "integration.request.header.X-Amz-Target": "'AmazonSQS.SendMessage'",
    }
    template = '{"QueueUrl": "' + queue + '", "MessageBody": "$context.resourcePath $context.requestId"}'
    api = to_queue(template, parameters, uri="arn:aws:apigateway:us-east-1:sqs:action/SendMessage")
    answer = api.call("/sqs", "POST", json={})
    assert answer.json().keys() == {"MD5OfMessageBody", "MessageId"}
    (message,) = received(client, queue)
    assert message["Body"] == f"/sqs {answer.headers['x-amzn-RequestId']}"


def test_what_the_role_may_not_do_is_told_in_json(to_queue):
    answer = to_queue("Action=DeleteQueue&Version=2012-11-05").call("/sqs", "POST", json={})
    assert answer.json()["Error"]["Code"] == "AccessDenied"


STREAMS = {
    "PutRecord": (
        '{"StreamName": "s", "Data": "$util.base64Encode($input.body)", "PartitionKey": "test"}',
        1,
    ),
    "PutRecords": (
        '{"StreamName": "s", "Records": [#foreach($r in $input.path(\'$.records\')){"Data": '
        '"$util.base64Encode($r.data)", "PartitionKey": "$r.key"}#if($foreach.hasNext),#end#end]}',
        3,
    ),
}


@pytest.mark.parametrize("action", STREAMS)
def test_records_go_to_a_stream(api, client, role, action):
    template, count = STREAMS[action]
    client("kinesis").create_stream(StreamName="s", ShardCount=1)
    client("kinesis").get_waiter("stream_exists").wait(
        StreamName="s", WaiterConfig={"Delay": 0, "MaxAttempts": 500}
    )
    named = api.method(
        "POST",
        "/k",
        {
            "type": "AWS",
            "integrationHttpMethod": "POST",
            "uri": f"arn:aws:apigateway:us-east-1:kinesis:action/{action}",
            "credentials": role,
            "requestParameters": {"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"},
            "requestTemplates": {"application/json": template},
        },
    )
    api.respond(named)
    api.deploy()
    sent = {"records": [{"data": f"d{number}", "key": "20"} for number in range(count)]}
    answer = api.call("/k", "POST", json=sent)
    aws = recording("kinesis", f"test_apigateway_to_kinesis[{action}]")
    aws.expect("apigateway_response", answer.json())
    shard = client("kinesis").list_shards(StreamName="s")["Shards"][0]["ShardId"]
    place = client("kinesis").get_shard_iterator(
        StreamName="s", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    records = client("kinesis").get_records(ShardIterator=place["ShardIterator"])["Records"]
    assert len(records) == count
    assert base64.b64encode(records[0]["Data"])
