from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb import state

INVALID = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


def definition(attributes="a", keys=(("a", "HASH"),), **more):
    return {
        "TableName": "abc",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        "ProvisionedThroughput": UNITS,
        **more,
    }


def index(name="idx", keys=(("a", "HASH"), ("b", "RANGE")), projection=None, **more):
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
        "Projection": {"ProjectionType": "ALL"} if projection is None else projection,
        **more,
    }


AB = (("a", "HASH"), ("b", "RANGE"))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            definition(BillingMode="PAY_PER_REQUEST"),
            INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
            "when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {key: value for key, value in definition().items() if key != "ProvisionedThroughput"},
            INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified "
            "when BillingMode is PROVISIONED",
        ),
        (
            definition(ProvisionedThroughput={"ReadCapacityUnits": 10**12, "WriteCapacityUnits": 10**12 + 1}),
            "Given value 1000000000001 for WriteCapacityUnits is out of bounds",
        ),
        (
            definition("b", (("a", "HASH"), ("a", "HASH"))),
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            definition("b"),
            INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [a], AttributeDefinitions: [b]",
        ),
        (
            definition("ab", (("a", "HASH"), ("a", "RANGE"))),
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            definition("ab", (("a", "HASH"), ("b", "HASH"))),
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            definition("ab", (("a", "RANGE"), ("b", "HASH"))),
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            definition("ab"),
            INVALID + "Number of attributes in KeySchema does not exactly match "
            "number of attributes defined in AttributeDefinitions",
        ),
        (
            definition("ab", LocalSecondaryIndexes=[]),
            INVALID + "List of LocalSecondaryIndexes is empty",
        ),
        (
            definition("ab", LocalSecondaryIndexes=[index()]),
            INVALID + "Table KeySchema does not have a range key, "
            "which is required when specifying a LocalSecondaryIndex",
        ),
        (
            definition("ab", AB, LocalSecondaryIndexes=[index(keys=(("a", "HASH"), ("c", "RANGE")))]),
            INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [a, c], AttributeDefinitions: [a, b]",
        ),
        (
            definition("ab", AB, LocalSecondaryIndexes=[index("idx", (("b", "HASH"),))]),
            INVALID + "Index KeySchema does not have a range key for index: idx",
        ),
        (
            definition("ab", AB, LocalSecondaryIndexes=[index("idx", (("b", "HASH"), ("a", "RANGE")))]),
            INVALID + "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
            "idx. index hash key: b, table hash key: a",
        ),
        (
            definition("ab", AB, LocalSecondaryIndexes=[index(projection={})]),
            INVALID + "Unknown ProjectionType: null",
        ),
        (
            definition(
                "ab",
                AB,
                LocalSecondaryIndexes=[
                    index(projection={"ProjectionType": "ALL", "NonKeyAttributes": ["x"]})
                ],
            ),
            INVALID + "ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            definition("ab", AB, LocalSecondaryIndexes=[index(projection={"ProjectionType": "INCLUDE"})]),
            INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            definition("ab", AB, LocalSecondaryIndexes=[index("one"), index("one")]),
            INVALID + "Duplicate index name: one",
        ),
        (
            definition("ab", AB, LocalSecondaryIndexes=[index(f"idx{n}") for n in range(6)]),
            INVALID + "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            definition("ab", GlobalSecondaryIndexes=[]),
            INVALID + "List of GlobalSecondaryIndexes is empty",
        ),
        (
            definition("ab", GlobalSecondaryIndexes=[index("idx", (("b", "HASH"),))]),
            INVALID + "ProvisionedThroughput is not specified for index: idx",
        ),
        (
            definition(
                "ab",
                GlobalSecondaryIndexes=[
                    index(f"idx{n}", (("b", "HASH"),), ProvisionedThroughput=UNITS) for n in range(21)
                ],
            ),
            INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            definition(
                "abc", GlobalSecondaryIndexes=[index("idx", (("b", "HASH"),), ProvisionedThroughput=UNITS)]
            ),
            INVALID + "Some AttributeDefinitions are not used. "
            "AttributeDefinitions: [a, b, c], keys used: [a, b]",
        ),
    ],
)
def test_table_that_dynamodb_refuses_is_refused_in_its_words(dynamodb, invalid, request_, message):
    assert invalid(dynamodb.create_table, **request_) == message
    assert dynamodb.list_tables()["TableNames"] == []


