"""Versions that nobody uses for two weeks, and what the first call after that finds."""

from __future__ import annotations

import pytest
from lambda_functions import active, invoke, make_function, messages, refusal, wait_for

WEEK_SECONDS = 7 * 86400
VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
SNAP = {"ApplyOn": "PublishedVersions"}


def state_of(functions, **version):
    told = functions.get_function_configuration(FunctionName="function", **version)
    return {member: told[member] for member in told if member.startswith(("State", "LastUpdate"))}


def wait_until_idle(functions, **version):
    wait_for(lambda: state_of(functions, **version)["State"] == "Inactive")


def test_version_with_a_snapshot_becomes_inactive_after_two_weeks(functions, role, server):
    make_function(functions, role, SnapStart=SNAP, Publish=True)
    first = {"Qualifier": "1"}
    assert invoke(functions, event=1, **first) == 1
    server.advance(2 * WEEK_SECONDS + 7200)
    wait_until_idle(functions, **first)
    assert state_of(functions, **first) == {
        "State": "Inactive",
        "StateReason": "The function is currently idle.",
        "StateReasonCode": "Idle",
        "LastUpdateStatus": "Successful",
    }
    assert state_of(functions) == {"State": "Active", "LastUpdateStatus": "Successful"}
    refused = refusal(functions.invoke, FunctionName="function", **first)
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert refused["Error"] == {
        "Code": "SnapStartNotReadyException",
        "Message": "Lambda is initializing your function. "
        "It will be ready to invoke once your function state becomes ACTIVE.",
    }
    functions.get_waiter("published_version_active").wait(
        FunctionName="function", **first, WaiterConfig={"Delay": 0}
    )
    assert invoke(functions, event=2, **first) == 2


@pytest.mark.unverified("the code is from the API reference, the words of a real answer were not seen")
def test_function_in_a_vpc_becomes_inactive(functions, role, server):
    make_function(functions, role, VpcConfig=VPC)
    server.advance(2 * WEEK_SECONDS + 7200)
    wait_until_idle(functions)
    refused = refusal(functions.invoke, FunctionName="function")
    assert refused["Error"]["Code"] == "ResourceNotReadyException"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 502
    active(functions)
    assert invoke(functions, event=1) == 1


def test_function_that_is_used_stays_active(functions, role, server):
    make_function(functions, role, VpcConfig=VPC)
    make_function(functions, role, VpcConfig=VPC, name="idle")
    for _ in range(2):
        server.advance(WEEK_SECONDS + 3600)
        assert invoke(functions, event=1) == 1
    wait_for(lambda: functions.get_function_configuration(FunctionName="idle")["State"] == "Inactive")
    assert state_of(functions)["State"] == "Active"


def test_event_for_an_inactive_function_waits_until_it_is_active(functions, client, writing_role, server):
    make_function(functions, writing_role, VpcConfig=VPC)
    server.advance(2 * WEEK_SECONDS + 7200)
    wait_until_idle(functions)
    functions.invoke(FunctionName="function", InvocationType="Event")
    active(functions)
    server.advance(2)
    wait_for(lambda: [line for line in messages(client) if line.startswith("REPORT")])


def test_inactive_function_may_be_changed_and_published(functions, role, server):
    make_function(functions, role, VpcConfig=VPC)
    server.advance(2 * WEEK_SECONDS + 7200)
    wait_until_idle(functions)
    assert functions.publish_version(FunctionName="function")["State"] == "Pending"
    functions.update_function_configuration(FunctionName="function", Description="new")
    active(functions)
    assert invoke(functions, event=1) == 1
    assert invoke(functions, event=1, Qualifier="1") == 1


def test_function_for_which_nothing_is_held_stays_active(functions, role, server):
    make_function(functions, role)
    make_function(functions, role, VpcConfig=VPC, name="idle")
    server.advance(2 * WEEK_SECONDS + 7200)
    wait_for(lambda: functions.get_function_configuration(FunctionName="idle")["State"] == "Inactive")
    assert state_of(functions)["State"] == "Active"
    assert invoke(functions, event=1) == 1
