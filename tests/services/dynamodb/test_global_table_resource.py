from __future__ import annotations

import json
from itertools import pairwise

import pytest

from cloudlet.core.access import Principal
from cloudlet.core.resource import ResourceContext
from cloudlet.services.dynamodb.global_table_resource import GlobalTableResource
from services.dynamodb.waiting import eventually

HOME = "us-east-1"
AWAY = "eu-west-1"
THIRD = "ap-south-1"
RESOURCE = GlobalTableResource()
INDEX = {
    "IndexName": "idx",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@pytest.fixture
def context():
    stack_id = f"arn:aws:cloudformation:{HOME}:1:stack/s/1"
    return ResourceContext("s", stack_id, "Table", "token", {"aws:cloudformation:stack-name": "s"})


@pytest.fixture
def run(server, account):
    """Runs a handler's coroutine as CloudFormation for the account's root."""
    call = server.app.cloud.call("dynamodb", Principal.root(account), account, HOME)
    behalf = call.on_behalf("cloudformation.amazonaws.com")
    return lambda handler, *arguments: server.run(handler(behalf, *arguments))


@pytest.fixture
def table(client):
    """The table as a region describes it."""

    def table(region=HOME):
        return client("dynamodb", region=region).describe_table(TableName="global")["Table"]

    return table


def template(*replicas, **more):
    """As CDK's TableV2 writes it; replicas are regions, or definitions of theirs."""
    return {
        "TableName": "global",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in "ag"],
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [INDEX],
        "Replicas": [each if isinstance(each, dict) else {"Region": each} for each in replicas],
        "SSESpecification": {"SSEEnabled": False},
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        **more,
    }


def regions(described):
    return {each["RegionName"]: each["ReplicaStatus"] for each in described.get("Replicas", ())}


def test_a_table_and_its_replicas_come_and_go(client, run, context, table):
    wanted = template(HOME, AWAY, THIRD)
    for _ in range(2):
        made = run(RESOURCE.create, context, wanted)
    described = table()
    assert regions(described) == {AWAY: "ACTIVE", THIRD: "ACTIVE"}
    assert made.physical_id == "global"
    assert made.attributes == {
        "Arn": described["TableArn"],
        "TableId": described["TableId"],
        "StreamArn": described["LatestStreamArn"],
    }
    item = {"a": {"S": "x"}, "g": {"S": "y"}}
    client("dynamodb", region=THIRD).put_item(TableName="global", Item=item)
    away = client("dynamodb", region=AWAY)
    eventually(lambda: away.scan(TableName="global", IndexName="idx")["Items"] == [item])
    for _ in range(2):
        run(RESOURCE.delete, context, "global", wanted)
    for region in (HOME, AWAY, THIRD):
        assert client("dynamodb", region=region).list_tables()["TableNames"] == []


def test_a_table_of_one_region_needs_no_stream(run, context, table):
    alone = {key: value for key, value in template(HOME).items() if key != "StreamSpecification"}
    made = run(RESOURCE.create, context, alone)
    assert set(made.attributes) == {"Arn", "TableId"}
    assert "Replicas" not in table()


def test_a_table_of_one_region_may_have_a_key_of_its_own(client, run, context, table):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    home = {"Region": HOME, "SSESpecification": {"KMSMasterKeyId": key}}
    encrypted = template(home, SSESpecification={"SSEEnabled": True, "SSEType": "KMS"})
    run(RESOURCE.create, context, encrypted)
    assert table()["SSEDescription"]["KMSMasterKeyArn"] == key
    run(RESOURCE.update, context, "global", encrypted, template(HOME))
    assert "SSEDescription" not in table()