def test_create_table_answers_creating_and_the_table_is_active_soon(dynamodb):
    request = definition("ab", AB)
    created = dynamodb.create_table(**request)["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    described = dynamodb.describe_table(TableName="abc")["Table"]
    assert described["TableStatus"] == "ACTIVE"
    assert described["TableArn"].endswith(":table/abc")
    assert described["TableId"] == created["TableId"]
    assert described["KeySchema"] == request["KeySchema"]
    assert described["AttributeDefinitions"] == request["AttributeDefinitions"]
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 1
    assert described["ItemCount"] == 0
    assert "BillingModeSummary" not in described
    assert "GlobalSecondaryIndexes" not in described


def test_on_demand_table_says_so(dynamodb, hash_table):
    described = dynamodb.describe_table(TableName=hash_table)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["ProvisionedThroughput"]["WriteCapacityUnits"] == 0


def test_indexes_are_described(dynamodb, range_table):
    described = dynamodb.describe_table(TableName=range_table)["Table"]
    (local,) = described["LocalSecondaryIndexes"]
    assert local["IndexArn"] == f"{described['TableArn']}/index/local"
    assert "IndexStatus" not in local
    all_, some = described["GlobalSecondaryIndexes"]
    assert all_["IndexStatus"] == "ACTIVE"
    assert some["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["e"]}


def test_table_that_exists_is_refused(dynamodb, refused, hash_table):
    answer = refused(dynamodb.create_table, **{**definition(), "TableName": hash_table})
    assert answer == ("ResourceInUseException", "Table already exists: hash")


@pytest.mark.parametrize("operation", ["describe_table", "delete_table", "describe_time_to_live"])
def test_table_that_is_not_there_is_named(dynamodb, refused, operation):
    answer = refused(getattr(dynamodb, operation), TableName="nowhere")
    assert answer == ("ResourceNotFoundException", "Requested resource not found: Table: nowhere not found")


def test_tables_are_listed_in_pages(dynamodb):
    for name in ("one", "two", "three"):
        dynamodb.create_table(**{**definition(), "TableName": name})
    first = dynamodb.list_tables(Limit=2)
    assert first == {**first, "TableNames": ["one", "three"], "LastEvaluatedTableName": "three"}
    second = dynamodb.list_tables(Limit=2, ExclusiveStartTableName="three")
    assert second["TableNames"] == ["two"]
    assert "LastEvaluatedTableName" not in second


def test_tables_of_another_region_and_account_are_not_seen(client, hash_table):
    assert client("dynamodb", region="eu-west-1").list_tables()["TableNames"] == []
    assert client("dynamodb", key="222233334444").list_tables()["TableNames"] == []


def test_deleted_table_is_gone_with_its_items(dynamodb, refused, hash_table):
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "x"}})
    deleted = dynamodb.delete_table(TableName=hash_table)["TableDescription"]
    assert deleted["TableStatus"] == "DELETING"
    assert refused(dynamodb.describe_table, TableName=hash_table)[0] == "ResourceNotFoundException"
    dynamodb.create_table(**{**definition(), "TableName": hash_table})
    assert dynamodb.scan(TableName=hash_table)["Items"] == []


def test_protected_table_is_not_deleted(dynamodb, invalid, hash_table):
    dynamodb.update_table(TableName=hash_table, DeletionProtectionEnabled=True)
    assert invalid(dynamodb.delete_table, TableName=hash_table) == (
        "Resource cannot be deleted as it is currently protected against deletion. "
        "Disable deletion protection first."
    )
    dynamodb.update_table(TableName=hash_table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=hash_table)


AT_NAME = "1 validation error detected: Value '{}' at 'tableName' failed to satisfy constraint: Member must "


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("bad table!@#", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
        ("a" * 256, "have length less than or equal to 255"),
    ],
)
def test_what_is_no_name_of_a_table_is_refused_before_it_is_looked_for(dynamodb, invalid, name, constraint):
    message = invalid(dynamodb.put_item, TableName=name, Item={"a": {"S": "x"}})
    assert message == AT_NAME.format(name) + constraint


