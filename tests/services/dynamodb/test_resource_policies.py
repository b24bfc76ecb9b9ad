from __future__ import annotations

import json

import pytest

from services.dynamodb.conftest import HASH_TABLE
from services.dynamodb.stream_readers import create_table, read

NOT_FOUND = "Resource-based policy not found for the provided ResourceArn: "
ITEM = {"a": {"S": "x"}}


def policy(resource, principal, *actions, effect="Allow", **more):
    statement = {"Effect": effect, "Principal": principal, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]}, indent=2)


@pytest.fixture
def arn(dynamodb, hash_table):
    return dynamodb.describe_table(TableName=hash_table)["Table"]["TableArn"]


@pytest.fixture
def own(arn, account):
    """A policy for the account itself."""
    return lambda *actions: policy(arn, {"AWS": account}, *actions)


@pytest.fixture
def user(client):
    """A DynamoDB client of a user that no identity policy allows anything, and the user's ARN."""
    iam = client("iam")
    named = iam.create_user(UserName="user")["User"]["Arn"]
    key = iam.create_access_key(UserName="user")["AccessKey"]
    return client("dynamodb", key=key["AccessKeyId"], secret=key["SecretAccessKey"]), named


def test_a_policy_is_kept_in_its_short_form(dynamodb, arn, own, account):
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=own("dynamodb:GetItem"))["RevisionId"]
    assert len(revision) == 13
    answer = dynamodb.get_resource_policy(ResourceArn=arn)
    assert answer["RevisionId"] == revision
    assert answer["Policy"] == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::'
        + account
        + ':root"},"Action":"dynamodb:GetItem","Resource":"'
        + arn
        + '"}]}'
    )


def test_the_same_policy_again_changes_nothing(dynamodb, arn, own, account):
    first = dynamodb.put_resource_policy(ResourceArn=arn, Policy=own("dynamodb:GetItem"))
    root = policy(arn, {"AWS": [f"arn:aws:iam::{account}:root"]}, "dynamodb:GetItem")
    again = dynamodb.put_resource_policy(ResourceArn=arn, Policy=root)
    other = dynamodb.put_resource_policy(ResourceArn=arn, Policy=own("dynamodb:PutItem"))
    assert first["RevisionId"] == again["RevisionId"] < other["RevisionId"]


def test_no_policy_is_not_found_and_deleted_without_complaint(dynamodb, refused, arn, own):
    assert refused(dynamodb.get_resource_policy, ResourceArn=arn) == (
        "PolicyNotFoundException",
        f"{NOT_FOUND}{arn}",
    )
    assert "RevisionId" not in dynamodb.delete_resource_policy(ResourceArn=arn)
    put = dynamodb.put_resource_policy(ResourceArn=arn, Policy=own("dynamodb:GetItem"))
    assert dynamodb.delete_resource_policy(ResourceArn=arn)["RevisionId"] == put["RevisionId"]
    assert dynamodb.delete_resource_policy(ResourceArn=arn)["RevisionId"] > put["RevisionId"]
    assert refused(dynamodb.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"


def test_an_expected_revision_must_be_the_one_there(dynamodb, refused, arn, own):
    put = {"ResourceArn": arn, "Policy": own("dynamodb:GetItem")}
    assert refused(dynamodb.put_resource_policy, **put, ExpectedRevisionId="1")[0] == (
        "PolicyNotFoundException"
    )
    revision = dynamodb.put_resource_policy(**put, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    assert refused(dynamodb.put_resource_policy, **put, ExpectedRevisionId="NO_POLICY") == (
        "PolicyNotFoundException",
        f"{NOT_FOUND}Requested policy update expecting none to be present for table hash, "
        f"but a policy exists with revision id {revision}.",
    )
    assert refused(dynamodb.delete_resource_policy, ResourceArn=arn, ExpectedRevisionId="unknown") == (
        "PolicyNotFoundException",
        f"{NOT_FOUND}Requested update for policy with revision id unknown, "
        f"but the policy associated to target table hash has revision id {revision}.",
    )
    dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=revision)


def test_arns_of_anything_else_are_refused(dynamodb, invalid, refused, arn):
    get = dynamodb.get_resource_policy
    start = "One or more parameter values were invalid: "
    assert invalid(get, ResourceArn="hash") == f"{start}ARNs must start with 'arn:': hash"
    assert invalid(get, ResourceArn=arn.replace("us-east-1", "eu-west-1")).startswith(
        f"{start}Invalid resource Arn: "
    )
    assert invalid(get, ResourceArn=f"{arn}/index/one") == (
        f"{start}Invalid resource arn provided, only table or stream is accepted. "
        f"Provided resource arn: {arn}/index/one"
    )
    assert invalid(get, ResourceArn=f"{arn}/backup/1").startswith(
        f"{start}Provided Arn is not a DynamoDB resource arn: "
    )
    assert refused(get, ResourceArn=f"{arn}_") == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: hash_ not found",
    )
    assert refused(get, ResourceArn=f"{arn}/stream/2000-01-01T00:00:00.000") == (
        "ResourceNotFoundException",
        "Requested resource not found: Stream: 2000-01-01T00:00:00.000 not found for Table: hash",
    )


