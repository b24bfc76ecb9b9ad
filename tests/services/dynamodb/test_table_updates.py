"""UpdateTable: what may be changed together, how often, and what it answers while AWS changes the table."""

from __future__ import annotations

import datetime

import pytest
from waiting import eventually

INVALID = "One or more parameter values were invalid: "
DAY = 86400
HASH = [{"AttributeName": "a", "KeyType": "HASH"}]
A = [{"AttributeName": "a", "AttributeType": "S"}]
ALL = {"ProjectionType": "ALL"}
ROLES = ("HASH", "RANGE")
AT_LEAST_ONE = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
    "MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is "
    "required"
)


def units(reads, writes=1):
    return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}


def warm(reads, writes):
    return {"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes}


def changing(kind, name="idx", **settings):
    return {"GlobalSecondaryIndexUpdates": [{kind: {"IndexName": name, **settings}}]}


@pytest.fixture
def create(dynamodb):
    def made(**more):
        created = dynamodb.create_table(TableName="abc", AttributeDefinitions=A, KeySchema=HASH, **more)
        return created["TableDescription"]

    return made


@pytest.fixture
def update(dynamodb):
    def updated(**changes):
        return dynamodb.update_table(TableName="abc", **changes)["TableDescription"]

    return updated


@pytest.fixture
def described(dynamodb):
    return lambda: dynamodb.describe_table(TableName="abc")["Table"]


@pytest.fixture
def provisioned(create):
    create(ProvisionedThroughput=units(9, 9))


@pytest.fixture
def indexed(create):
    index = {"IndexName": "idx", "KeySchema": HASH, "Projection": ALL, "ProvisionedThroughput": units(9)}
    create(ProvisionedThroughput=units(9), GlobalSecondaryIndexes=[index])


@pytest.fixture
def on_demand(create):
    create(BillingMode="PAY_PER_REQUEST")


@pytest.fixture
def morning(server, advance):
    """It has just become day in UTC, in which no throughput decreased yet."""
    advance(DAY - server.clock.time() % DAY + 1)
    return server.clock.time()


def spelled(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%A, %B %-d, %Y at %-I:%M")


def test_four_decreases_a_day_then_one_an_hour(update, described, refused, provisioned, advance, morning):
    for reads in (8, 7, 6, 5):
        update(ProvisionedThroughput=units(reads, 9))
    code, message = refused(update, ProvisionedThroughput=units(4, 9))
    assert code == "LimitExceededException"
    assert message.startswith(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
        "After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most "
        "once every 3600 seconds. Number of decreases today: 4. Last decrease at " + spelled(morning)
    )
    assert f"Next decrease can be made at {spelled(morning + 3600)}" in message
    assert message.endswith(" AM Coordinated Universal Time")
    update(ProvisionedThroughput=units(50, 9))
    assert refused(update, ProvisionedThroughput=units(60, 8))[0] == "LimitExceededException"
    advance(3600)
    update(ProvisionedThroughput=units(4, 9))
    assert described()["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 5
    assert refused(update, ProvisionedThroughput=units(3, 9))[0] == "LimitExceededException"
    advance(DAY)
    assert described()["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    update(ProvisionedThroughput=units(3, 9))
    assert described()["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1


def test_indexes_have_decreases_of_their_own(update, described, indexed, morning):
    for reads in (8, 7, 6, 5):
        update(**changing("Update", ProvisionedThroughput=units(reads)))
    update(ProvisionedThroughput=units(8))
    table = described()
    (index,) = table["GlobalSecondaryIndexes"]
    assert table["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1
    assert index["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4


def test_units_that_are_so_already_are_refused(update, invalid, indexed):
    same = (
        "The provisioned throughput for the {} will not change. The requested value equals the current "
        "value. Current ReadCapacityUnits provisioned for {}: 9. Requested ReadCapacityUnits: 9. "
        "Current WriteCapacityUnits provisioned for {}: 1. Requested WriteCapacityUnits: 1. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )
    message = invalid(update, ProvisionedThroughput=units(9))
    assert message == same.format("table", "the table", "the table")
    message = invalid(update, **changing("Update", ProvisionedThroughput=units(9)))
    assert message == same.format("index idx", "index idx", "index idx")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, AT_LEAST_ONE),
        ({"AttributeDefinitions": A}, AT_LEAST_ONE),
        ({"OnDemandThroughput": {}}, AT_LEAST_ONE),
        ({"WarmThroughput": {}}, AT_LEAST_ONE),
        ({"GlobalSecondaryIndexUpdates": []}, AT_LEAST_ONE),
        (
            {"GlobalSecondaryIndexUpdates": [], "ProvisionedThroughput": units(5)},
            INVALID + "List of GlobalSecondaryIndexUpdates is empty",
        ),
        (
            {"BillingMode": "PROVISIONED"},
            INVALID + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ),
        (
            {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": units(5)},
            INVALID + "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"ProvisionedThroughput": units(10**12 + 1)},
            "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        (
            {"WarmThroughput": warm(99, 99), "ProvisionedThroughput": units(5)},
            INVALID + "WarmThroughput must be the only operation in the request",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 5}, "ProvisionedThroughput": units(5)},
            INVALID + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
            INVALID + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table "
            "BillingMode is PROVISIONED",
        ),
        (
            {**changing("Delete"), "ProvisionedThroughput": units(5)},
            INVALID + "You cannot create or delete index while updating table IOPS",
        ),
        (
            {**changing("Delete"), "StreamSpecification": {"StreamEnabled": False}},
            INVALID + "You cannot create or delete index while changing stream status",
        ),
        (
            {"ProvisionedThroughput": units(5), "StreamSpecification": {"StreamEnabled": False}},
            INVALID + "You cannot modify stream status while updating table IOPS",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            INVALID + "If stream is being enabled then UpdateViewType is required",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
            INVALID + "If stream is being disabled, then UpdateViewType must not be specified",
        ),
        (
            changing("Update", WarmThroughput={}),
            INVALID + "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond "
            "specified for index: idx",
        ),
        (
            changing("Create", "new", KeySchema=HASH, Projection=ALL, ProvisionedThroughput=units(1)),
            INVALID + "AttributeDefinitions is not specified for index: new",
        ),
        (
            {
                **changing("Create", "new", KeySchema=HASH, Projection=ALL),
                "AttributeDefinitions": A,
            },
            INVALID + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: new",
        ),
    ],
)
def test_changes_that_cannot_be_made(update, invalid, indexed, changes, message):
    assert invalid(update, **changes) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"ProvisionedThroughput": units(5)},
            INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 0}},
            INVALID
            + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            {"WarmThroughput": warm(11999, 4000)},
            INVALID + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current "
            "WarmThroughput, decreasing WarmThroughput is not supported",
        ),
    ],
)
def test_changes_that_no_on_demand_table_has(update, invalid, on_demand, changes, message):
    assert invalid(update, **changes) == message