def test_each_replica_may_have_a_key_of_its_own(client, run, context, table):
    def keyed(*keys):
        replicas = [
            {"Region": region, "SSESpecification": {"KMSMasterKeyId": key}}
            for region, key in zip((HOME, AWAY, THIRD), keys, strict=False)
        ]
        return template(*replicas, SSESpecification={"SSEEnabled": True, "SSEType": "KMS"})

    def told(*regions):
        return [table(region)["SSEDescription"]["KMSMasterKeyArn"] for region in regions]

    home, away, third, other = (
        client("kms", region=region).create_key()["KeyMetadata"]["Arn"]
        for region in (HOME, AWAY, THIRD, AWAY)
    )
    run(RESOURCE.create, context, keyed(home, away))
    assert told(HOME, AWAY) == [home, away]
    run(RESOURCE.update, context, "global", keyed(home, away), keyed(home, other, third))
    assert told(HOME, AWAY, THIRD) == [home, other, third]
    managed = template(HOME, AWAY, THIRD, SSESpecification={"SSEEnabled": True})
    run(RESOURCE.update, context, "global", keyed(home, other, third), managed)
    assert not {home, other, third} & set(told(HOME, AWAY, THIRD))
    run(RESOURCE.update, context, "global", managed, template(HOME, AWAY, THIRD))
    assert not any("SSEDescription" in table(region) for region in (HOME, AWAY, THIRD))


def test_replicas_are_added_and_removed_one_at_a_time(run, context, table):
    run(RESOURCE.create, context, template(HOME))
    steps = [template(HOME), template(HOME, AWAY), template(HOME, AWAY, THIRD), template(HOME, THIRD)]
    for before, after in pairwise(steps):
        for _ in range(2):
            run(RESOURCE.update, context, "global", before, after)
    assert regions(table()) == {THIRD: "ACTIVE"}
    with pytest.raises(Exception, match="Only one replica"):
        run(RESOURCE.update, context, "global", template(HOME, THIRD), template(HOME, AWAY))


def own(region, account, **more):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "dynamodb:GetItem",
        "Resource": "*",
    }
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    return {
        "Region": region,
        "ContributorInsightsSpecification": {"Enabled": True},
        "DeletionProtectionEnabled": "true",
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "idx",
                "ContributorInsightsSpecification": {"Enabled": True},
                "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": "6"},
            },
        ],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": "3"},
        "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": "7"},
        "ReplicaStreamSpecification": {"ResourcePolicy": policy},
        "ResourcePolicy": policy,
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
        "Tags": [{"Key": "of", "Value": region}],
        **more,
    }


def settings(dynamodb):
    """What a replica may have for itself."""
    described = dynamodb.describe_table(TableName="global")["Table"]
    backups = dynamodb.describe_continuous_backups(TableName="global")["ContinuousBackupsDescription"]

    def has_policy(arn):
        try:
            return "GetItem" in dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
        except dynamodb.exceptions.PolicyNotFoundException:
            return False

    def insights(**more):
        found = dynamodb.describe_contributor_insights(TableName="global", **more)
        return found["ContributorInsightsStatus"]

    tags = dynamodb.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"]
    return {
        "class": described.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "days": backups["PointInTimeRecoveryDescription"].get("RecoveryPeriodInDays"),
        "insights": (insights(), insights(IndexName="idx")),
        "policies": (has_policy(described["TableArn"]), has_policy(described["LatestStreamArn"])),
        "protected": described["DeletionProtectionEnabled"],
        "reads": [
            each.get("OnDemandThroughput", {}).get("MaxReadRequestUnits")
            for each in (described, *described["GlobalSecondaryIndexes"])
        ],
        "tags": [each["Value"] for each in tags if each["Key"] == "of"],
    }


PLAIN = {
    "class": "STANDARD",
    "days": None,
    "insights": ("DISABLED", "DISABLED"),
    "policies": (False, False),
    "protected": False,
    "reads": [None, None],
    "tags": [],
}


def full(region):
    return {
        "class": "STANDARD_INFREQUENT_ACCESS",
        "days": 3,
        "insights": ("ENABLED", "ENABLED"),
        "policies": (True, True),
        "protected": True,
        "reads": [7, 6],
        "tags": [region],
    }


