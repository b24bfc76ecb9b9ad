"""DynamoDB Streams: a service of its own to its clients, over rows that DynamoDB writes.

The manifest; it holds no logic. It stands in DynamoDB's package because a service reads no other's rows.
"""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.dynamodb.streams import operations

SERVICE: Final = Service(
    name="dynamodbstreams",
    arn_name="dynamodb",
    operations=operations_in(operations),
)
