from __future__ import annotations

import json
from itertools import pairwise

import pytest

from cloudlet.core.access import Principal
from cloudlet.core.resource import PartlyProvisioned, ResourceContext
from cloudlet.services.dynamodb.resources import TableResource

REGION = "us-east-1"
RESOURCE = TableResource()
TEMPLATE = {
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "ProvisionedThroughput": {"ReadCapacityUnits": "5", "WriteCapacityUnits": 5},
    "Tags": [{"Key": "own", "Value": "1"}],
}


@pytest.fixture
def context():
    stack_id = f"arn:aws:cloudformation:{REGION}:1:stack/s/1"
    tags = {"aws:cloudformation:stack-name": "s"}
    return ResourceContext("s", stack_id, "Table", "token", tags)


@pytest.fixture
def run(server, account):
    """Runs a handler's coroutine as CloudFormation for the account's root."""
    call = server.app.cloud.call("dynamodb", Principal.root(account), account, REGION)
    behalf = call.on_behalf("cloudformation.amazonaws.com")
    return lambda handler, *arguments: server.run(handler(behalf, *arguments))


def test_table_is_created_described_and_deleted(dynamodb, run, context):
    made = run(RESOURCE.create, context, TEMPLATE)
    table = dynamodb.describe_table(TableName=made.physical_id)["Table"]
    assert made.attributes["Arn"] == table["TableArn"]
    assert made.physical_id.startswith("s-Table-")
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    tags = {tag["Key"] for tag in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]}
    assert {"own", "aws:cloudformation:stack-name"} <= tags
    run(RESOURCE.delete, context, made.physical_id, TEMPLATE)
    run(RESOURCE.delete, context, made.physical_id, TEMPLATE)
    assert dynamodb.list_tables()["TableNames"] == []


def test_creation_that_is_run_again_finds_its_table(run, context):
    named = {**TEMPLATE, "TableName": "named"}
    assert run(RESOURCE.create, context, named) == run(RESOURCE.create, context, named)


def test_table_of_somebody_else_is_not_taken_over(dynamodb, run, context, hash_table):
    with pytest.raises(Exception, match="Table already exists: hash"):
        run(RESOURCE.create, context, {**TEMPLATE, "TableName": hash_table})


def test_update_changes_throughput_indexes_tags_and_time_to_live(dynamodb, server, run, context):
    made = run(RESOURCE.create, context, TEMPLATE)
    dynamodb.put_item(TableName=made.physical_id, Item={"a": {"S": "x"}, "g": {"S": "y"}})
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5}
    after = {
        **TEMPLATE,
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in "ag"],
        "ProvisionedThroughput": units,
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "idx",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": units,
            }
        ],
        "Tags": [{"Key": "other", "Value": "2"}],
        "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
    }
    for _ in range(2):
        run(RESOURCE.update, context, made.physical_id, TEMPLATE, after)
    table = dynamodb.describe_table(TableName=made.physical_id)["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert dynamodb.scan(TableName=made.physical_id, IndexName="idx")["Count"] == 1
    tags = {tag["Key"] for tag in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]}
    assert ("other" in tags, "own" in tags) == (True, False)
    status = dynamodb.describe_time_to_live(TableName=made.physical_id)["TimeToLiveDescription"]
    assert status["TimeToLiveStatus"] == "ENABLED"
    server.advance(3601)
    run(RESOURCE.update, context, made.physical_id, after, TEMPLATE)
    table = dynamodb.describe_table(TableName=made.physical_id)["Table"]
    assert "GlobalSecondaryIndexes" not in table
    status = dynamodb.describe_time_to_live(TableName=made.physical_id)["TimeToLiveDescription"]
    assert status == {"TimeToLiveStatus": "DISABLED"}


def stream_of(dynamodb, made):
    table = dynamodb.describe_table(TableName=made.physical_id)["Table"]
    return table["LatestStreamArn"], table.get("StreamSpecification", {}).get("StreamViewType")


def with_stream(view):
    return {**TEMPLATE, "StreamSpecification": {"StreamViewType": view}}


def test_a_table_with_a_stream_tells_of_it_by_its_attribute(dynamodb, run, context):
    made = run(RESOURCE.create, context, with_stream("KEYS_ONLY"))
    assert (made.attributes["StreamArn"], "KEYS_ONLY") == stream_of(dynamodb, made)


def test_a_table_without_a_stream_has_no_such_attribute(run, context):
    assert "StreamArn" not in run(RESOURCE.create, context, TEMPLATE).attributes