def test_units_above_the_account_s_quotas(update, refused, indexed):
    for changes, message in (
        (
            {"ProvisionedThroughput": units(40001)},
            "The requested ReadCapacityUnits, 40001, is above the per table maximum for the account in "
            "us-east-1. Per table maximum: 40000. Refer to the Amazon DynamoDB Developer Guide for current "
            "limits and how to request higher limits.",
        ),
        (
            changing("Update", ProvisionedThroughput=units(1, 40001)),
            "The requested WriteCapacityUnits for index idx, 40001, is above the per index maximum for the "
            "account in us-east-1. Per table maximum: 40000. Refer to the Amazon DynamoDB Developer Guide "
            "for current limits and how to request higher limits.",
        ),
        (
            {"WarmThroughput": warm(40001, 40000)},
            "Subscriber limit exceeded: Requested ReadUnitsPerSecond for WarmThroughput for table exceeds "
            "TableMaxReadCapacityUnits of the account in region us-east-1",
        ),
    ):
        assert refused(update, **changes) == ("LimitExceededException", message)


def test_on_demand_limits_are_merged_and_removed_by_minus_one(update, described, on_demand):
    assert "OnDemandThroughput" not in described()
    update(OnDemandThroughput={"MaxReadRequestUnits": 5})
    update(OnDemandThroughput={"MaxWriteRequestUnits": 6})
    both = {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6}
    assert described()["OnDemandThroughput"] == both
    answer = update(OnDemandThroughput={"MaxReadRequestUnits": -1})
    assert answer["OnDemandThroughput"] == {**both, "MaxReadRequestUnits": -1}
    assert described()["OnDemandThroughput"]["MaxWriteRequestUnits"] == 6
    update(OnDemandThroughput={"MaxWriteRequestUnits": -1})
    assert "OnDemandThroughput" not in described()


