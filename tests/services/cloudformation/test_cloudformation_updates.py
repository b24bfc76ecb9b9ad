"""Updates and rollbacks, through boto3."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

THING = "Test::Things::Thing"


def template(**resources):
    return {
        "Resources": {
            name: {"Type": THING, "Properties": properties} for name, properties in resources.items()
        }
    }


def policy(action, **more):
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def only(deployer):
    (thing,) = deployer.things().values()
    return thing


def test_update_in_place_keeps_the_physical_resource(deployer):
    deployer.create("app", template(A={"Size": 1}))
    before = only(deployer)
    stack = deployer.update("app", template(A={"Size": 2}))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert (only(deployer).name, only(deployer).size) == (before.name, "2")
    assert deployer.events("app")[-5:] == [
        ("app", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("A", "UPDATE_IN_PROGRESS", ""),
        ("A", "UPDATE_COMPLETE", ""),
        ("app", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("app", "UPDATE_COMPLETE", ""),
    ]


def test_replacement_makes_the_new_one_first_and_removes_the_old_one_in_the_cleanup(deployer):
    deployer.create("app", template(A={"Name": "old", "Size": 1}))
    deployer.update("app", template(A={"Name": "new", "Size": 1}))
    assert set(deployer.things()) == {"new"}
    reason = "Requested update requires the creation of a new physical resource; hence creating one."
    assert deployer.events("app")[-7:] == [
        ("A", "UPDATE_IN_PROGRESS", reason),
        ("A", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "UPDATE_COMPLETE", ""),
        ("app", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("A", "DELETE_IN_PROGRESS", ""),
        ("A", "DELETE_COMPLETE", ""),
        ("app", "UPDATE_COMPLETE", ""),
    ]


def test_what_refers_to_a_replaced_resource_is_updated(deployer):
    def using(name):
        return template(A={"Name": name, "Size": 1}, B={"Size": 2, "Label": {"Ref": "A"}})

    deployer.create("app", using("old"))
    deployer.update("app", using("new"))
    assert {thing.label for thing in deployer.things().values()} == {"", "new"}


def test_a_resource_that_left_the_template_is_deleted(deployer):
    deployer.create("app", template(A={"Name": "a", "Size": 1}, B={"Name": "b", "Size": 1}))
    deployer.update("app", template(B={"Name": "b", "Size": 1}))
    assert set(deployer.things()) == {"b"}
    resources = deployer.cfn.list_stack_resources(StackName="app")["StackResourceSummaries"]
    assert [row["LogicalResourceId"] for row in resources] == ["B"]


def test_update_without_a_change_is_refused(deployer):
    deployer.create("app", template(A={"Size": 1}))
    with pytest.raises(ClientError, match=r"No updates are to be performed\.$") as caught:
        deployer.update("app", template(A={"Size": 1}))
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_failed_creation_is_rolled_back(deployer):
    made = template(A={"Size": 1}, B={"Size": 1, "Fail": "no more things", "Label": {"Ref": "A"}})
    stack = deployer.create("app", made)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert deployer.things() == {}
    failed = next(event for event in deployer.events("app") if event[1] == "CREATE_FAILED")
    assert failed[0] == "B"
    assert failed[2].startswith('Resource handler returned message: "no more things (Service: Things, ')
    assert (
        "app",
        "ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [B]. Rollback requested by user.",
    ) in deployer.events("app")


def test_a_resource_made_halfway_is_removed_by_the_rollback(deployer):
    stack = deployer.create("app", template(A={"Size": 1, "FailHalfway": "broken"}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert deployer.things() == {}


def test_a_fault_in_a_handler_fails_its_resource_only(deployer):
    stack = deployer.create(
        "app", {"Resources": {"A": {"Type": "Test::Things::Faulty", "Properties": {"Size": 1}}}}
    )
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ("A", "CREATE_FAILED", "Internal Failure") in deployer.events("app")


def test_failed_creation_may_be_left_as_it_is(deployer):
    made = template(A={"Size": 1}, B={"Size": 1, "Fail": "no", "Label": {"Ref": "A"}})
    stack = deployer.create("app", made, OnFailure="DO_NOTHING")
    assert (stack["StackStatus"], stack["DisableRollback"]) == ("CREATE_FAILED", True)
    assert len(deployer.things()) == 1


def test_failed_creation_may_be_deleted(deployer, cfn):
    stack_id = cfn.create_stack(
        StackName="app",
        TemplateBody='{"Resources":{"A":{"Type":"Test::Things::Thing","Properties":{"Size":1,"Fail":"x"}}}}',
        OnFailure="DELETE",
    )["StackId"]
    assert deployer.rest(stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_failed_update_is_rolled_back(deployer):
    deployer.create("app", template(A={"Name": "a", "Size": 1}, B={"Name": "b", "Size": 1}))
    made = template(
        A={"Name": "a", "Size": 2},
        B={"Name": "c", "Size": 3, "Label": {"Ref": "A"}},
        C={"Size": 1, "Fail": "no", "Label": {"Ref": "B"}},
    )
    stack = deployer.update("app", made)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert {name: thing.size for name, thing in deployer.things().items()} == {"a": "1", "b": "1"}
    assert (
        "app",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [C]. ",
    ) in deployer.events("app")
    assert deployer.update("app", template(A={"Name": "a", "Size": 5}))["StackStatus"] == "UPDATE_COMPLETE"
    assert {name: thing.size for name, thing in deployer.things().items()} == {"a": "5"}


def test_an_update_that_fails_leaves_the_resource_as_it_was(deployer):
    deployer.create("app", template(A={"Size": 1}))
    stack = deployer.update("app", template(A={"Size": 2, "FailUpdate": "no"}))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert only(deployer).size == "1"


def test_a_rollback_that_fails_waits_to_be_continued(deployer, cfn):
    deployer.create("app", template(A={"Size": 1, "FailUpdate": "stubborn"}))
    made = template(A={"Size": 2}, B={"Size": 1, "Fail": "no", "Label": {"Ref": "A"}})
    stack = deployer.update("app", made)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to update: [A]. "
    with pytest.raises(ClientError, match="is in UPDATE_ROLLBACK_FAILED state and can not be updated"):
        deployer.update("app", template(A={"Size": 3}))
    cfn.continue_update_rollback(StackName="app", ResourcesToSkip=["A"])
    assert deployer.rest("app")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_failed_deletion_can_leave_the_resource_behind(deployer):
    deployer.create("app", template(A={"Name": "a", "Size": 1, "FailDelete": "in use"}, B={"Size": 1}))
    stack = deployer.delete("app")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [A]. "
    assert set(deployer.things()) == {"a"}
    stack = deployer.delete("app", RetainResources=["A"])
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert (
        "A",
        "DELETE_SKIPPED",
        "",
    ) in deployer.events(stack["StackId"])


def test_retained_resources_outlive_their_stack(deployer):
    made = template(A={"Name": "kept", "Size": 1}, B={"Name": "gone", "Size": 1})
    made["Resources"]["A"]["DeletionPolicy"] = "Retain"
    deployer.create("app", made)
    deployer.delete("app")
    assert set(deployer.things()) == {"kept"}


def test_a_replaced_resource_may_be_retained(deployer):
    made = template(A={"Name": "old", "Size": 1})
    made["Resources"]["A"]["UpdateReplacePolicy"] = "Retain"
    deployer.create("app", made)
    made["Resources"]["A"]["Properties"]["Name"] = "new"
    deployer.update("app", made)
    assert set(deployer.things()) == {"old", "new"}


def test_retain_except_on_create_deletes_when_the_creation_fails(deployer):
    made = template(A={"Size": 1}, B={"Size": 1, "Fail": "no", "Label": {"Ref": "A"}})
    made["Resources"]["A"]["DeletionPolicy"] = "RetainExceptOnCreate"
    assert deployer.create("app", made)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert deployer.things() == {}


def test_a_property_that_the_type_does_not_have_is_refused_loudly(deployer):
    stack = deployer.create("app", template(A={"Size": 1, "Sise": 2}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ("A", "CREATE_FAILED", "Encountered unsupported property Sise") in deployer.events("app")


def test_a_missing_property_is_named(deployer):
    deployer.create("app", template(A={"Label": "x"}))
    reason = "Properties validation failed for resource A with message:\n#: required key [Size] not found"
    assert ("A", "CREATE_FAILED", reason) in deployer.events("app")


def test_an_unsupported_attribute_in_an_output_rolls_the_stack_back(deployer):
    made = template(A={"Size": 1})
    made["Outputs"] = {"Bad": {"Value": {"Fn::GetAtt": ["A", "Nope"]}}}
    stack = deployer.create("app", made)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = (
        "[Error] /Outputs/Bad/Value/Fn::GetAtt: Resource type Test::Things::Thing does not support attribute "
        "{Nope}. Rollback requested by user."
    )
    assert ("app", "ROLLBACK_IN_PROGRESS", reason) in deployer.events("app")


def test_an_update_can_be_cancelled(deployer, cfn):
    deployer.create("app", template(A={"Size": 1}))
    made = template(A={"Size": 2, "Seconds": 30}, B={"Size": 1, "Label": {"Ref": "A"}})
    cfn.update_stack(StackName="app", TemplateBody=json.dumps(made))
    cfn.cancel_update_stack(StackName="app")
    assert deployer.rest("app", advancing=31)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert only(deployer).size == "1"
    with pytest.raises(ClientError, match="CancelUpdateStack cannot be called from current stack status"):
        cfn.cancel_update_stack(StackName="app")


def test_the_type_of_a_resource_cannot_change(deployer):
    deployer.create("app", template(A={"Size": 1}))
    changed = {"Resources": {"A": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}
    message = (
        "Update of resource type is not permitted. The new template modifies resource type of the following "
        r"resources: \[A\]"
    )
    with pytest.raises(ClientError, match=message):
        deployer.update("app", changed)


def test_stack_tags_reach_the_resources(deployer):
    tags = [{"Key": "team", "Value": "red"}]
    deployer.create("app", template(A={"Size": 1}), Tags=tags)
    stack_id = deployer.stack("app")["StackId"]
    assert only(deployer).tags == {
        "team": "red",
        "aws:cloudformation:stack-name": "app",
        "aws:cloudformation:stack-id": stack_id,
        "aws:cloudformation:logical-id": "A",
    }
    deployer.update("app", template(A={"Size": 1}), Tags=[{"Key": "team", "Value": "blue"}])
    assert only(deployer).tags["team"] == "blue"


def test_resources_are_made_as_the_caller_may(deployer, client, account):
    iam = client("iam")
    iam.create_user(UserName="deployer")
    iam.put_user_policy(
        UserName="deployer",
        PolicyName="cfn",
        PolicyDocument=policy("cloudformation:*", Resource="*"),
    )
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    weak = client("cloudformation", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    weak.create_stack(
        StackName="app",
        TemplateBody='{"Resources":{"A":{"Type":"Test::Things::Asking","Properties":{"Size":1}}}}',
    )
    assert deployer.rest("app")["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = next(event[2] for event in deployer.events("app") if event[1] == "CREATE_FAILED")
    assert (
        f"User: arn:aws:iam::{account}:user/deployer is not authorized to perform: dynamodb:ListTables"
        in reason
    )
    assert reason.endswith("HandlerErrorCode: AccessDenied)")


def test_resources_are_made_as_the_role_of_the_stack_may(deployer, client, account):
    iam = client("iam")
    trust = policy("sts:AssumeRole", Principal={"Service": "cloudformation.amazonaws.com"})
    role = iam.create_role(RoleName="deploys", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    body = '{"Resources":{"A":{"Type":"Test::Things::Asking","Properties":{"Size":1}}}}'
    assert deployer.create("weak", body, RoleARN=role)["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = next(event[2] for event in deployer.events("weak") if event[1] == "CREATE_FAILED")
    assert (
        "assumed-role/deploys/AWSCloudFormation is not authorized to perform: dynamodb:ListTables" in reason
    )
    iam.put_role_policy(
        RoleName="deploys",
        PolicyName="all",
        PolicyDocument=policy("*", Resource="*"),
    )
    assert deployer.create("strong", body, RoleARN=role)["StackStatus"] == "CREATE_COMPLETE"


def test_a_role_that_cannot_be_assumed_is_refused(cfn, account):
    role = f"arn:aws:iam::{account}:role/nobody"
    with pytest.raises(ClientError, match=f"Role {role} is invalid or cannot be assumed"):
        cfn.create_stack(
            StackName="app",
            TemplateBody='{"Resources":{"A":{"Type":"Test::Things::Thing","Properties":{"Size":1}}}}',
            RoleARN=role,
        )


def test_a_stack_can_be_deleted_while_it_is_created(deployer, cfn):
    made = template(A={"Size": 1, "Seconds": 30}, B={"Size": 1, "Label": {"Ref": "A"}})
    stack_id = cfn.create_stack(StackName="app", TemplateBody=json.dumps(made))["StackId"]
    cfn.delete_stack(StackName="app")
    assert deployer.rest(stack_id, advancing=31)["StackStatus"] == "DELETE_COMPLETE"
    assert deployer.things() == {}


def test_a_creation_that_takes_too_long_is_rolled_back(deployer, cfn):
    made = template(A={"Size": 1, "Seconds": 90}, B={"Size": 1, "Label": {"Ref": "A"}})
    cfn.create_stack(StackName="app", TemplateBody=json.dumps(made), TimeoutInMinutes=1)
    while not deployer.things():
        pass
    assert deployer.rest("app", advancing=91)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert deployer.things() == {}


def test_a_failed_update_may_be_left_as_it_is_and_updated_again(deployer):
    deployer.create("app", template(A={"Name": "a", "Size": 1}))
    broken = template(A={"Name": "b", "Size": 1}, B={"Size": 1, "Fail": "no", "Label": {"Ref": "A"}})
    stack = deployer.update("app", broken, DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    assert set(deployer.things()) == {"a", "b"}
    assert deployer.update("app", template(A={"Name": "b", "Size": 2}))["StackStatus"] == "UPDATE_COMPLETE"
    assert {name: thing.size for name, thing in deployer.things().items()} == {"b": "2"}


def test_a_stack_being_worked_on_cannot_be_updated(deployer, cfn):
    made = json.dumps(template(A={"Size": 1, "Seconds": 30}))
    stack_id = cfn.create_stack(StackName="app", TemplateBody=made)["StackId"]
    with pytest.raises(ClientError) as caught:
        cfn.update_stack(StackName="app", TemplateBody=made)
    assert caught.value.response["Error"]["Message"] == (
        f"Stack:{stack_id} is in CREATE_IN_PROGRESS state and can not be updated."
    )
    assert deployer.rest("app", advancing=31)["StackStatus"] == "CREATE_COMPLETE"