def test_update_starts_changes_and_stops_a_stream(dynamodb, run, context):
    made = run(RESOURCE.create, context, TEMPLATE)
    steps = [TEMPLATE, with_stream("NEW_IMAGE"), with_stream("OLD_IMAGE"), TEMPLATE]
    arns = []
    for before, after in pairwise(steps):
        for _ in range(2):
            updated = run(RESOURCE.update, context, made.physical_id, before, after)
        arns.append(updated.attributes.get("StreamArn"))
        wanted = after.get("StreamSpecification", {}).get("StreamViewType")
        assert stream_of(dynamodb, made)[1] == wanted
    assert None not in arns[:2]
    assert arns[0] != arns[1]
    assert arns[2] is None


def test_a_stream_changes_beside_the_throughput(dynamodb, run, context):
    made = run(RESOURCE.create, context, TEMPLATE)
    units = {"ReadCapacityUnits": 6, "WriteCapacityUnits": 6}
    after = {**with_stream("NEW_IMAGE"), "ProvisionedThroughput": units}
    updated = run(RESOURCE.update, context, made.physical_id, TEMPLATE, after)
    assert (updated.attributes["StreamArn"], "NEW_IMAGE") == stream_of(dynamodb, made)


def policy(account, action):
    principal = {"AWS": account}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return {"PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def allowed(dynamodb, arn):
    """The action of a policy as policy() makes it."""
    return json.loads(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"])["Statement"][0]["Action"]


def test_a_stream_has_the_policy_of_its_specification(dynamodb, run, context, account):
    def streaming(view, action):
        more = {"ResourcePolicy": policy(account, action)}
        return {**TEMPLATE, "StreamSpecification": {"StreamViewType": view, **more}}

    read, list_ = "dynamodb:GetRecords", "dynamodb:DescribeStream"
    first, second = streaming("NEW_IMAGE", read), streaming("NEW_IMAGE", list_)
    third, fourth = streaming("KEYS_ONLY", list_), with_stream("KEYS_ONLY")
    made = run(RESOURCE.create, context, first)
    assert allowed(dynamodb, made.attributes["StreamArn"]) == read
    for before, after in ((first, second), (second, third)):
        made = run(RESOURCE.update, context, made.physical_id, before, after)
        assert allowed(dynamodb, made.attributes["StreamArn"]) == list_
    run(RESOURCE.update, context, made.physical_id, third, fourth)
    with pytest.raises(Exception, match="Resource-based policy not found"):
        allowed(dynamodb, made.attributes["StreamArn"])


def test_an_index_has_insights_of_its_own(dynamodb, run, context):
    def indexed(**more):
        index = {
            "IndexName": "idx",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
            **more,
        }
        definitions = [{"AttributeName": name, "AttributeType": "S"} for name in "ag"]
        on_demand = {key: value for key, value in TEMPLATE.items() if key != "ProvisionedThroughput"}
        return {
            **on_demand,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": definitions,
            "GlobalSecondaryIndexes": [index],
        }

    def status(made, **more):
        described = dynamodb.describe_contributor_insights(TableName=made.physical_id, **more)
        return described["ContributorInsightsStatus"]

    on = indexed(ContributorInsightsSpecification={"Enabled": "true"})
    made = run(RESOURCE.create, context, on)
    assert (status(made), status(made, IndexName="idx")) == ("DISABLED", "ENABLED")
    for before, after, wanted in ((on, indexed(), "DISABLED"), (indexed(), on, "ENABLED")):
        run(RESOURCE.update, context, made.physical_id, before, after)
        assert status(made, IndexName="idx") == wanted


def test_another_type_of_an_attribute_is_refused(run, context):
    made = run(RESOURCE.create, context, TEMPLATE)
    edited = {**TEMPLATE, "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "N"}]}
    with pytest.raises(Exception, match="another type of its attribute a"):
        run(RESOURCE.update, context, made.physical_id, TEMPLATE, edited)


def importing(bucket):
    source = {
        "InputFormat": "CSV",
        "InputFormatOptions": {"Csv": {"Delimiter": ";"}},
        "S3BucketSource": {"S3Bucket": bucket},
    }
    return {
        **with_stream("NEW_IMAGE"),
        "TableName": "imported",
        "ImportSourceSpecification": source,
        "DeletionProtectionEnabled": True,
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
    }


def test_a_table_is_filled_by_the_import_that_it_names(dynamodb, client, run, context, account):
    s3 = client("s3")
    s3.create_bucket(Bucket=f"source-{account}")
    s3.put_object(Bucket=f"source-{account}", Key="items.csv", Body=b"a;b\nx;1\ny;2\n")
    for _ in range(2):
        made = run(RESOURCE.create, context, importing(f"source-{account}"))
    assert sorted(each["a"]["S"] for each in dynamodb.scan(TableName="imported")["Items"]) == ["x", "y"]
    table = dynamodb.describe_table(TableName="imported")["Table"]
    assert made.attributes["StreamArn"] == table["LatestStreamArn"]
    assert (table["DeletionProtectionEnabled"], table["ProvisionedThroughput"]["ReadCapacityUnits"]) == (
        True,
        5,
    )
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    tags = {tag["Key"] for tag in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]}
    assert {"own", "aws:cloudformation:stack-name"} <= tags
    assert len(dynamodb.list_imports()["ImportSummaryList"]) == 1


def test_an_import_that_fails_takes_over_nothing(dynamodb, server, run, context, account):
    with pytest.raises(Exception, match="bucket") as failed:
        run(RESOURCE.create, context, importing(f"missing-{account}"))
    assert not isinstance(failed.value, PartlyProvisioned)
    assert dynamodb.list_tables()["TableNames"] == []


def test_what_must_change_alone_changes_in_one_update_of_a_stack(dynamodb, run, context):
    made = run(RESOURCE.create, context, TEMPLATE)
    after = {
        **{key: value for key, value in TEMPLATE.items() if key != "ProvisionedThroughput"},
        "BillingMode": "PAY_PER_REQUEST",
        "OnDemandThroughput": {"MaxReadRequestUnits": "9"},
        "DeletionProtectionEnabled": "true",
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
    }
    run(RESOURCE.update, context, made.physical_id, TEMPLATE, after)
    table = dynamodb.describe_table(TableName=made.physical_id)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["OnDemandThroughput"]["MaxReadRequestUnits"] == 9
    assert table["DeletionProtectionEnabled"]
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    run(RESOURCE.update, context, made.physical_id, after, TEMPLATE)
    table = dynamodb.describe_table(TableName=made.physical_id)["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert "StreamSpecification" not in table


def test_a_stack_tells_of_the_stream_of_its_table(dynamodb, client):
    template = {
        "Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": with_stream("NEW_IMAGE")}},
        "Outputs": {"Stream": {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}}},
    }
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="streaming", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="streaming", WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )
    (output,) = cloudformation.describe_stacks(StackName="streaming")["Stacks"][0]["Outputs"]
    described = client("dynamodbstreams").describe_stream(StreamArn=output["OutputValue"])
    assert described["StreamDescription"]["StreamViewType"] == "NEW_IMAGE"


