from __future__ import annotations

import pytest

from iam_fixtures import as_user, iam
from services.dynamodb.conftest import HASH_TABLE, RANGE_TABLE
from services.dynamodb.stream_readers import read
from services.dynamodb.waiting import eventually

__all__ = ["as_user", "iam"]

HOME = "us-east-1"
AWAY = "eu-west-1"
THIRD = "ap-south-1"
INVALID = "One or more parameter values were invalid: "
WRITTEN = {"a": {"S": "x"}, "v": {"N": "1"}}
KEY = {"a": {"S": "x"}}


@pytest.fixture
def there(client):
    """A client of another region."""

    def there(region=AWAY):
        return client("dynamodb", region=region, parameter_validation=False)

    return there


@pytest.fixture
def replicate(dynamodb, there):
    """Adds a replica of the table `hash`, asked for in one region, and waits until it can be used."""

    def replicate(region=AWAY, asked=HOME, **more):
        add(there(asked), region, **more)
        eventually(lambda: replicas(there(asked)).get(region) == "ACTIVE")
        return there(region)

    return replicate


def add(dynamodb, region, table="hash", **more):
    updates = [{"Create": {"RegionName": region, **more}}]
    return dynamodb.update_table(TableName=table, ReplicaUpdates=updates)["TableDescription"]


def remove(dynamodb, region):
    updates = [{"Delete": {"RegionName": region}}]
    return dynamodb.update_table(TableName="hash", ReplicaUpdates=updates)["TableDescription"]


def described(dynamodb):
    return dynamodb.describe_table(TableName="hash")["Table"]


def replicas(dynamodb):
    return {each["RegionName"]: each["ReplicaStatus"] for each in described(dynamodb).get("Replicas", ())}


def item(dynamodb):
    return dynamodb.get_item(TableName="hash", Key=KEY, ConsistentRead=True).get("Item")


def put(dynamodb, version):
    dynamodb.put_item(TableName="hash", Item={**KEY, "v": {"N": str(version)}})