HASH_TABLE = {
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_a_new_table_has_a_name_of_three_letters_at_least(dynamodb, invalid):
    message = invalid(dynamodb.create_table, TableName="ab", **HASH_TABLE)
    assert message == AT_NAME.format("ab") + "have length greater than or equal to 3"


TOO_SHORT = (
    "Value '{}' at '{}' failed to satisfy constraint: Member must have length greater than or equal to {}"
)


def test_violations_are_told_in_the_order_of_dynamodb(dynamodb, invalid):
    index = {
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    message = invalid(
        dynamodb.create_table,
        TableName="table",
        **HASH_TABLE,
        LocalSecondaryIndexes=[{"IndexName": "aa", **index}],
        GlobalSecondaryIndexes=[{"IndexName": "zz", **index}],
    )
    first = TOO_SHORT.format("zz", "globalSecondaryIndexes.1.member.indexName", 3)
    second = TOO_SHORT.format("aa", "localSecondaryIndexes.1.member.indexName", 3)
    assert message == f"2 validation errors detected: {first}; {second}"


NO_NAME = (
    "1 validation error detected: Value at 'TableName' failed to satisfy constraint: "
    "Member must have length greater than or equal to 1"
)
BAD_CAPACITY = (
    "Value 'INVALID' at 'returnConsumedCapacity' failed to satisfy constraint: "
    "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
)
BAD_VALUES = (
    "Failed to satisfy constraint: "
    "Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
)


@pytest.mark.parametrize(
    ("name", "more"),
    [("put_item", {"Item": {}}), ("update_item", {"Key": {}}), ("delete_item", {"Key": {}})],
)
def test_operations_on_items_tell_of_an_empty_table_name_alone(dynamodb, invalid, name, more):
    wrong = {"TableName": "", "ReturnValues": "INVALID", "ReturnConsumedCapacity": "INVALID"}
    assert invalid(getattr(dynamodb, name), **wrong, **more) == NO_NAME


def test_operations_on_items_tell_violations_in_words_of_their_own(dynamodb, invalid):
    wrong = {"TableName": "table", "ReturnValues": "INVALID", "ReturnConsumedCapacity": "INVALID"}
    metrics = {"ReturnItemCollectionMetrics": "INVALID"}
    assert invalid(dynamodb.put_item, Item={"a": {"S": "x"}}, **wrong, **metrics) == (
        f"3 validation errors detected: {BAD_CAPACITY}; {BAD_VALUES}; "
        "ReturnItemCollectionMetrics can only be SIZE or NONE"
    )
    key = {"Key": {"a": {"S": "x"}}}
    assert invalid(dynamodb.delete_item, **key, **wrong) == (
        f"2 validation errors detected: {BAD_CAPACITY}; {BAD_VALUES}"
    )
    assert invalid(dynamodb.update_item, **key, **wrong) == f"1 validation error detected: {BAD_VALUES}"


@pytest.mark.parametrize(
    "name",
    [
        "create_table",
        "delete_table",
        "describe_table",
        "update_table",
        "update_time_to_live",
        "describe_time_to_live",
    ],
)
def test_operations_on_tables_ask_for_the_name_in_words_of_their_own(dynamodb, invalid, name):
    assert invalid(getattr(dynamodb, name)) == (
        "The parameter 'TableName' is required but was not present in the request"
    )


def test_a_bad_name_is_told_with_a_key_of_nothing(dynamodb, invalid):
    wrong = {**HASH_TABLE, "KeySchema": []}
    pattern = "Value 'x!' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression"
    assert invalid(dynamodb.create_table, TableName="x!", **wrong) == (
        f"3 validation errors detected: {pattern} pattern: [a-zA-Z0-9_.-]+; "
        + TOO_SHORT.format("x!", "tableName", 3)
        + "; "
        + TOO_SHORT.format("[]", "keySchema", 1)
    )


def test_indexes_have_keys(dynamodb, invalid):
    index = {"IndexName": "index", "KeySchema": [], "Projection": {"ProjectionType": "ALL"}}
    message = invalid(dynamodb.create_table, TableName="table", **HASH_TABLE, GlobalSecondaryIndexes=[index])
    told = TOO_SHORT.format("[]", "globalSecondaryIndexes.1.member.keySchema", 1)
    assert message == f"1 validation error detected: {told}"


def test_a_table_is_made_by_its_arn(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/named"
    made = dynamodb.create_table(TableName=arn, **HASH_TABLE)["TableDescription"]
    assert (made["TableName"], made["TableArn"]) == ("named", arn)


def test_table_can_be_named_by_its_arn(dynamodb, hash_table):
    arn = dynamodb.describe_table(TableName=hash_table)["Table"]["TableArn"]
    dynamodb.put_item(TableName=arn, Item={"a": {"S": "x"}})
    assert dynamodb.get_item(TableName=arn, Key={"a": {"S": "x"}})["Item"] == {"a": {"S": "x"}}


def test_throughput_changes_and_remembers_when(dynamodb, invalid):
    dynamodb.create_table(**definition())
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 3}
    updating = dynamodb.update_table(TableName="abc", ProvisionedThroughput=units)["TableDescription"]
    assert updating["TableStatus"] == "UPDATING"
    assert updating["ProvisionedThroughput"]["ReadCapacityUnits"] == 1
    throughput = dynamodb.describe_table(TableName="abc")["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["NumberOfDecreasesToday"]) == (3, 0)
    assert "LastIncreaseDateTime" in throughput
    dynamodb.update_table(TableName="abc", ProvisionedThroughput=UNITS)
    throughput = dynamodb.describe_table(TableName="abc")["Table"]["ProvisionedThroughput"]
    assert throughput["NumberOfDecreasesToday"] == 1
    assert "LastDecreaseDateTime" in throughput
    assert invalid(dynamodb.update_table, TableName="abc", ProvisionedThroughput=UNITS) == (
        "The provisioned throughput for the table will not change. "
        "The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 1. Requested ReadCapacityUnits: 1. "
        "Current WriteCapacityUnits provisioned for the table: 1. Requested WriteCapacityUnits: 1. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )


def test_billing_mode_changes_both_ways(dynamodb, hash_table):
    dynamodb.update_table(TableName=hash_table, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    described = dynamodb.describe_table(TableName=hash_table)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    dynamodb.update_table(TableName=hash_table, BillingMode="PAY_PER_REQUEST")
    described = dynamodb.describe_table(TableName=hash_table)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_class_and_limits_of_an_on_demand_table_are_kept(dynamodb, hash_table):
    limits = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 5}
    dynamodb.update_table(TableName=hash_table, OnDemandThroughput=limits)
    dynamodb.update_table(TableName=hash_table, TableClass="STANDARD_INFREQUENT_ACCESS")
    described = dynamodb.describe_table(TableName=hash_table)["Table"]
    assert described["OnDemandThroughput"] == limits
    assert set(described["TableClassSummary"]) == {"TableClass", "LastUpdateDateTime"}
    assert described["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def wait_for_index(dynamodb, table, name):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        described = dynamodb.describe_table(TableName=table)["Table"]
        (found,) = [each for each in described["GlobalSecondaryIndexes"] if each["IndexName"] == name]
        if found["IndexStatus"] == "ACTIVE":
            return found
    raise AssertionError("the index did not become active")


def test_new_index_is_filled_with_what_was_there_and_kept_up_to_date(dynamodb, hash_table):
    for number in range(450):
        if number % 25 == 0:
            puts = []
        puts.append({"PutRequest": {"Item": {"a": {"S": f"{number:03}"}, "g": {"S": "x"}}}})
        if len(puts) == 25:
            dynamodb.batch_write_item(RequestItems={hash_table: puts})
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "sparse"}})
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "other type"}, "g": {"N": "1"}})
    updated = dynamodb.update_table(
        TableName=hash_table,
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("late", (("g", "HASH"),))}],
    )["TableDescription"]
    (creating,) = updated["GlobalSecondaryIndexes"]
    assert (creating["IndexStatus"], creating["Backfilling"]) == ("CREATING", False)
    dynamodb.put_item(TableName=hash_table, Item={"a": {"S": "new"}, "g": {"S": "x"}})
    assert "Backfilling" not in wait_for_index(dynamodb, hash_table, "late")
    query = {
        "TableName": hash_table,
        "IndexName": "late",
        "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": {"S": "x"}},
    }
    assert dynamodb.query(**query)["Count"] == 451
    assert dynamodb.scan(TableName=hash_table, IndexName="late")["Count"] == 451
    dynamodb.update_table(
        TableName=hash_table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "late"}}]
    )
    described = dynamodb.describe_table(TableName=hash_table)["Table"]
    assert "GlobalSecondaryIndexes" not in described
    assert [each["AttributeName"] for each in described["AttributeDefinitions"]] == ["a"]
    with pytest.raises(ClientError, match="does not have the specified index"):
        dynamodb.query(**query)