def test_warm_throughput_only_ever_rises(update, described, provisioned):
    assert described()["WarmThroughput"] == {**warm(9, 9), "Status": "ACTIVE"}
    update(ProvisionedThroughput=units(20, 9))
    update(ProvisionedThroughput=units(2, 2))
    assert described()["WarmThroughput"] == {**warm(20, 9), "Status": "ACTIVE"}
    answer = update(WarmThroughput={"WriteUnitsPerSecond": 30})
    assert answer["TableStatus"] == "ACTIVE"
    assert answer["WarmThroughput"] == {**warm(20, 9), "Status": "UPDATING"}
    assert described()["WarmThroughput"] == {**warm(20, 30), "Status": "ACTIVE"}
    update(BillingMode="PAY_PER_REQUEST")
    assert described()["WarmThroughput"] == {**warm(12000, 4000), "Status": "ACTIVE"}


def test_new_table_is_warm_for_no_less_than_it_would_be_anyway(create, invalid, described):
    assert invalid(create, BillingMode="PAY_PER_REQUEST", WarmThroughput=warm(11999, 4000)).startswith(
        INVALID
        + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput "
        "for OnDemand. See: https://docs.aws.amazon.com/"
    )
    assert invalid(create, ProvisionedThroughput=units(5), WarmThroughput=warm(4, 1)) == (
        INVALID + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits "
        "of ProvisionedThroughput"
    )
    create(ProvisionedThroughput=units(5), WarmThroughput=warm(6, 1))
    assert described()["WarmThroughput"] == {**warm(6, 1), "Status": "ACTIVE"}


