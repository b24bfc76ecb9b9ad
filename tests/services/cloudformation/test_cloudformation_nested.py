"""Stacks inside stacks, and templates that lie in S3."""

from __future__ import annotations

import json

import pytest

INNER = {
    "Parameters": {"Size": {"Type": "Number"}, "Zones": {"Type": "CommaDelimitedList"}},
    "Resources": {
        "Thing": {
            "Type": "Test::Things::Thing",
            "Properties": {"Size": {"Ref": "Size"}, "Label": {"Fn::Select": [1, {"Ref": "Zones"}]}},
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Thing"}}},
}


@pytest.fixture
def upload(server, client, account):
    """Puts a template into S3; its URL."""
    if "s3" not in server.app.cloud.services:
        pytest.skip("this cloud has no S3")
    s3 = client("s3")
    s3.create_bucket(Bucket=f"templates-{account}")

    def put(template, key="inner.json"):
        s3.put_object(Bucket=f"templates-{account}", Key=key, Body=json.dumps(template).encode())
        return f"https://s3.us-east-1.amazonaws.com/templates-{account}/{key}"

    return put


def outer(url, size, **more):
    return {
        "Resources": {
            "Nested": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": url, "Parameters": {"Size": size, "Zones": ["a", "b"]}},
            },
            "User": {
                "Type": "Test::Things::Thing",
                "Properties": {
                    "Name": "user",
                    "Size": 9,
                    "Label": {"Fn::GetAtt": ["Nested", "Outputs.Name"]},
                },
            },
            **more,
        }
    }


def test_a_template_is_read_from_s3_in_each_form_of_url(deployer, upload, account):
    upload({"Resources": INNER["Resources"] | {}, "Parameters": INNER["Parameters"]})
    given = [
        {"ParameterKey": "Size", "ParameterValue": "1"},
        {"ParameterKey": "Zones", "ParameterValue": "a,b"},
    ]
    hosts = [
        f"https://s3.amazonaws.com/templates-{account}",
        f"https://templates-{account}.s3.amazonaws.com",
        f"https://templates-{account}.s3.us-east-1.amazonaws.com",
        f"http://localhost:4566/templates-{account}",
    ]
    for number, host in enumerate(hosts):
        name = f"app{number}"
        deployer.cfn.create_stack(StackName=name, TemplateURL=f"{host}/inner.json", Parameters=given)
        assert deployer.rest(name)["StackStatus"] == "CREATE_COMPLETE"


def test_a_nested_stack_lives_and_dies_with_its_parent(deployer, upload):
    url = upload(INNER)
    stack = deployer.create("app", outer(url, 1))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    things = deployer.things()
    (inner,) = [thing for thing in things.values() if thing.name != "user"]
    assert (things["user"].label, inner.size, inner.label) == (inner.name, "1", "b")
    (nested,) = [row for row in deployer.cfn.describe_stacks()["Stacks"] if row["StackName"] != "app"]
    assert (nested["ParentId"], nested["RootId"]) == (stack["StackId"], stack["StackId"])

    assert deployer.update("app", outer(url, 2))["StackStatus"] == "UPDATE_COMPLETE"
    assert deployer.things()[inner.name].size == "2"

    assert deployer.delete("app")["StackStatus"] == "DELETE_COMPLETE"
    assert deployer.things() == {}
    assert deployer.cfn.describe_stacks()["Stacks"] == []


def test_a_nested_stack_that_fails_takes_its_parent_back(deployer, upload):
    broken = json.loads(json.dumps(INNER))
    broken["Resources"]["Thing"]["Properties"]["Fail"] = "no"
    stack = deployer.create("app", outer(upload(broken), 1))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert deployer.things() == {}
    reason = next(event[2] for event in deployer.events("app") if event[1] == "CREATE_FAILED")
    assert "was not successfully created: The following resource(s) failed to create: [Thing]. " in reason


def test_an_object_that_is_not_there_is_an_s3_error(cfn, upload):
    url = upload(INNER)
    with pytest.raises(cfn.exceptions.ClientError, match="S3 error: The specified key does not exist"):
        cfn.create_stack(StackName="app", TemplateURL=url + "x")


def test_a_nested_stack_whose_update_fails_takes_its_parent_back(deployer, upload):
    deployer.create("app", outer(upload(INNER), 1))
    broken = json.loads(json.dumps(INNER))
    broken["Resources"]["Thing"]["Properties"]["FailUpdate"] = "no"
    stack = deployer.update("app", outer(upload(broken, "broken.json"), 2))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reason = next(event[2] for event in deployer.events("app") if event[1] == "UPDATE_FAILED")
    assert "was not successfully updated. Currently in UPDATE_ROLLBACK_COMPLETE" in reason
    assert {thing.size for thing in deployer.things().values() if thing.name != "user"} == {"1"}
