"""AWS::Lambda::EventSourceMapping: every property, changed in place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from event_source_functions import Bench, Listener

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Batch": {"Type": "Number", "Default": 10},
        "Function": {"Type": "String", "Default": "one"},
    },
    "Resources": {
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "BatchSize": {"Ref": "Batch"},
                "Tags": [{"Key": "my", "Value": "tag"}],
            },
        }
    },
    "Outputs": {
        "Ref": {"Value": {"Ref": "Mapping"}},
        "Id": {"Value": {"Fn::GetAtt": ["Mapping", "Id"]}},
        "Arn": {"Value": {"Fn::GetAtt": ["Mapping", "EventSourceMappingArn"]}},
    },
}


@pytest.fixture
def stacks(client) -> Any:
    return client("cloudformation")


def template(**properties: Any) -> str:
    document = json.loads(json.dumps(TEMPLATE))
    document["Resources"]["Mapping"]["Properties"].update(properties)
    return json.dumps(document)


def outputs(stacks: Any) -> dict[str, str]:
    [stack] = stacks.describe_stacks(StackName="s")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def parameters(**values: str) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def done(stacks: Any, waiter: str) -> None:
    stacks.get_waiter(waiter).wait(StackName="s", WaiterConfig={"Delay": 0, "MaxAttempts": 10_000})


def make(bench: Bench, stacks: Any, body: str) -> tuple[Listener, Listener]:
    heard = bench.function("one"), bench.function("two")
    stacks.create_stack(StackName="s", TemplateBody=body, Parameters=parameters(Batch="5"))
    done(stacks, "stack_create_complete")
    return heard


def test_a_stack_makes_changes_and_removes_a_mapping_of_a_queue(bench, stacks, account) -> None:
    url, arn = bench.queue("orders")
    one, two = make(bench, stacks, template(EventSourceArn=arn, ScalingConfig={"MaximumConcurrency": "2"}))
    said = outputs(stacks)
    uuid = said["Ref"]
    assert said["Id"] == uuid
    assert said["Arn"] == f"arn:aws:lambda:us-east-1:{account}:event-source-mapping:{uuid}"
    told = bench.settled(uuid)
    assert (told["BatchSize"], told["ScalingConfig"]) == (5, {"MaximumConcurrency": 2})
    tags = bench.functions.list_tags(Resource=said["Arn"])["Tags"]
    assert tags.pop("aws:cloudformation:stack-id")
    assert tags == {
        "my": "tag",
        "aws:cloudformation:stack-name": "s",
        "aws:cloudformation:logical-id": "Mapping",
    }
    bench.sqs.send_message(QueueUrl=url, MessageBody="1")
    assert one.next()["Records"][0]["body"] == "1"

    changed = template(
        EventSourceArn=arn,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        Tags=[{"Key": "k", "Value": "v"}],
    )
    stacks.update_stack(StackName="s", TemplateBody=changed, Parameters=parameters(Batch="7", Function="two"))
    done(stacks, "stack_update_complete")
    assert outputs(stacks)["Ref"] == uuid
    told = bench.settled(uuid)
    assert told["BatchSize"] == 7
    assert told["FunctionArn"].endswith(":two")
    assert told["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "ScalingConfig" not in told
    assert "my" not in bench.functions.list_tags(Resource=said["Arn"])["Tags"]
    bench.sqs.send_message(QueueUrl=url, MessageBody="2")
    assert two.next()["Records"][0]["body"] == "2"

    stacks.delete_stack(StackName="s")
    done(stacks, "stack_delete_complete")
    assert bench.mappings() == []


def test_a_mapping_of_a_stream_is_changed_where_it_is(bench, stacks, client) -> None:
    arn = bench.stream()
    _, dead = bench.queue("dead")
    before = {
        "EventSourceArn": arn,
        "StartingPosition": "TRIM_HORIZON",
        "Enabled": "true",
        "MaximumBatchingWindowInSeconds": "1",
        "ParallelizationFactor": "2",
        "MaximumRetryAttempts": "3",
        "MaximumRecordAgeInSeconds": "120",
        "BisectBatchOnFunctionError": "true",
        "TumblingWindowInSeconds": "0",
        "DestinationConfig": {"OnFailure": {"Destination": dead}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"a": [1]}}'}]},
        "MetricsConfig": {"Metrics": ["EventCount"]},
    }
    make(bench, stacks, template(**before))
    uuid = outputs(stacks)["Ref"]
    told = bench.settled(uuid)
    assert (told["ParallelizationFactor"], told["MaximumRetryAttempts"]) == (2, 3)
    assert (told["MaximumRecordAgeInSeconds"], told["BisectBatchOnFunctionError"]) == (120, True)
    assert told["DestinationConfig"] == {"OnFailure": {"Destination": dead}}
    after = {"EventSourceArn": arn, "StartingPosition": "TRIM_HORIZON", "Enabled": False}
    stacks.update_stack(StackName="s", TemplateBody=template(**after), Parameters=parameters(Batch="100"))
    done(stacks, "stack_update_complete")
    assert outputs(stacks)["Ref"] == uuid
    told = bench.settled(uuid)
    assert told["State"] == "Disabled"
    assert told["BatchSize"] == 100
    assert (told["ParallelizationFactor"], told["MaximumRetryAttempts"]) == (1, -1)
    assert (told["MaximumRecordAgeInSeconds"], told["BisectBatchOnFunctionError"]) == (-1, False)
    assert told["DestinationConfig"] == {"OnFailure": {}}
    assert not {"FilterCriteria", "MetricsConfig"} & told.keys()


def test_another_source_makes_another_mapping(bench, stacks) -> None:
    first, second = (bench.queue(name)[1] for name in ("first", "second"))
    make(bench, stacks, template(EventSourceArn=first))
    before = outputs(stacks)["Ref"]
    stacks.update_stack(
        StackName="s", TemplateBody=template(EventSourceArn=second), Parameters=parameters(Batch="5")
    )
    done(stacks, "stack_update_complete")
    [told] = bench.mappings()
    assert told["UUID"] == outputs(stacks)["Ref"] != before
    assert told["EventSourceArn"] == second


def test_a_mapping_that_is_there_already_fails_the_stack_in_the_words_of_lambda(bench, stacks) -> None:
    bench.function("one")
    _, arn = bench.queue("orders")
    uuid = bench.mapping(arn, "one")
    stacks.create_stack(StackName="s", TemplateBody=template(EventSourceArn=arn))
    with pytest.raises(WaiterError):
        done(stacks, "stack_create_complete")
    events = stacks.describe_stack_events(StackName="s")["StackEvents"]
    [reason] = [
        each["ResourceStatusReason"]
        for each in events
        if each["ResourceStatus"] == "CREATE_FAILED" and each["LogicalResourceId"] == "Mapping"
    ]
    assert (
        f'An event source mapping with SQS arn (" {arn} ") and function (" one ") already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}"
    ) in reason
    assert bench.settled(uuid)["State"] == "Enabled"
