"""Topics and functions: as destinations, for dead letters, and in loops that end."""

from __future__ import annotations

import json
import time

import pytest
from event_source_functions import READS
from lambda_functions import invoke, make_function, make_role, wait_for

from cloud_functions import allow
from refusals import refusal
from sns_fixtures import Queues

FAILING = "def handler(event, context):\n    raise Exception('intentional failure')\n"


@pytest.fixture
def topic(client):
    """A topic's ARN, and what waits for a notification of it."""
    sns, queues = client("sns"), Queues(client("sqs"))
    arn, inbox = sns.create_topic(Name="results")["TopicArn"], queues.make("inbox")
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queues.arn(inbox))
    return arn, lambda: queues.next_body(inbox)


@pytest.fixture
def speaker(client, topic):
    """A role that may publish."""
    return make_role(client("iam"), "speaker", allow("sns:Publish", topic[0]))


def test_a_topic_is_told_of_a_success(functions, topic, speaker):
    arn, next_notification = topic
    make_function(functions, speaker)
    functions.put_function_event_invoke_config(
        FunctionName="function", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    functions.invoke(FunctionName="function", InvocationType="Event", Payload=b'{"a": 1}')
    record = json.loads(next_notification()["Message"])
    assert record["requestContext"]["condition"] == "Success"
    assert (record["requestPayload"], record["responsePayload"]) == ({"a": 1}, {"a": 1})


def test_a_topic_gets_a_dead_letter_with_the_error_beside_it(functions, topic, speaker):
    arn, next_notification = topic
    made = make_function(functions, speaker, FAILING, DeadLetterConfig={"TargetArn": arn})
    assert made["DeadLetterConfig"] == {"TargetArn": arn}
    functions.put_function_event_invoke_config(FunctionName="function", MaximumRetryAttempts=0)
    answer = functions.invoke(FunctionName="function", InvocationType="Event", Payload=b'{"fail": 1}')
    notification = next_notification()
    assert json.loads(notification["Message"]) == {"fail": 1}
    assert notification["MessageAttributes"] == {
        "ErrorCode": {"Type": "Number", "Value": "200"},
        "ErrorMessage": {"Type": "String", "Value": "intentional failure"},
        "RequestID": {"Type": "String", "Value": answer["ResponseMetadata"]["RequestId"]},
    }


def test_a_role_that_may_not_publish_is_refused(functions, topic, role):
    arn, _ = topic
    make_function(functions, role)
    assert refusal(
        functions.put_function_event_invoke_config,
        FunctionName="function",
        DestinationConfig={"OnFailure": {"Destination": arn}},
    ) == (
        "InvalidParameterValueException",
        f"The function's execution role does not have permissions to call Publish on {arn}",
    )


def test_a_topic_is_told_of_records_that_are_given_up(bench, client, topic):
    arn, next_notification = topic
    bench.function("reader", "fail()", *READS, allow("sns:Publish", arn))
    stream = bench.stream()
    bench.mapping(
        stream,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    client("kinesis").put_record(StreamName="orders", Data=b"one", PartitionKey="k")
    record = json.loads(next_notification()["Message"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["KinesisBatchInfo"]["batchSize"] == 1


def test_a_loop_through_a_topic_is_stopped(functions, client, topic):
    """The SDK in a function hands the trace on, the topic keeps it, and the invocation brings it back."""
    arn, _ = topic
    source = (
        "import boto3, os\n"
        "client = boto3.client('sns')\n"
        "def handler(event, context):\n"
        "    count = int(event['Records'][0]['Sns']['Message'])\n"
        "    print('COUNT', count, flush=True)\n"
        "    client.publish(TopicArn=os.environ['TOPIC'], Message=str(count + 1))\n"
    )
    everything = make_role(client("iam"), "all", allow("*"))
    made = make_function(
        functions, everything, source, Timeout=20, MemorySize=1769, Environment={"Variables": {"TOPIC": arn}}
    )
    functions.add_permission(
        FunctionName="function",
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=arn,
    )
    client("sns").subscribe(TopicArn=arn, Protocol="lambda", Endpoint=made["FunctionArn"])
    client("sns").publish(TopicArn=arn, Message="1")
    logs = client("logs")

    def counts():
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/function", filterPattern="COUNT")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [int(event["message"].split()[1]) for event in found["events"]]

    until = time.monotonic() + 40
    while 16 not in counts():
        assert time.monotonic() < until, counts()
    invoke(functions, event={"Records": [{"Sns": {"Message": "no number"}}]})
    group = {"logGroupName": "/aws/lambda/function", "filterPattern": "ValueError"}
    wait_for(lambda: logs.filter_log_events(**group)["events"])
    assert max(counts()) == 16
