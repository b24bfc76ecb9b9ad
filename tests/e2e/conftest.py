"""What the end-to-end tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloud_functions import Deployment


@pytest.fixture
def deployment(client: Callable[..., Any]) -> Deployment:
    return Deployment.by(client)


@pytest.fixture
def make_table(client: Callable[..., Any]) -> Callable[[str], Any]:
    """Makes a table with the key `id`."""

    def make(name: str) -> Any:
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        return dynamodb

    return make