@pytest.fixture
def unfilled(server, account, range_table):
    """Makes an index of the table look as if it were still being filled."""
    call = server.app.cloud.call("dynamodb", Principal.root(account), account, "us-east-1")

    def work(inner):
        table = state.table(inner, range_table)
        state.save_table(inner, table.with_index(replace(table.find_index("all"), backfilling=True)))

    server.run(call.transact(work))
    return range_table


@pytest.mark.unverified("the text of the reading is from memory")
def test_index_that_is_being_filled_cannot_be_read_nor_another_one_made(dynamodb, invalid, refused, unfilled):
    request = {"TableName": unfilled, "IndexName": "all"}
    assert invalid(dynamodb.scan, **request) == "Cannot read from backfilling global secondary index: all"
    create = {
        "TableName": unfilled,
        "GlobalSecondaryIndexUpdates": [{"Create": index("new", (("d", "HASH"),))}],
    }
    assert refused(dynamodb.update_table, **create) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )
    insights = {"TableName": unfilled, "IndexName": "all", "ContributorInsightsAction": "ENABLE"}
    assert invalid(dynamodb.update_contributor_insights, **insights) == (
        "Table or Index is not in a valid state to update Key Access Insights: "
        "IndexStatus must be ACTIVE to enable ContributorInsights."
    )


