from __future__ import annotations

import re

import pytest

from services.dynamodb.stream_readers import VIEWS, create_table

ENABLED = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
INVALID = "One or more parameter values were invalid: "


def described(dynamodb):
    return dynamodb.describe_table(TableName="streamed")["Table"]


def stream_members(table):
    return {name for name in table if "Stream" in name}


@pytest.mark.parametrize("view", VIEWS)
def test_a_table_tells_of_its_stream(dynamodb, account, view):
    arn = create_table(dynamodb, view)
    table = described(dynamodb)
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": view}
    label = table["LatestStreamLabel"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", label)
    assert arn == table["LatestStreamArn"]
    assert arn == f"arn:aws:dynamodb:us-east-1:{account}:table/streamed/stream/{label}"


def test_a_table_that_never_had_a_stream_tells_of_none(dynamodb):
    create_table(dynamodb, None)
    assert stream_members(described(dynamodb)) == set()


def test_a_stream_can_be_started_later(dynamodb):
    create_table(dynamodb, None)
    updated = dynamodb.update_table(TableName="streamed", StreamSpecification=ENABLED)["TableDescription"]
    assert updated["StreamSpecification"] == ENABLED
    assert updated["TableStatus"] == "UPDATING"
    assert described(dynamodb)["LatestStreamArn"] == updated["LatestStreamArn"]


def test_a_stopped_stream_leaves_its_name_and_a_new_one_gets_another(dynamodb):
    first = create_table(dynamodb)
    dynamodb.update_table(TableName="streamed", StreamSpecification={"StreamEnabled": False})
    stopped = described(dynamodb)
    assert stream_members(stopped) == {"LatestStreamArn", "LatestStreamLabel"}
    assert stopped["LatestStreamArn"] == first
    dynamodb.update_table(TableName="streamed", StreamSpecification=ENABLED)
    assert described(dynamodb)["LatestStreamArn"] > first


def test_a_second_stream_is_refused(dynamodb, invalid):
    create_table(dynamodb)
    for view in VIEWS:
        specification = {"StreamEnabled": True, "StreamViewType": view}
        assert (
            invalid(dynamodb.update_table, TableName="streamed", StreamSpecification=specification)
            == "Table already has an enabled stream: TableName: streamed"
        )


def test_no_stream_cannot_be_stopped(dynamodb, invalid):
    create_table(dynamodb, None)
    stop = {"TableName": "streamed", "StreamSpecification": {"StreamEnabled": False}}
    assert invalid(dynamodb.update_table, **stop) == "Table has no stream to disable: TableName: streamed"


def test_a_stream_needs_a_view_type_and_its_end_must_have_none(dynamodb, invalid):
    create_table(dynamodb, None)
    assert (
        invalid(dynamodb.update_table, TableName="streamed", StreamSpecification={"StreamEnabled": True})
        == INVALID + "If stream is being enabled then UpdateViewType is required"
    )
    ended = {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}
    assert (
        invalid(dynamodb.update_table, TableName="streamed", StreamSpecification=ended)
        == INVALID + "If stream is being disabled, then UpdateViewType must not be specified"
    )


def test_a_stream_does_not_change_with_the_throughput_or_with_indexes(dynamodb, invalid):
    create_table(dynamodb, None)
    change = {"TableName": "streamed", "StreamSpecification": ENABLED}
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    busy = INVALID + "You cannot modify stream status while updating table IOPS"
    assert invalid(dynamodb.update_table, **change, ProvisionedThroughput=units) == busy
    assert (
        invalid(dynamodb.update_table, **change, BillingMode="PROVISIONED", ProvisionedThroughput=units)
        == busy
    )
    gone = [{"Delete": {"IndexName": "none"}}]
    assert (
        invalid(dynamodb.update_table, **change, GlobalSecondaryIndexUpdates=gone)
        == INVALID + "You cannot create or delete index while changing stream status"
    )
    dynamodb.update_table(**change, BillingMode="PAY_PER_REQUEST")


def test_what_changes_alone_does_not_change_with_a_stream(dynamodb, invalid):
    create_table(dynamodb, None)
    change = {"TableName": "streamed", "StreamSpecification": ENABLED}
    for member, value, named in (
        ("SSESpecification", {"Enabled": False}, "Server-Side Encryption"),
        ("TableClass", "STANDARD", "TableClass"),
        ("DeletionProtectionEnabled", False, "DeletionProtection"),
    ):
        assert (
            invalid(dynamodb.update_table, **change, **{member: value})
            == f"{INVALID}{named} modification must be the only operation in the request"
        )
    assert (
        invalid(dynamodb.update_table, **change, OnDemandThroughput={"MaxReadRequestUnits": 5})
        == INVALID + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"
    )
    assert stream_members(described(dynamodb)) == set()


def test_other_changes_leave_the_stream_alone(dynamodb):
    arn = create_table(dynamodb)
    updated = dynamodb.update_table(TableName="streamed", DeletionProtectionEnabled=True)["TableDescription"]
    assert updated["LatestStreamArn"] == arn
    assert updated["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