def test_class_changes_twice_in_thirty_days(update, described, invalid, refused, on_demand, advance):
    assert "TableClassSummary" not in described()
    answer = update(TableClass="STANDARD_INFREQUENT_ACCESS")
    assert answer["TableStatus"] == "UPDATING"
    assert "TableClassSummary" not in answer
    summary = described()["TableClassSummary"]
    assert (summary["TableClass"], "LastUpdateDateTime" in summary) == ("STANDARD_INFREQUENT_ACCESS", True)
    update(TableClass="STANDARD")
    assert refused(update, TableClass="STANDARD_INFREQUENT_ACCESS") == (
        "LimitExceededException",
        "Subscriber limit exceeded: Updates to TableClass are limited to 2 times in 30 day(s).",
    )
    assert described()["TableClassSummary"]["TableClass"] == "STANDARD"
    advance(31 * DAY)
    update(TableClass="STANDARD_INFREQUENT_ACCESS")
    assert described()["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_billing_switches_with_units_for_each_index(update, described, invalid, indexed):
    answer = update(BillingMode="PAY_PER_REQUEST")
    assert answer["TableStatus"] == "UPDATING"
    assert described()["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    provisioned = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(3, 4)}
    assert invalid(update, **provisioned) == (
        INVALID + "ProvisionedThroughput must be specified for index: idx"
    )
    update(**provisioned, **changing("Update", ProvisionedThroughput=units(5, 6)))
    table = described()
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert "LastUpdateToPayPerRequestDateTime" in table["BillingModeSummary"]
    (index,) = table["GlobalSecondaryIndexes"]
    for described_units, wanted in (
        (table["ProvisionedThroughput"], (3, 4)),
        (index["ProvisionedThroughput"], (5, 6)),
    ):
        assert (described_units["ReadCapacityUnits"], described_units["WriteCapacityUnits"]) == wanted


def test_index_of_an_on_demand_table_has_no_units(create, update, invalid, refused, described):
    create(
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[{"IndexName": "idx", "KeySchema": HASH, "Projection": ALL}],
    )
    assert invalid(update, **changing("Update", ProvisionedThroughput=units(3))) == (
        INVALID + "The only Updates for index: idx when TableThroughputMode is PAY_PER_REQUEST can be to "
        "OnDemandThroughput, WarmThroughput"
    )
    update(**changing("Update", OnDemandThroughput={"MaxReadRequestUnits": 7}))
    update(**changing("Update", WarmThroughput={"ReadUnitsPerSecond": 13000}))
    (index,) = described()["GlobalSecondaryIndexes"]
    assert index["OnDemandThroughput"]["MaxReadRequestUnits"] == 7
    assert index["WarmThroughput"] == {**warm(13000, 4000), "Status": "ACTIVE"}


def test_index_that_the_table_has_not_globally(dynamodb, invalid, refused, range_table):
    for kind, settings in (("Update", {"OnDemandThroughput": {"MaxReadRequestUnits": 7}}), ("Delete", {})):
        changes = {"TableName": range_table, **changing(kind, "nowhere", **settings)}
        assert refused(dynamodb.update_table, **changes) == (
            "ResourceNotFoundException",
            f"Requested resource not found: Index nowhere for table {range_table}",
        )
        changes = {"TableName": range_table, **changing(kind, "local", **settings)}
        message = invalid(dynamodb.update_table, **changes)
        assert message == f"Cannot {kind.lower()} an index that is not a GlobalSecondaryIndex: local"


def test_new_index_gives_no_attribute_another_type(dynamodb, invalid, update, described, on_demand):
    def made(name, kind, *key):
        schema = [{"AttributeName": each, "KeyType": role} for each, role in zip(key, ROLES, strict=False)]
        defined = [{"AttributeName": "x", "AttributeType": kind}]
        return {
            "AttributeDefinitions": defined,
            **changing("Create", name, KeySchema=schema, Projection=ALL),
        }

    update(**made("idx", "S", "x"))
    eventually(lambda: described()["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE")
    assert invalid(dynamodb.update_table, TableName="abc", **made("other", "N", "x")) == (
        INVALID + "Attributes cannot be redefined. Please check that your attribute has the same type as "
        "previously defined. Existing schema: Schema:[SchemaElement: key{x:S:HASH}] "
        "New schema: Schema:[SchemaElement: key{x:N:HASH}]"
    )
    update(**made("other", "S", "a", "x"))
    assert len(described()["GlobalSecondaryIndexes"]) == 2


def test_twenty_global_indexes_and_no_more(create, update, refused):
    index = {"KeySchema": HASH, "Projection": ALL}
    create(
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[{"IndexName": f"idx{number}", **index} for number in range(20)],
    )
    assert refused(update, AttributeDefinitions=A, **changing("Create", "new", **index)) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20",
    )


def test_answer_tells_the_old_units_and_the_index_that_goes(update, described, indexed):
    answer = update(ProvisionedThroughput=units(20))
    assert (answer["TableStatus"], answer["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("UPDATING", 9)
    answer = update(DeletionProtectionEnabled=True)
    assert (answer["TableStatus"], answer["DeletionProtectionEnabled"]) == ("ACTIVE", True)
    answer = update(**changing("Update", ProvisionedThroughput=units(20)))
    (index,) = answer["GlobalSecondaryIndexes"]
    assert (index["IndexStatus"], index["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("UPDATING", 9)
    answer = update(**changing("Delete"))
    (index,) = answer["GlobalSecondaryIndexes"]
    assert (answer["TableStatus"], index["IndexStatus"]) == ("UPDATING", "DELETING")
    assert "GlobalSecondaryIndexes" not in described()


def test_new_table_is_described_without_what_is_not_yet_known(create, described):
    created = create(BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=False)
    assert sorted(created) == [
        "AttributeDefinitions",
        "BillingModeSummary",
        "CreationDateTime",
        "DeletionProtectionEnabled",
        "ItemCount",
        "KeySchema",
        "ProvisionedThroughput",
        "TableArn",
        "TableId",
        "TableName",
        "TableSizeBytes",
        "TableStatus",
    ]
    assert created["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    known = described()
    assert sorted(set(known) - set(created)) == ["WarmThroughput"]
    assert sorted(known["BillingModeSummary"]) == ["BillingMode", "LastUpdateToPayPerRequestDateTime"]


def test_attributes_are_described_sorted_and_not_defined_twice(dynamodb, invalid):
    table = {
        "TableName": "abc",
        "KeySchema": [{"AttributeName": "z", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    defined = [{"AttributeName": name, "AttributeType": "S"} for name in "zb"]
    twice = invalid(dynamodb.create_table, AttributeDefinitions=[*defined, defined[0]], **table)
    assert twice == "Attribute Name is duplicated: z"
    created = dynamodb.create_table(AttributeDefinitions=defined, **table)["TableDescription"]
    assert [each["AttributeName"] for each in created["AttributeDefinitions"]] == ["b", "z"]


@pytest.mark.unverified("the text is from memory")
def test_indexes_project_a_hundred_attributes_together(dynamodb, invalid):
    indexes = [
        {
            "IndexName": f"idx{number}",
            "KeySchema": HASH,
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": [f"{number}-{each}" for each in range(17)],
            },
        }
        for number in range(6)
    ]
    table = {"AttributeDefinitions": A, "KeySchema": HASH, "BillingMode": "PAY_PER_REQUEST"}
    message = invalid(dynamodb.create_table, TableName="abc", GlobalSecondaryIndexes=indexes, **table)
    assert "100" in message
    dynamodb.create_table(TableName="abc", GlobalSecondaryIndexes=indexes[:5], **table)