def test_index_updates_that_make_no_sense_are_refused(dynamodb, invalid, refused, hash_table):
    assert invalid(dynamodb.update_table, TableName=hash_table, GlobalSecondaryIndexUpdates=[{}]) == (
        INVALID + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
        "GlobalSecondaryIndexUpdate.Delete must not be null"
    )
    delete = {"Delete": {"IndexName": "abc"}}
    updates = {"TableName": hash_table, "GlobalSecondaryIndexUpdates": [delete, delete]}
    assert invalid(dynamodb.update_table, **updates) == (
        INVALID + "Only one global secondary index update per index is allowed simultaneously. Index: abc"
    )
    updates = {"TableName": hash_table, "GlobalSecondaryIndexUpdates": [delete]}
    assert refused(dynamodb.update_table, **updates)[0] == "ResourceNotFoundException"


def test_index_that_exists_is_not_made_again(dynamodb, invalid, range_table):
    create = {
        "IndexName": "all",
        "KeySchema": [{"AttributeName": "c", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    message = invalid(
        dynamodb.update_table,
        TableName=range_table,
        AttributeDefinitions=[{"AttributeName": "c", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": create}],
    )
    assert message == "Attempting to create an index which already exists"


def test_what_must_change_alone_is_refused_beside_another_in_a_fixed_order(dynamodb, hash_table, invalid):
    alone = "{} modification must be the only operation in the request"
    sse, kind, protection = (
        {"SSESpecification": {"Enabled": False}},
        {"TableClass": "STANDARD"},
        {"DeletionProtectionEnabled": True},
    )
    for changes, named in (
        ({**protection, **kind, **sse}, "Server-Side Encryption"),
        ({**protection, **kind}, "TableClass"),
        ({**protection, "BillingMode": "PAY_PER_REQUEST"}, "DeletionProtection"),
    ):
        message = invalid(dynamodb.update_table, TableName=hash_table, **changes)
        assert message == INVALID + alone.format(named)
    limits = {"OnDemandThroughput": {"MaxReadRequestUnits": 7}}
    dynamodb.update_table(TableName=hash_table, BillingMode="PAY_PER_REQUEST", **limits)
    table = dynamodb.describe_table(TableName=hash_table)["Table"]
    assert table["OnDemandThroughput"]["MaxReadRequestUnits"] == 7
    assert not table["DeletionProtectionEnabled"]