def test_malformed_policies_are_refused(dynamodb, invalid, arn, own):
    start = "One or more parameter values were invalid: "
    put = dynamodb.put_resource_policy
    assert invalid(put, ResourceArn=arn, Policy="{not json") == (
        f"{start}Invalid policy document: This policy contains invalid Json"
    )
    assert invalid(put, ResourceArn=arn, Policy='{"Version":"2012-10-17","Statement":[]}') == (
        f"{start}Invalid policy document: Could not parse the policy: Statement is empty!"
    )
    assert invalid(put, ResourceArn=arn, Policy=own("dynamodb:GetItem") + " " * 20480) == (
        f"{start}Maximum policy size of 20480 bytes exceeded"
    )
    without = json.loads(own("dynamodb:GetItem"))
    del without["Statement"][0]["Resource"]
    assert invalid(put, ResourceArn=arn, Policy=json.dumps(without)) == (
        f"{start}Invalid policy document: Missing required field Resource"
    )
    twice = json.loads(policy(arn, {"AWS": "123456789012"}, "dynamodb:GetItem", Sid="one"))
    twice["Statement"] *= 2
    assert invalid(put, ResourceArn=arn, Policy=json.dumps(twice)) == (
        f"{start}Invalid policy document: The Statement Ids in the policy are not unique"
    )
    assert invalid(put, ResourceArn=arn, Policy=policy(arn, "*", "dynamodb:GetItem")) == (
        "Resource-based policy grants unbounded access in one or more elements. "
        "Please revise the policy to ensure least-privilege form of access"
    )


def test_a_policy_that_shuts_out_its_writer_must_be_confirmed(dynamodb, refused, arn):
    shut = policy(arn, "*", "dynamodb:PutResourcePolicy", effect="Deny")
    assert refused(dynamodb.put_resource_policy, ResourceArn=arn, Policy=shut) == (
        "AccessDeniedException",
        "The new resource policy will not allow you to update the resource policy in the future.",
    )
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=shut, ConfirmRemoveSelfResourceAccess=True)
    assert refused(dynamodb.put_resource_policy, ResourceArn=arn, Policy=shut)[0] == "AccessDeniedException"


REQUESTS = {
    "GetItem": {"TableName": "hash", "Key": ITEM},
    "PutItem": {"TableName": "hash", "Item": ITEM},
    "UpdateItem": {"TableName": "hash", "Key": ITEM},
    "DeleteItem": {"TableName": "hash", "Key": ITEM},
    "Scan": {"TableName": "hash"},
    "Query": {
        "TableName": "hash",
        "KeyConditionExpression": "a = :a",
        "ExpressionAttributeValues": {":a": {"S": "x"}},
    },
    "BatchGetItem": {"RequestItems": {"hash": {"Keys": [ITEM]}}},
    "BatchWriteItem": {"RequestItems": {"hash": [{"PutRequest": {"Item": ITEM}}]}},
    "TransactGetItems": {"TransactItems": [{"Get": {"TableName": "hash", "Key": ITEM}}]},
    "TransactWriteItems": {"TransactItems": [{"Put": {"TableName": "hash", "Item": ITEM}}]},
    "ExecuteStatement": {"Statement": "SELECT * FROM hash"},
    "BatchExecuteStatement": {"Statements": [{"Statement": "SELECT * FROM hash WHERE a = 'x'"}]},
    "ExecuteTransaction": {"TransactStatements": [{"Statement": "DELETE FROM hash WHERE a = 'x'"}]},
    "DescribeTable": {"TableName": "hash"},
    "UpdateTable": {"TableName": "hash", "DeletionProtectionEnabled": False},
}


def test_what_a_policy_denies_not_even_root_may(dynamodb, refused, arn):
    deny = policy(arn, "*", *_judged(), effect="Deny")
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=deny)
    for name, request in REQUESTS.items():
        code, message = refused(_method(dynamodb, name), **request)
        assert code == "AccessDeniedException", name
        assert "with an explicit deny in a resource-based policy" in message


def test_what_a_policy_allows_needs_no_other(dynamodb, refused, user, arn):
    reader, named = user
    for name, request in REQUESTS.items():
        assert refused(_method(reader, name), **request)[0] == "AccessDeniedException", name
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn, {"AWS": named}, *_judged()))
    for name, request in REQUESTS.items():
        _method(reader, name)(**request)


