"""The manifest of what takes DynamoDB's place."""

from __future__ import annotations

import sys
from typing import Any

from thing_types import THINGS

from cloudlet.core.call import Call
from cloudlet.core.operation import Service, operation, operations_in
from cloudlet.services.dynamodb.manifest import SERVICE as DYNAMODB


@operation("ListTables", public=True, read_only=True)
def list_tables(call: Call, request: Any) -> dict[str, Any]:
    """Answers with the things; the operation's name is only borrowed for its shape."""
    return {"TableNames": [f"{thing.name} {thing.size}" for thing in THINGS.below(call, call.account)]}


SERVICE = Service("dynamodb", operations=operations_in(sys.modules[__name__]), resources=DYNAMODB.resources)
