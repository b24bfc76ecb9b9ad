from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def as_user(client):
    """Makes a DynamoDB client of a user with one statement."""

    def make(**statement):
        iam = client("iam")
        iam.create_user(UserName="user")
        key = iam.create_access_key(UserName="user")["AccessKey"]
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
        iam.put_user_policy(UserName="user", PolicyName="own", PolicyDocument=json.dumps(document))
        return client("dynamodb", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    return make


def denied(operation, **request):
    with pytest.raises(ClientError) as caught:
        operation(**request)
    return caught.value.response["Error"]["Code"] == "AccessDeniedException"


MINE, YOURS = {"S": "mine"}, {"S": "yours"}


@pytest.fixture
def owner(as_user):
    return as_user(
        Action="dynamodb:*",
        Resource="*",
        Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}},
    )


def test_leading_keys_bound_every_operation_on_items(owner, hash_table):
    for name, expected in ((MINE, False), (YOURS, True)):
        requests = [
            (owner.put_item, {"TableName": hash_table, "Item": {"a": name}}),
            (owner.get_item, {"TableName": hash_table, "Key": {"a": name}}),
            (owner.update_item, {"TableName": hash_table, "Key": {"a": name}}),
            (owner.delete_item, {"TableName": hash_table, "Key": {"a": name}}),
            (owner.batch_get_item, {"RequestItems": {hash_table: {"Keys": [{"a": name}]}}}),
            (owner.batch_write_item, {"RequestItems": {hash_table: [{"PutRequest": {"Item": {"a": name}}}]}}),
            (
                owner.transact_write_items,
                {"TransactItems": [{"Put": {"TableName": hash_table, "Item": {"a": name}}}]},
            ),
            (
                owner.transact_get_items,
                {"TransactItems": [{"Get": {"TableName": hash_table, "Key": {"a": name}}}]},
            ),
            (
                owner.query,
                {
                    "TableName": hash_table,
                    "KeyConditionExpression": "#a = :a",
                    "ExpressionAttributeNames": {"#a": "a"},
                    "ExpressionAttributeValues": {":a": name},
                },
            ),
            (
                owner.query,
                {
                    "TableName": hash_table,
                    "KeyConditions": {"a": {"ComparisonOperator": "EQ", "AttributeValueList": [name]}},
                },
            ),
        ]
        for operation, request in requests:
            if expected:
                assert denied(operation, **request), request
            else:
                operation(**request)


def test_attributes_and_select_bound_what_is_read_and_written(dynamodb, as_user, hash_table):
    user = as_user(
        Action=["dynamodb:GetItem", "dynamodb:UpdateItem"],
        Resource="*",
        Condition={
            "ForAllValues:StringEquals": {"dynamodb:Attributes": ["a", "visible"]},
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        },
    )
    request = {"TableName": hash_table, "Key": {"a": MINE}}
    user.get_item(**request, ProjectionExpression="visible")
    assert denied(user.get_item, **request, ProjectionExpression="visible, secret")
    assert denied(user.get_item, **request)
    values = {"ExpressionAttributeValues": {":v": {"S": "x"}}}
    user.update_item(**request, UpdateExpression="SET visible = :v", **values)
    assert denied(user.update_item, **request, UpdateExpression="SET visible = :v, secret = :v", **values)


def test_indexes_and_transactions_are_resources_and_actions_of_their_own(as_user, range_table):
    user = as_user(
        Action=["dynamodb:Query", "dynamodb:PutItem"],
        Resource=["arn:aws:dynamodb:*:*:table/range", "arn:aws:dynamodb:*:*:table/range/index/all"],
    )
    query = {
        "TableName": range_table,
        "KeyConditionExpression": "c = :c",
        "ExpressionAttributeValues": {":c": MINE},
    }
    user.query(**query, IndexName="all")
    assert denied(user.query, **query, IndexName="some")
    put = {"Put": {"TableName": range_table, "Item": {"a": MINE, "b": MINE}}}
    user.transact_write_items(TransactItems=[put])
    key = {"TableName": range_table, "Key": {"a": YOURS, "b": MINE}}
    check = {"ConditionCheck": {**key, "ConditionExpression": "attribute_not_exists(a)"}}
    assert denied(user.transact_write_items, TransactItems=[put, check])


def test_statements_have_actions_of_their_own(as_user, hash_table):
    reader = as_user(Action="dynamodb:PartiQLSelect", Resource=f"arn:aws:dynamodb:*:*:table/{hash_table}")
    select = f"SELECT * FROM \"{hash_table}\" WHERE a = 'mine'"
    assert reader.execute_statement(Statement=select)["Items"] == []
    for statement in (
        f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'mine'}}",
        f"UPDATE \"{hash_table}\" SET v = 1 WHERE a = 'mine'",
        f"DELETE FROM \"{hash_table}\" WHERE a = 'mine'",
    ):
        assert denied(reader.execute_statement, Statement=statement)
        assert denied(reader.batch_execute_statement, Statements=[{"Statement": statement}])
        assert denied(reader.execute_transaction, TransactStatements=[{"Statement": statement}])


def test_item_actions_give_no_statements(as_user, hash_table):
    writer = as_user(Action=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], Resource="*")
    assert denied(writer.execute_statement, Statement=f"SELECT * FROM \"{hash_table}\" WHERE a = 'mine'")


def test_statements_are_bound_by_leading_keys_and_full_scans(as_user, hash_table):
    bound = as_user(
        Action="dynamodb:PartiQL*",
        Resource="*",
        Condition={
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]},
            "BoolIfExists": {"dynamodb:FullTableScan": "false"},
        },
    )
    mine, yours = (f"SELECT * FROM \"{hash_table}\" WHERE a = '{name}'" for name in ("mine", "yours"))
    assert bound.execute_statement(Statement=mine)["Items"] == []
    assert denied(bound.execute_statement, Statement=yours)
    assert denied(bound.execute_statement, Statement=f'SELECT * FROM "{hash_table}"')
    assert denied(bound.execute_statement, Statement=f"INSERT INTO \"{hash_table}\" VALUE {{'a': 'yours'}}")
