"""CloudFormation's alarms and dashboards."""

from __future__ import annotations

import json

import pytest


def template(threshold, *, board=True):
    resources = {
        "High": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "MetricName": "metric",
                "Namespace": "ns",
                "Dimensions": [{"Name": "a", "Value": "b"}],
                "Statistic": "Sum",
                "Period": "60",
                "EvaluationPeriods": "1",
                "Threshold": threshold,
                "ComparisonOperator": "GreaterThanThreshold",
                "Tags": [{"Key": "kind", "Value": str(threshold)}],
            },
        },
        "Any": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {"AlarmName": "any", "AlarmRule": {"Fn::Sub": "ALARM(${High})"}},
        },
    }
    if board:
        text = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": str(threshold)}}]})
        resources["Board"] = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": text}}
    outputs = {"Name": {"Value": {"Ref": "High"}}, "Arn": {"Value": {"Fn::GetAtt": ["High", "Arn"]}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture
def cloudformation(client):
    return client("cloudformation")


def wait(cloudformation, what):
    cloudformation.get_waiter(what).wait(StackName="stack", WaiterConfig={"Delay": 0})


def test_a_stack_makes_changes_and_removes_alarms_and_dashboards(cloudformation, cloudwatch, account):
    cloudformation.create_stack(StackName="stack", TemplateBody=template("30"))
    wait(cloudformation, "stack_create_complete")
    [stack] = cloudformation.describe_stacks(StackName="stack")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    name = outputs["Name"]
    assert outputs["Arn"] == f"arn:aws:cloudwatch:us-east-1:{account}:alarm:{name}"
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert (alarm["Threshold"], alarm["Period"]) == (30.0, 60)
    assert name.startswith("stack-High-")
    [any_alarm] = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert any_alarm["AlarmRule"] == f"ALARM({name})"
    assert len(cloudwatch.list_dashboards()["DashboardEntries"]) == 1

    cloudformation.update_stack(StackName="stack", TemplateBody=template("50", board=False))
    wait(cloudformation, "stack_update_complete")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["Threshold"] == 50.0
    tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert {"Key": "kind", "Value": "50"} in tags
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []

    cloudformation.delete_stack(StackName="stack")
    wait(cloudformation, "stack_delete_complete")
    found = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert (found["MetricAlarms"], found["CompositeAlarms"]) == ([], [])
