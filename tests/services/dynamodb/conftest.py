"""Tables for the tests: one with a partition key, one with everything."""

from __future__ import annotations

import pytest

from refusals import refusal

HASH_TABLE = {
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
RANGE_TABLE = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in "abcd"],
    "KeySchema": [
        {"AttributeName": "a", "KeyType": "HASH"},
        {"AttributeName": "b", "KeyType": "RANGE"},
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "local",
            "KeySchema": [
                {"AttributeName": "a", "KeyType": "HASH"},
                {"AttributeName": "c", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "all",
            "KeySchema": [{"AttributeName": "c", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "some",
            "KeySchema": [
                {"AttributeName": "c", "KeyType": "HASH"},
                {"AttributeName": "d", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["e"]},
        },
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def dynamodb(client):
    return client("dynamodb", parameter_validation=False)


@pytest.fixture
def hash_table(dynamodb):
    dynamodb.create_table(TableName="hash", **HASH_TABLE)
    return "hash"


@pytest.fixture
def range_table(dynamodb):
    dynamodb.create_table(TableName="range", **RANGE_TABLE)
    return "range"


@pytest.fixture
def number_table(dynamodb):
    dynamodb.create_table(
        TableName="number",
        AttributeDefinitions=[
            {"AttributeName": "a", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "a", "KeyType": "HASH"},
            {"AttributeName": "n", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return "number"


@pytest.fixture
def advance(server):
    """Moves the cloud's clock; it has moved when this returns."""

    async def moved():
        return None

    def move(seconds):
        server.advance(seconds)
        server.run(moved())

    return move


@pytest.fixture
def refused():
    """Calls an operation that must be refused; its code and message."""
    return refusal


@pytest.fixture
def invalid(refused):
    """Calls an operation that must be refused with ValidationException; its message."""

    def refuse(operation, **request):
        code, message = refused(operation, **request)
        assert code == "ValidationException", (code, message)
        return message

    return refuse
