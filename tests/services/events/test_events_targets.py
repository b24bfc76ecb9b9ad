"""Who gets events: queues, topics, functions, streams, other buses; and what becomes of what nobody takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloud_functions import Deployment
from cloudlet.core.access import Principal
from cloudlet.core.errors import AccessDenied
from iam_fixtures import allow, trust
from refusals import refusal
from running_server import RunningServer

_TELL = """
import boto3, json, os
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(event))
"""
_EVENTS_TRUST = trust({"Service": "events.amazonaws.com"})


def _role(iam: Any, name: str, *actions: str) -> str:
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_EVENTS_TRUST)["Role"]["Arn"]
    if actions:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=allow(*actions))
    return str(arn)


def test_a_queue_takes_what_comes_of_the_rule_its_policy_names(
    put: Any, rule: Any, inbox: Any, account: str
) -> None:
    wanted = f"arn:aws:events:us-east-1:{account}:rule/wanted"
    queue = inbox("inbox", {"ArnEquals": {"aws:SourceArn": wanted}})
    rule("other", queue.arn, Input='"other"')
    rule("wanted", queue.arn, Input='"wanted"')
    put()
    assert queue.next_text() == '"wanted"'


def test_a_fifo_queue_gets_the_group(put: Any, rule: Any, inbox: Any) -> None:
    queue = inbox("inbox.fifo")
    rule("r", queue.arn, SqsParameters={"MessageGroupId": "g"})
    put()
    assert queue.next_message()["Attributes"]["MessageGroupId"] == "g"


def test_what_a_target_refuses_goes_to_the_dead_letters_at_once(
    client: Any, put: Any, rule: Any, inbox: Any
) -> None:
    closed = client("sqs").create_queue(QueueName="closed")["QueueUrl"]
    sqs = client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=closed, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    dead = inbox("dead")
    made = rule("r", arn, DeadLetterConfig={"Arn": dead.arn}, InputPath="$.detail")
    event_id = put({"n": 1})
    message = dead.next_message()
    assert json.loads(message["Body"])["id"] == event_id
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (told["RULE_ARN"], told["TARGET_ARN"], told["ERROR_CODE"]) == (made, arn, "NO_PERMISSIONS")
    assert "sqs:SendMessage" in told["ERROR_MESSAGE"]
    assert "RETRY_ATTEMPTS" not in told


def test_a_function_is_invoked_as_its_policy_says(client: Any, put: Any, rule: Any, inbox: Any) -> None:
    told, dead = inbox("told"), inbox("dead")
    functions = Deployment.by(client)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    functions.python("listener", _TELL, statement, Environment={"Variables": {"URL": told.url}})
    function = functions.functions.get_function(FunctionName="listener")["Configuration"]["FunctionArn"]
    arn = rule("r", function, DeadLetterConfig={"Arn": dead.arn})
    put({"n": 1})
    assert dead.next_event()["detail"] == {"n": 1}
    functions.functions.add_permission(
        FunctionName="listener",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=arn,
    )
    made = put({"n": 2})
    event = told.next_event()
    assert (event["id"], event["detail"]) == (made, {"n": 2})


def test_a_topic_gets_the_event(client: Any, put: Any, rule: Any, inbox: Any) -> None:
    sns, queue = client("sns"), inbox()
    topic = sns.create_topic(Name="t")["TopicArn"]
    policy = allow("sns:Publish", resource=topic, Principal={"Service": "events.amazonaws.com"})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sqs = client("sqs")
    open_to_all = allow("sqs:SendMessage", Principal="*")
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": open_to_all})
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
    )
    rule("r", topic, InputPath="$.detail")
    put({"n": 1})
    assert queue.next_event() == {"n": 1}


def test_a_stream_gets_the_event_by_the_target_s_role(client: Any, iam: Any, put: Any, rule: Any) -> None:
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    role = _role(iam, "writer", "kinesis:PutRecord")
    rule("r", arn, RoleArn=role, KinesisParameters={"PartitionKeyPath": "$.detail.key"})
    put({"key": "k"})
    [shard] = kinesis.list_shards(StreamName="s")["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName="s", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[Any] = []
    for _ in range(1000):
        answer = kinesis.get_records(ShardIterator=iterator)
        records, iterator = answer["Records"], answer["NextShardIterator"]
        if records:
            break
    assert (records[0]["PartitionKey"], json.loads(records[0]["Data"])["detail"]) == ("k", {"key": "k"})


def test_a_role_that_may_not_is_refused(client: Any, iam: Any, put: Any, rule: Any, inbox: Any) -> None:
    queue, dead = inbox(), inbox("dead")
    role = _role(iam, "weak", "s3:GetObject")
    rule("r", queue.arn, RoleArn=role, DeadLetterConfig={"Arn": dead.arn})
    put()
    attributes = dead.next_message()["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    iam.update_assume_role_policy(RoleName="weak", PolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    put()
    attributes = dead.next_message()["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "FAILED_TO_ASSUME_ROLE"


def test_an_event_goes_on_to_another_bus_as_it_is(events: Any, put: Any, rule: Any, inbox: Any) -> None:
    queue = inbox()
    other = events.create_event_bus(Name="other")["EventBusArn"]
    rule("first", other)
    rule("second", queue.arn, bus="other")
    made = put({"n": 1})
    event = queue.next_event()
    assert (event["id"], event["detail"]) == (made, {"n": 1})


def test_another_account_s_bus_lets_in_whom_it_names(
    client: Any, put: Any, rule: Any, inbox: Any, account: str
) -> None:
    dead = inbox("dead")
    theirs = client("events", key="210987654321")
    name = f"bus-{account}"
    bus = theirs.create_event_bus(Name=name)["EventBusArn"]
    rule("r", bus, DeadLetterConfig={"Arn": dead.arn})
    put({"n": 1})
    assert dead.next_message()["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    theirs.put_permission(
        EventBusName=name, Action="events:PutEvents", Principal=account, StatementId="friend"
    )
    sqs = client("sqs", key="210987654321")
    policy = allow("sqs:SendMessage", Principal={"Service": "events.amazonaws.com"})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    theirs.put_rule(Name="r", EventBusName=name, EventPattern=json.dumps({"account": [account]}))
    theirs.put_targets(Rule="r", EventBusName=name, Targets=[{"Id": "t", "Arn": arn}])
    put({"n": 2})
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert json.loads(message["Body"])["account"] == account


def test_a_user_puts_events_as_its_policies_say(client: Any, as_user: Any, account: str, events: Any) -> None:
    entry = {"Source": "shop", "DetailType": "sold", "Detail": "{}"}
    bus = f"arn:aws:events:us-east-1:{account}:event-bus/default"
    nobody = as_user("nobody")("events")
    code, message = refusal(nobody.put_events, Entries=[entry])
    assert code == "AccessDeniedException"
    assert message.startswith(
        f"User: arn:aws:iam::{account}:user/nobody is not authorized to perform: events:PutEvents "
        f"on resource: {bus}"
    )
    speaker = as_user("speaker", "events:PutEvents", resource=bus)("events")
    assert speaker.put_events(Entries=[entry])["FailedEntryCount"] == 0
    other = client("events", key="210987654321")
    there = {**entry, "EventBusName": bus}
    assert refusal(other.put_events, Entries=[there])[0] == "AccessDeniedException"
    events.put_permission(Action="events:PutEvents", Principal="210987654321", StatementId="s")
    assert other.put_events(Entries=[there])["FailedEntryCount"] == 0


@pytest.mark.parametrize(
    ("service", "source"), [("apigateway.amazonaws.com", "shop"), ("lambda.amazonaws.com", "aws.lambda")]
)
def test_a_service_that_has_no_events_of_its_own_needs_the_bus_s_policy(
    server: RunningServer, account: str, service: str, source: str
) -> None:
    call = server.app.cloud.call("events", Principal.of_service(service), account, "us-east-1")
    entry = {"Source": source, "DetailType": "sold", "Detail": "{}"}
    with pytest.raises(AccessDenied):
        server.run(call.ask("events", "PutEvents", {"Entries": [entry]}))


def test_a_service_speaks_for_itself_only(server: RunningServer, account: str) -> None:
    call = server.app.cloud.call("events", Principal.of_service("s3.amazonaws.com"), account, "us-east-1")
    entry = {"Source": "aws.cloudwatch", "DetailType": "sold", "Detail": "{}"}
    answer = server.run(call.ask("events", "PutEvents", {"Entries": [entry]}))
    assert answer["FailedEntryCount"] == 1


def test_roles_are_passed_by_those_who_may(as_user: Any, account: str) -> None:
    caller = as_user("nearly", "events:*")("events")
    role = f"arn:aws:iam::{account}:role/r"
    caller.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    target = {"Id": "t", "Arn": f"arn:aws:sqs:us-east-1:{account}:q", "RoleArn": role}
    code, message = refusal(caller.put_targets, Rule="r", Targets=[target])
    assert code == "AccessDeniedException"
    assert f"iam:PassRole on resource: {role}" in message


def test_a_log_group_gets_the_event_as_the_resource_policies_say(
    client: Any, put: Any, rule: Any, inbox: Any, account: str
) -> None:
    logs, dead = client("logs"), inbox("dead")
    logs.create_log_group(logGroupName="/aws/events/shop")
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:/aws/events/shop"
    rule("r", arn, DeadLetterConfig={"Arn": dead.arn})
    put({"n": 1})
    attributes = dead.next_message()["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    actions = ("logs:CreateLogStream", "logs:PutLogEvents")
    principal = {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
    policy = allow(*actions, resource=f"{arn}:*", Principal=principal)
    logs.put_resource_policy(policyName="events", policyDocument=policy)
    made = put({"n": 2})
    found = _next_lines(logs)
    assert [(json.loads(line)["id"], json.loads(line)["detail"]) for line in found] == [(made, {"n": 2})]


def test_a_template_words_the_line_of_a_log_group(client: Any, put: Any, rule: Any, account: str) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/aws/events/shop")
    principal = {"Service": "events.amazonaws.com"}
    policy = allow("logs:CreateLogStream", "logs:PutLogEvents", Principal=principal)
    logs.put_resource_policy(policyName="events", policyDocument=policy)
    template = '{"timestamp": <at>, "message": <what>}'
    rule(
        "r",
        f"arn:aws:logs:us-east-1:{account}:log-group:/aws/events/shop:*",
        InputTransformer={
            "InputPathsMap": {"at": "$.detail.at", "what": "$.detail.what"},
            "InputTemplate": template,
        },
    )
    put({"what": "sold"})
    assert _next_lines(logs) == ["sold"]


def _next_lines(logs: Any) -> list[str]:
    """The lines of the log group, once there are some."""
    for _ in range(2000):
        found = logs.filter_log_events(logGroupName="/aws/events/shop")["events"]
        if found:
            return [event["message"] for event in found]
    raise AssertionError("nothing was written")