def test_recovery_insights_and_policy_are_set_and_changed_in_place(dynamodb, run, context, account):
    def kept(made):
        name, arn = made.physical_id, made.attributes["Arn"]
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        insights = dynamodb.describe_contributor_insights(TableName=name)
        return (
            backups["PointInTimeRecoveryDescription"].get("RecoveryPeriodInDays"),
            insights["ContributorInsightsStatus"],
            allowed(dynamodb, arn),
        )

    first = {
        **TEMPLATE,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true"},
        "ContributorInsightsSpecification": {"Enabled": True},
        "SSESpecification": {"SSEEnabled": False},
        "ResourcePolicy": policy(account, "dynamodb:GetItem"),
    }
    made = run(RESOURCE.create, context, first)
    assert kept(made) == (35, "ENABLED", "dynamodb:GetItem")
    second = {
        **TEMPLATE,
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": True,
            "RecoveryPeriodInDays": "7",
        },
        "ContributorInsightsSpecification": {"Enabled": False},
        "ResourcePolicy": policy(account, "dynamodb:PutItem"),
    }
    for _ in range(2):
        run(RESOURCE.update, context, made.physical_id, first, second)
    assert kept(made) == (7, "DISABLED", "dynamodb:PutItem")
    run(RESOURCE.update, context, made.physical_id, second, TEMPLATE)
    backups = dynamodb.describe_continuous_backups(TableName=made.physical_id)
    described = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert described == {"PointInTimeRecoveryStatus": "DISABLED"}
    with pytest.raises(Exception, match="Resource-based policy not found"):
        dynamodb.get_resource_policy(ResourceArn=made.attributes["Arn"])


def test_encryption_is_set_changed_and_removed(dynamodb, client, run, context):
    def key_of(made):
        table = dynamodb.describe_table(TableName=made.physical_id)["Table"]
        return table.get("SSEDescription", {}).get("KMSMasterKeyArn")

    kms = client("kms")
    own = kms.create_key()["KeyMetadata"]["Arn"]
    managed = {**TEMPLATE, "SSESpecification": {"SSEEnabled": "true"}}
    with_own = {
        **TEMPLATE,
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": own},
    }
    made = run(RESOURCE.create, context, managed)
    assert key_of(made) == kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    for _ in range(2):
        run(RESOURCE.update, context, made.physical_id, managed, with_own)
    assert key_of(made) == own
    for _ in range(2):
        run(RESOURCE.update, context, made.physical_id, with_own, TEMPLATE)
    assert key_of(made) is None
