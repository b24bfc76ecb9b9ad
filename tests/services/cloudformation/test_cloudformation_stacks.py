"""Stacks from creation to deletion, through boto3."""

from __future__ import annotations

TWO = {
    "Description": "two things",
    "Resources": {
        "First": {"Type": "Test::Things::Thing", "Properties": {"Size": 1}},
        "Second": {"Type": "Test::Things::Thing", "Properties": {"Size": 2, "Label": {"Ref": "First"}}},
    },
    "Outputs": {"Second": {"Value": {"Ref": "Second"}}, "Arn": {"Value": {"Fn::GetAtt": ["First", "Arn"]}}},
}


def one(**properties):
    return {"Resources": {"Only": {"Type": "Test::Things::Thing", "Properties": properties}}}


def test_create_makes_resources_in_order_and_says_so(deployer):
    stack = deployer.create("app", TWO)
    first, second = sorted(deployer.things().values(), key=lambda thing: thing.size)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert second.label == first.name
    assert deployer.outputs("app") == {"Second": second.name, "Arn": f"arn:test:{first.name}"}
    assert deployer.events("app") == [
        ("app", "CREATE_IN_PROGRESS", "User Initiated"),
        ("First", "CREATE_IN_PROGRESS", ""),
        ("First", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("First", "CREATE_COMPLETE", ""),
        ("Second", "CREATE_IN_PROGRESS", ""),
        ("Second", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Second", "CREATE_COMPLETE", ""),
        ("app", "CREATE_COMPLETE", ""),
    ]


def test_delete_removes_resources_in_reverse_order(deployer):
    deployer.create("app", TWO)
    stack = deployer.delete("app")
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert deployer.things() == {}
    assert deployer.events(stack["StackId"])[-6:] == [
        ("app", "DELETE_IN_PROGRESS", "User Initiated"),
        ("Second", "DELETE_IN_PROGRESS", ""),
        ("Second", "DELETE_COMPLETE", ""),
        ("First", "DELETE_IN_PROGRESS", ""),
        ("First", "DELETE_COMPLETE", ""),
        ("app", "DELETE_COMPLETE", ""),
    ]


def test_a_table_and_a_log_group_are_really_there(deployer, client):
    template = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "/tables/${Table}", RetentionInDays: "7"}}
Outputs:
  Table: {Value: !Ref Table}
"""
    deployer.create("app", template)
    table = deployer.outputs("app")["Table"]
    assert client("dynamodb").describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"
    group = client("logs").describe_log_groups()["logGroups"][0]
    assert (group["logGroupName"], group["retentionInDays"]) == (f"/tables/{table}", 7)
    deployer.delete("app")
    assert client("dynamodb").list_tables()["TableNames"] == []
