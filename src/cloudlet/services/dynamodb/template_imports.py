"""How a template's table comes to be by an import from S3.

Of what the import makes, only what is known to be this import's own is ever taken for the stack's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import PartlyProvisioned, made_once, noted
from cloudlet.services.dynamodb.errors import ResourceNotFoundException, ValidationException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

IMPORTED: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableName",
)
"""What ImportTable says of its table."""
_IMPORT: Final = "import"
_PAUSE_SECONDS: Final = 0.05


async def import_table(
    call: Call, context: ResourceContext, table: Mapping[str, Any], source: Properties
) -> None:
    """Imports a table and waits until it is there. Raises ServiceError, or PartlyProvisioned for its rest."""
    if "LocalSecondaryIndexes" in table:
        raise ValidationException("An import does not support LocalSecondaryIndexes.")
    request = {
        **source,
        "ClientToken": context.token,
        "TableCreationParameters": {name: table[name] for name in IMPORTED if name in table},
    }

    def begin(inner: Call) -> str:
        answer = inner.ask_within("dynamodb", "ImportTable", request)
        return str(answer["ImportTableDescription"]["ImportArn"])

    arn = await noted(call, context, _IMPORT, begin)
    import_ = await _ended(call, context, arn, table["TableName"])
    if import_["ImportStatus"] == "COMPLETED":
        return
    message = import_.get("FailureMessage") or f"The import {arn} has ended: {import_['ImportStatus']}"
    if await _is_own(call, import_, table["TableName"]):
        raise PartlyProvisioned(message, table["TableName"])
    raise ValidationException(message)


async def _ended(call: Call, context: ResourceContext, arn: str, name: str) -> dict[str, Any]:
    """The import once it has ended; its table is the stack's from the moment on when it is there."""
    while True:
        described = await call.ask("dynamodb", "DescribeImport", {"ImportArn": arn})
        import_: dict[str, Any] = described["ImportTableDescription"]
        if await _is_own(call, import_, name):
            await made_once(call, context, lambda _: name)
        if import_["ImportStatus"] != "IN_PROGRESS":
            return import_
        await call.clock.sleep(_PAUSE_SECONDS)


async def _is_own(call: Call, import_: Mapping[str, Any], name: str) -> bool:
    """Whether the table of that name is the import's: somebody else may have been quicker."""
    try:
        described = await call.ask("dynamodb", "DescribeTable", {"TableName": name})
    except ResourceNotFoundException:
        return False
    return bool(described["Table"]["TableId"] == import_.get("TableId"))