@pytest.mark.parametrize(("chosen", "other"), [(HOME, AWAY), (AWAY, HOME)])
def test_what_a_replica_has_for_itself_is_set_and_changed_in_place(
    client, run, context, account, chosen, other
):
    def found():
        return [settings(client("dynamodb", region=region)) for region in (chosen, other)]

    wanted = template(own(chosen, account), other)
    run(RESOURCE.create, context, wanted)
    assert found() == [full(chosen), PLAIN]
    changed = template(chosen, own(other, account))
    for _ in range(2):
        run(RESOURCE.update, context, "global", wanted, changed)
    assert found() == [PLAIN, full(other)]


def test_changes_of_the_table_reach_its_replicas(client, server, run, context, table):
    before = template(HOME, AWAY)
    run(RESOURCE.create, context, before)
    after = template(
        HOME,
        AWAY,
        GlobalSecondaryIndexes=[{**INDEX, "WriteOnDemandThroughputSettings": {"MaxWriteRequestUnits": 8}}],
        TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True},
        WriteOnDemandThroughputSettings={"MaxWriteRequestUnits": "9"},
    )
    for _ in range(2):
        run(RESOURCE.update, context, "global", before, after)
    for region in (HOME, AWAY):
        described = table(region)
        assert described["OnDemandThroughput"]["MaxWriteRequestUnits"] == 9
        assert described["GlobalSecondaryIndexes"][0]["OnDemandThroughput"]["MaxWriteRequestUnits"] == 8
        ttl = client("dynamodb", region=region).describe_time_to_live(TableName="global")
        assert ttl["TimeToLiveDescription"]["AttributeName"] == "ttl"
    server.advance(3601)
    run(RESOURCE.update, context, "global", after, before)
    for region in (HOME, AWAY):
        described = table(region)
        assert "OnDemandThroughput" not in {**described, **described["GlobalSecondaryIndexes"][0]}
        ttl = client("dynamodb", region=region).describe_time_to_live(TableName="global")
        assert ttl["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    without = {key: value for key, value in before.items() if key != "GlobalSecondaryIndexes"}
    run(RESOURCE.update, context, "global", before, without)
    assert "GlobalSecondaryIndexes" not in table(AWAY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"BillingMode": "PROVISIONED"}, "Application Auto Scaling"),
        ({"MultiRegionConsistency": "STRONG"}, "MultiRegionConsistency STRONG"),
        ({"Replicas": [{"Region": AWAY}]}, "must name the region of the stack"),
        ({"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}}, "needs a StreamSpecification"),
        (
            {"Replicas": [{"Region": HOME, "ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 1}}]},
            "ReadProvisionedThroughputSettings of a GlobalTable's replica",
        ),
        (
            {"GlobalSecondaryIndexes": [{**INDEX, "WriteProvisionedThroughputSettings": {}}]},
            "WriteProvisionedThroughputSettings of an index",
        ),
    ],
)
def test_what_would_come_to_nothing_is_refused(client, run, context, change, message):
    with pytest.raises(Exception, match=message):
        run(RESOURCE.create, context, {**template(HOME, AWAY), **change})
    assert client("dynamodb").list_tables()["TableNames"] == []


def test_a_stack_makes_a_global_table(client, table):
    properties = template({"Region": {"Ref": "AWS::Region"}}, AWAY)
    text = json.dumps(
        {
            "Resources": {"Table": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}},
            "Outputs": {"Id": {"Value": {"Fn::GetAtt": ["Table", "TableId"]}}},
        }
    )
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="global", TemplateBody=text)
    waiting = {"Delay": 0.02, "MaxAttempts": 500}
    cloudformation.get_waiter("stack_create_complete").wait(StackName="global", WaiterConfig=waiting)
    (output,) = cloudformation.describe_stacks(StackName="global")["Stacks"][0]["Outputs"]
    assert (output["OutputValue"], regions(table())) == (table()["TableId"], {AWAY: "ACTIVE"})
    cloudformation.delete_stack(StackName="global")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="global", WaiterConfig=waiting)
    assert client("dynamodb", region=AWAY).list_tables()["TableNames"] == []