def test_a_replica_is_made_with_what_the_table_holds(dynamodb, there, hash_table):
    for number in range(250):
        dynamodb.put_item(TableName="hash", Item={"a": {"S": str(number)}})
    before = described(dynamodb)
    assert not {"GlobalTableVersion", "Replicas", "GlobalTableSettingsReplicationMode"} & set(before)
    answer = add(dynamodb, AWAY)
    assert (answer["TableStatus"], answer["GlobalTableVersion"]) == ("UPDATING", "2019.11.21")
    assert answer["Replicas"] == []
    assert answer["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    eventually(lambda: replicas(dynamodb) == {AWAY: "ACTIVE"})
    mine, other = described(dynamodb), described(there())
    (replica,) = mine["Replicas"]
    assert replica == {
        "RegionName": AWAY,
        "ReplicaStatus": "ACTIVE",
        "GlobalTableSettingsReplicationMode": "ENABLED_WITH_OVERRIDES",
        "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
    }
    for name in ("KeySchema", "StreamSpecification", "GlobalTableVersion", "TableStatus"):
        assert mine[name] == other[name]
    for name in ("TableId", "TableArn", "LatestStreamArn"):
        assert mine[name] != other[name]
    assert mine["GlobalTableSettingsReplicationMode"] == "ENABLED_WITH_OVERRIDES"
    assert replicas(there()) == {HOME: "ACTIVE"}
    assert there().scan(TableName="hash", Select="COUNT")["Count"] == 250


def test_writes_of_every_kind_reach_the_other_region_and_come_back(dynamodb, hash_table, replicate):
    other = replicate()
    put(dynamodb, 1)
    eventually(lambda: item(other) == WRITTEN)
    other.update_item(
        TableName="hash",
        Key=KEY,
        UpdateExpression="ADD v :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    eventually(lambda: item(dynamodb) == {**KEY, "v": {"N": "2"}})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "hash", "Item": {"a": {"S": "t"}}}}])
    dynamodb.batch_write_item(RequestItems={"hash": [{"PutRequest": {"Item": {"a": {"S": "b"}}}}]})
    dynamodb.execute_statement(Statement="INSERT INTO hash VALUE {'a': 'p'}")
    eventually(lambda: len(other.scan(TableName="hash")["Items"]) == 4)
    other.delete_item(TableName="hash", Key=KEY)
    eventually(lambda: item(dynamodb) is None)


def test_three_regions_tell_each_other_and_one_may_be_added_from_any(dynamodb, there, hash_table, replicate):
    other = replicate()
    put(other, 1)
    third = replicate(THIRD, asked=AWAY)
    eventually(lambda: item(third) == WRITTEN)
    assert [each["RegionName"] for each in described(dynamodb)["Replicas"]] == [AWAY, THIRD]
    assert [each["RegionName"] for each in described(third)["Replicas"]] == [HOME, AWAY]
    put(third, 2)
    for region in (HOME, AWAY):
        eventually(lambda region=region: item(there(region)) == {**KEY, "v": {"N": "2"}})


def test_the_last_writer_wins_everywhere(dynamodb, there, hash_table, replicate):
    other = replicate()
    for number in range(40):
        put((dynamodb, other)[number % 2], number)
    dynamodb.put_item(TableName="hash", Item={"a": {"S": "end"}})
    other.put_item(TableName="hash", Item={"a": {"S": "end there"}})
    eventually(lambda: all(len(each.scan(TableName="hash")["Items"]) == 3 for each in (dynamodb, other)))
    assert item(dynamodb) == item(other) == {**KEY, "v": {"N": "39"}}


def test_a_replica_has_a_stream_of_its_own(client, dynamodb, hash_table, replicate):
    other = replicate()
    put(dynamodb, 1)
    eventually(lambda: item(other) is not None)
    put(other, 2)
    eventually(lambda: item(dynamodb) == item(other))
    arn = described(other)["LatestStreamArn"]
    found = read(client("dynamodbstreams", region=AWAY), arn)
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY"]
    assert found[0]["dynamodb"]["NewImage"] == WRITTEN
    assert {record["awsRegion"] for record in found} == {AWAY}


def test_indexes_and_the_time_to_live_are_the_same_everywhere(dynamodb, hash_table, replicate):
    other = replicate()
    put(dynamodb, 1)
    index = {
        "IndexName": "by-v",
        "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    other.update_table(
        TableName="hash",
        AttributeDefinitions=[{"AttributeName": "v", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )
    for each in (dynamodb, other):
        eventually(lambda each=each: found_by_index(each) == [WRITTEN])
    (known,) = described(dynamodb)["Replicas"]
    assert [each["IndexName"] for each in known["GlobalSecondaryIndexes"]] == ["by-v"]
    dynamodb.update_table(TableName="hash", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-v"}}])
    assert "GlobalSecondaryIndexes" not in described(other)
    other.update_time_to_live(
        TableName="hash", TimeToLiveSpecification={"AttributeName": "until", "Enabled": True}
    )
    assert dynamodb.describe_time_to_live(TableName="hash")["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "until",
    }


def found_by_index(dynamodb):
    index = described(dynamodb)["GlobalSecondaryIndexes"][0]
    return dynamodb.scan(TableName="hash", IndexName="by-v")["Items"] if "Backfilling" not in index else None


@pytest.mark.parametrize(("writer", "reader"), [(HOME, AWAY), (AWAY, HOME)])
def test_what_expires_is_deleted_everywhere_and_by_dynamodb_where_it_was_written(
    client, hash_table, replicate, there, advance, server, writer, reader
):
    replicate()
    specification = {"AttributeName": "until", "Enabled": True}
    there(HOME).update_time_to_live(TableName="hash", TimeToLiveSpecification=specification)
    expiring = {**KEY, "until": {"N": str(int(server.clock.time()) + 100)}}
    there(writer).put_item(TableName="hash", Item=expiring)
    eventually(lambda: item(there(reader)) is not None)
    advance(200)
    eventually(lambda: item(there(writer)) is None and item(there(reader)) is None)

    def deleted_by(region):
        arn = described(there(region))["LatestStreamArn"]
        removal = read(client("dynamodbstreams", region=region), arn)[-1]
        assert removal["eventName"] == "REMOVE"
        return removal.get("userIdentity", {}).get("PrincipalId")

    assert (deleted_by(writer), deleted_by(reader)) == ("dynamodb.amazonaws.com", None)


def test_tags_recovery_and_protection_stay_where_they_are(dynamodb, hash_table, replicate):
    other = replicate()
    arn = described(dynamodb)["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="hash", PointInTimeRecoverySpecification=recovery)
    dynamodb.update_table(TableName="hash", DeletionProtectionEnabled=True)
    assert other.list_tags_of_resource(ResourceArn=described(other)["TableArn"])["Tags"] == []
    backups = other.describe_continuous_backups(TableName="hash")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
    assert not described(other)["DeletionProtectionEnabled"]


def test_a_replica_may_have_a_class_and_a_read_limit_of_its_own(dynamodb, hash_table, replicate):
    limits = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    dynamodb.update_table(TableName="hash", OnDemandThroughput=limits)
    other = replicate(OnDemandThroughputOverride={"MaxReadRequestUnits": 5})
    assert described(other)["OnDemandThroughput"] == {**limits, "MaxReadRequestUnits": 5}
    dynamodb.update_table(TableName="hash", OnDemandThroughput={**limits, "MaxWriteRequestUnits": 30})
    assert described(other)["OnDemandThroughput"] == {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 30}
    change = {"RegionName": AWAY, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}
    dynamodb.update_table(TableName="hash", ReplicaUpdates=[{"Update": change}])
    (known,) = described(dynamodb)["Replicas"]
    assert known["OnDemandThroughputOverride"] == {"MaxReadRequestUnits": 5}
    assert known["ReplicaTableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert "TableClassSummary" not in described(dynamodb)
    dynamodb.update_table(TableName="hash", TableClass="STANDARD")
    assert described(other)["TableClassSummary"]["TableClass"] == "STANDARD"


def test_an_index_of_a_replica_may_have_a_read_limit_of_its_own(dynamodb, there, hash_table, replicate):
    dynamodb.update_table(
        TableName="hash",
        AttributeDefinitions=[{"AttributeName": "v", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-v",
                    "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                    "OnDemandThroughput": {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
                }
            }
        ],
    )
    eventually(lambda: found_by_index(dynamodb) == [])

    def limits(dynamodb):
        (index,) = described(dynamodb)["GlobalSecondaryIndexes"]
        found = index.get("OnDemandThroughput", {})
        return found.get("MaxReadRequestUnits"), found.get("MaxWriteRequestUnits")

    def own(reads):
        return [{"IndexName": "by-v", "OnDemandThroughputOverride": {"MaxReadRequestUnits": reads}}]

    def change(**limits):
        updates = [{"Update": {"IndexName": "by-v", "OnDemandThroughput": limits}}]
        dynamodb.update_table(TableName="hash", GlobalSecondaryIndexUpdates=updates)

    other = replicate(GlobalSecondaryIndexes=own(5))
    assert limits(other) == (5, 20)
    change(MaxReadRequestUnits=11, MaxWriteRequestUnits=30)
    change(MaxReadRequestUnits=12)
    assert (limits(dynamodb), limits(other)) == ((12, 30), (5, 30))
    update = {"RegionName": AWAY, "GlobalSecondaryIndexes": own(6)}
    dynamodb.update_table(TableName="hash", ReplicaUpdates=[{"Update": update}])
    assert limits(other) == (6, 30)
    (known,) = described(dynamodb)["Replicas"]
    assert known["GlobalSecondaryIndexes"][0]["OnDemandThroughputOverride"] == {"MaxReadRequestUnits": 6}


def test_a_replica_is_removed_with_its_table_and_leaves_its_writes(dynamodb, refused, hash_table, replicate):
    other = replicate()
    put(other, 1)
    answer = remove(dynamodb, AWAY)
    assert answer["TableStatus"] == "UPDATING"
    assert refused(other.describe_table, TableName="hash")[0] == "ResourceNotFoundException"
    eventually(lambda: "Replicas" not in described(dynamodb))
    assert item(dynamodb) == WRITTEN
    assert not {"GlobalTableVersion", "GlobalTableSettingsReplicationMode"} & set(described(dynamodb))
    dynamodb.update_table(TableName="hash", StreamSpecification={"StreamEnabled": False})
    put(dynamodb, 2)
    again = replicate()
    assert item(again) == {**KEY, "v": {"N": "2"}}


def test_a_source_of_young_replicas_stays_until_they_are_gone(
    dynamodb, hash_table, replicate, invalid, advance
):
    other = replicate()
    third = replicate(THIRD, asked=AWAY)
    source = (
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to "
        "the table in the last 24 hours."
    )
    assert invalid(dynamodb.delete_table, TableName="hash") == source
    assert invalid(lambda: remove(dynamodb, AWAY)) == source
    other.update_table(TableName="hash", DeletionProtectionEnabled=True)
    third.delete_table(TableName="hash")
    eventually(lambda: replicas(dynamodb) == {AWAY: "ACTIVE"})
    protected = (
        f"Cannot delete table hash in region {AWAY} because it has deletion protection enabled. "
        "Disable deletion protection first."
    )
    assert invalid(lambda: remove(dynamodb, AWAY)) == protected
    assert invalid(other.delete_table, TableName="hash") == protected
    advance(24 * 3600 + 1)
    dynamodb.delete_table(TableName="hash")
    eventually(lambda: "Replicas" not in described(other))


def test_replica_updates_that_do_not_fit_are_refused(
    dynamodb, there, hash_table, replicate, invalid, refused
):
    def refusal(*updates, **more):
        return invalid(dynamodb.update_table, TableName="hash", ReplicaUpdates=list(updates), **more)

    def of(kind, region=AWAY, **more):
        return {kind: {"RegionName": region, **more}}

    replicate()
    there(THIRD).create_table(TableName="hash", **HASH_TABLE)
    exists = (
        "Failed to create a the new replica of table with name: \u2018hash\u2019 because one or more "
        "replicas already existed as tables."
    )
    assert refusal(of("Create")) == refusal(of("Create", THIRD)) == exists
    local = (
        "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or "
        "UpdateTable as required."
    )
    assert refusal(of("Create", HOME)) == refusal(of("Delete", HOME)) == local
    assert refusal(of("Create", "us-fake-1")).startswith(
        "Region us-fake-1 is not supported. The latest version of global tables are only supported in the "
        "following regions: [ap-south-2, ap-south-1, eu-south-1, eu-south-2, me-ce"
    )
    foreign = (
        "Update global table operation failed because one or more replicas were not part of the global "
        "table. Please retry the request without these replicas: [ca-central-1]."
    )
    assert refusal(of("Delete", "ca-central-1")) == foreign
    assert refusal(of("Update", "ca-central-1", TableClassOverride="STANDARD")) == foreign
    nothing = "There are no actions specified in the Replica Update Action of the request."
    assert refusal(of("Update")) == refusal({}) == nothing
    assert refusal({**of("Create", "eu-west-2"), **of("Delete", "eu-west-3")}) == (
        "Update table operation with more than one type of replica actions not allowed"
    )
    assert refusal(of("Create", "eu-west-2"), of("Create", "eu-west-3")) == (
        "Update table operation with more than one create or delete replica actions not allowed"
    )
    assert refusal(of("Create", "eu-west-2"), DeletionProtectionEnabled=True) == (
        f"{INVALID}Replica modification must be the only operation in the request"
    )
    assert refusal(of("Update", ProvisionedThroughputOverride={"ReadCapacityUnits": 1})) == (
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST"
    )
    assert refusal(of("Update", KMSMasterKeyId="alias/aws/dynamodb")) == (
        f"{INVALID}KMSMasterKeyId must be specified for each replica."
    )
    strong = {"MultiRegionConsistency": "STRONG", "ReplicaUpdates": [of("Create", "eu-west-2")]}
    assert refused(dynamodb.update_table, TableName="hash", **strong)[0] == "NotImplemented"


def test_streams_of_replicas_stay_and_provisioned_tables_have_none(dynamodb, hash_table, replicate, invalid):
    other = replicate()
    stay = f"{INVALID}Disabling Stream is not allowed for a Global Table replica."
    for each in (dynamodb, other):
        stream = {"StreamEnabled": False}
        assert invalid(each.update_table, TableName="hash", StreamSpecification=stream) == stay
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    provisioned = {**HASH_TABLE, "BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    dynamodb.create_table(TableName="provisioned", **provisioned)
    assert invalid(lambda: add(dynamodb, AWAY, "provisioned")) == (
        "Table write capacity should either be Pay-Per-Request or AutoScaled."
    )


def test_while_a_replica_is_made_nobody_uses_it_and_little_may_change(dynamodb, there, refused, hash_table):
    for start in range(0, 2000, 25):
        puts = [{"PutRequest": {"Item": {"a": {"S": str(number)}}}} for number in range(start, start + 25)]
        dynamodb.batch_write_item(RequestItems={"hash": puts})
    add(dynamodb, AWAY)
    seen = described(there())
    if seen["TableStatus"] == "CREATING":
        assert seen["Replicas"][0]["ReplicaStatus"] == "ACTIVE"
        assert refused(dynamodb.update_table, TableName="hash", DeletionProtectionEnabled=True) == (
            "ResourceInUseException",
            "The resource which you are attempting to change is in use.",
        )
    dynamodb.put_item(TableName="hash", Item=WRITTEN)
    dynamodb.delete_item(TableName="hash", Key={"a": {"S": "7"}})
    eventually(lambda: replicas(dynamodb) == {AWAY: "ACTIVE"})
    eventually(lambda: item(there()) == WRITTEN)
    left = there().scan(TableName="hash", ProjectionExpression="a")["Items"]
    assert len(left) == 2000
    assert {"a": {"S": "7"}} not in left


def test_a_replica_needs_rights_in_its_region(as_user, refused, hash_table, account):
    arn = f"arn:aws:dynamodb:{HOME}:{account}:table/hash"
    updater = as_user("updater", "dynamodb:*", resource=arn)("dynamodb")
    code, message = refused(lambda: add(updater, AWAY))
    assert code == "AccessDeniedException"
    assert f"arn:aws:dynamodb:{AWAY}:{account}:table/hash" in message


def test_replicas_on_demand_are_not_scaled(dynamodb, there, refused, invalid, hash_table, replicate):
    describe = dynamodb.describe_table_replica_auto_scaling
    missing = ("ResourceNotFoundException", "Global table with name: 'hash' does not exist.")
    assert refused(describe, TableName="hash") == missing
    assert refused(dynamodb.update_table_replica_auto_scaling, TableName="hash") == missing
    replicate()
    none = {"AutoScalingDisabled": True, "ScalingPolicies": []}
    for each in (dynamodb, there()):
        found = each.describe_table_replica_auto_scaling(TableName="hash")["TableAutoScalingDescription"]
        assert found["Replicas"] == [
            {
                "RegionName": region,
                "ReplicaStatus": "ACTIVE",
                "GlobalSecondaryIndexes": [],
                "ReplicaProvisionedReadCapacityAutoScalingSettings": none,
                "ReplicaProvisionedWriteCapacityAutoScalingSettings": none,
            }
            for region in (AWAY, HOME)
        ]
    scale = dynamodb.update_table_replica_auto_scaling
    scale(TableName="hash", ProvisionedWriteCapacityAutoScalingUpdate={"AutoScalingDisabled": True})
    assert invalid(
        scale,
        TableName="hash",
        ProvisionedWriteCapacityAutoScalingUpdate={"MinimumUnits": 1, "MaximumUnits": 2},
    ) == (
        "Failed to update global table with name \u2018hash\u2018. Replicas 'EU-WEST-1', 'US-EAST-1' "
        "BillingMode is PayPerRequest. You must convert table's BillingMode to PROVISIONED to set "
        "parameters: 'GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate'."
    )


def test_global_tables_of_2017_are_no_more(dynamodb, hash_table, replicate, refused, invalid):
    replicate()
    assert dynamodb.list_global_tables()["GlobalTables"] == []
    missing = "Global table with name: 'hash' does not exist."
    for operation, message in (
        (dynamodb.describe_global_table, f"Global table not found: {missing}"),
        (dynamodb.describe_global_table_settings, missing),
        (dynamodb.update_global_table_settings, missing),
    ):
        assert refused(operation, GlobalTableName="hash") == ("GlobalTableNotFoundException", message)
    delete, create = ([{kind: {"RegionName": AWAY}}] for kind in ("Delete", "Create"))
    update = dynamodb.update_global_table
    assert refused(update, GlobalTableName="hash", ReplicaUpdates=delete)[0] == "GlobalTableNotFoundException"
    unsupported = (
        f"{INVALID}DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB "
        "global tables version 2019.11.21, instead of version 2017.11.29 (Legacy)."
    )
    assert invalid(update, GlobalTableName="hash", ReplicaUpdates=create) == unsupported
    group = [{"RegionName": AWAY}]
    assert (
        invalid(dynamodb.create_global_table, GlobalTableName="hash", ReplicationGroup=group) == unsupported
    )


def test_a_table_with_indexes_is_replicated_whole(dynamodb, there):
    dynamodb.create_table(TableName="range", **RANGE_TABLE)
    whole = {name: {"S": name} for name in "abcde"}
    dynamodb.put_item(TableName="range", Item=whole)
    add(dynamodb, AWAY, "range")
    eventually(
        lambda: (
            there().describe_table(TableName="range")["Table"]["TableStatus"] == "ACTIVE"
            and there().scan(TableName="range", IndexName="all")["Items"] == [whole]
        )
    )
    dynamodb.delete_item(TableName="range", Key={"a": {"S": "a"}, "b": {"S": "b"}})
    for index in ("all", "some", "local"):
        eventually(lambda index=index: there().scan(TableName="range", IndexName=index)["Count"] == 0)