def test_a_policy_allows_on_an_index(dynamodb, refused, user, range_table):
    reader, named = user
    arn = dynamodb.describe_table(TableName=range_table)["Table"]["TableArn"]
    document = policy(f"{arn}/index/all", {"AWS": named}, "dynamodb:Scan")
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=document)
    assert reader.scan(TableName=range_table, IndexName="all")["Count"] == 0
    assert refused(reader.scan, TableName=range_table)[0] == "AccessDeniedException"


def test_a_table_may_begin_with_a_policy(dynamodb, account, invalid):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/begun"
    document = policy(arn, {"AWS": account}, "dynamodb:GetItem")
    assert "Invalid policy document" in invalid(
        dynamodb.create_table, TableName="begun", ResourcePolicy="{", **HASH_TABLE
    )
    dynamodb.create_table(TableName="begun", ResourcePolicy=document, **HASH_TABLE)
    answer = dynamodb.get_resource_policy(ResourceArn=arn)
    assert json.loads(answer["Policy"])["Statement"][0]["Action"] == "dynamodb:GetItem"


def test_a_stream_has_a_policy_of_its_own(dynamodb, refused, client, user):
    _, named = user
    arn = create_table(dynamodb)
    dynamodb.put_item(TableName="streamed", Item={"id": {"S": "a"}})
    key = client("iam").create_access_key(UserName="user")["AccessKey"]
    reader = client("dynamodbstreams", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert refused(reader.describe_stream, StreamArn=arn)[0] == "AccessDeniedException"
    reading = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn, {"AWS": named}, *reading))
    assert len(read(reader, arn)) == 1
    table_arn = arn.partition("/stream/")[0]
    assert refused(dynamodb.get_resource_policy, ResourceArn=table_arn)[0] == "PolicyNotFoundException"


def test_another_account_manages_a_table_by_its_arn(dynamodb, refused, client, arn):
    other = client("dynamodb", key="210987654321")
    change = {"TableName": arn, "DeletionProtectionEnabled": False}
    tags = {"ResourceArn": arn, "Tags": [{"Key": "one", "Value": "1"}]}
    for call, request in (
        (other.update_table, change),
        (other.tag_resource, tags),
        (other.list_tags_of_resource, {"ResourceArn": arn}),
        (other.delete_table, {"TableName": arn}),
    ):
        assert refused(call, **request)[0] == "AccessDeniedException"
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn, {"AWS": "210987654321"}, "dynamodb:*"))
    assert other.update_table(**change)["TableDescription"]["TableArn"] == arn
    other.tag_resource(**tags)
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags["Tags"]
    other.untag_resource(ResourceArn=arn, TagKeys=["one"])
    assert other.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
    other.delete_table(TableName=arn)
    assert dynamodb.list_tables()["TableNames"] == []


def test_another_account_uses_a_table_by_its_arn(dynamodb, refused, client, arn):
    other = client("dynamodb", key="210987654321")
    for name, request in _by_arn(arn).items():
        assert refused(_method(other, name), **request)[0] == "AccessDeniedException", name
    document = policy(arn, {"AWS": "210987654321"}, "dynamodb:*")
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=document)
    for name, request in _by_arn(arn).items():
        _method(other, name)(**request)
    assert dynamodb.get_item(TableName="hash", Key=ITEM)["Item"] == ITEM
    assert other.describe_table(TableName=arn)["Table"]["TableArn"] == arn


def _by_arn(arn):
    return {
        "PutItem": {"TableName": arn, "Item": ITEM},
        "GetItem": {"TableName": arn, "Key": ITEM},
        "Scan": {"TableName": arn},
        "Query": {**REQUESTS["Query"], "TableName": arn},
        "BatchGetItem": {"RequestItems": {arn: {"Keys": [ITEM]}}},
        "BatchWriteItem": {"RequestItems": {arn: [{"PutRequest": {"Item": ITEM}}]}},
        "TransactGetItems": {"TransactItems": [{"Get": {"TableName": arn, "Key": ITEM}}]},
        "TransactWriteItems": {"TransactItems": [{"Put": {"TableName": arn, "Item": ITEM}}]},
        "DescribeTable": {"TableName": arn},
    }


def _judged():
    """What IAM judges of the requests."""
    plain = [name for name in REQUESTS if not name.startswith(("Transact", "Execute", "BatchExecute"))]
    return [f"dynamodb:{name}" for name in (*plain, "PartiQLSelect", "PartiQLDelete")]


def _method(client, name):
    return getattr(client, "".join(f"_{each.lower()}" if each.isupper() else each for each in name)[1:])
