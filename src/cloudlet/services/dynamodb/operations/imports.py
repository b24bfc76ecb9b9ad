"""Operations that bring S3 objects into a new table; the reading is done in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.access import Permission
from cloudlet.core.arn import find_arn
from cloudlet.core.errors import AccessDenied
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.definitions import new_table
from cloudlet.services.dynamodb.encryption import wanted_key
from cloudlet.services.dynamodb.errors import (
    ImportConflictException,
    ImportNotFoundException,
    ResourceInUseException,
    ValidationException,
)
from cloudlet.services.dynamodb.import_formats import reader_of
from cloudlet.services.dynamodb.imports import (
    CSV,
    LOG_GROUP,
    describe_import,
    describe_summary,
    new_import,
)
from cloudlet.services.dynamodb.model import MIN_NAME
from cloudlet.services.dynamodb.operations.backups import new_backup_id
from cloudlet.services.dynamodb.table_keys import new_encryption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.imports import Import
    from cloudlet.services.dynamodb.model import Table

_DEFAULT_PAGE: Final = 25
_TOKEN_SECONDS: Final = 8 * 3600.0
_TOKEN_DIGITS: Final = 112


def _on_new_table(call: Call, request: Request) -> Sequence[Permission]:
    name = request["TableCreationParameters"]["TableName"]
    return [Permission("dynamodb:ImportTable", call.arn(f"table/{name}"))]


@operation("ImportTable", permissions=_on_new_table)
def import_table(call: Call, request: Request) -> dict[str, Any]:
    """Has a new table made and filled; the same token again is the same import.

    The name is not taken yet: of several imports into one table the first that reaches its source makes it.
    """
    _check_request(request)
    key_id = wanted_key(request["TableCreationParameters"].get("SSESpecification"))
    table = new_table(request["TableCreationParameters"], call.ids.uuid(), call.time())
    there = state.find_table(call, table.name)
    if there is not None and not _is_imported(there):
        raise ResourceInUseException(f"Table already exists: {table.name}")
    before = _with_token(call, request["ClientToken"])
    if before is not None:
        if before.table_name != table.name:
            raise ImportConflictException(
                "Import conflict: Duplicate request detected with conflicting parameters"
            )
        return {"ImportTableDescription": _described(call, before)}
    import_ = new_import(request, new_backup_id(call), table.id, call.time(), call.principal)
    reader_of(import_)
    if key_id is not None:
        import_ = replace(import_, encryption=new_encryption(call, table.name, key_id))
    state.start_import(call, import_)
    return {"ImportTableDescription": _described(call, import_)}


@operation("DescribeImport", resource="{ImportArn}", read_only=True)
def describe(call: Call, request: Request) -> dict[str, Any]:
    """An import, and what has become of it."""
    text = request["ImportArn"]
    arn = find_arn(text)
    name, _, import_id = ("" if arn is None else arn.resource).removeprefix("table/").partition("/import/")
    if arn is None or arn.service != "dynamodb" or not import_id or len(name) < MIN_NAME:
        raise ValidationException("Invalid Import ARN")
    if arn.account != call.account:
        raise AccessDenied("Access is denied")
    import_ = state.find_import(call, import_id)
    if import_ is None or import_.table_name != name or arn.region != call.region:
        raise ImportNotFoundException(f"Import not found: {text}")
    return {"ImportTableDescription": _described(call, import_)}


@operation("ListImports", read_only=True)
def list_imports(call: Call, request: Request) -> dict[str, Any]:
    """The imports of the account in the region, or into one table, the latest first."""
    size = request.get("PageSize", _DEFAULT_PAGE)
    found: list[Import] = []
    for each in state.list_imports(call, _before(request.get("NextToken"))):
        if request.get("TableArn") in (None, _table_arn(call, each)):
            found.append(each)
        if len(found) > size:
            break
    shown = found[:size]
    answer: dict[str, Any] = {
        "ImportSummaryList": [
            describe_summary(each, call.arn(each.resource), _table_arn(call, each), _log_arn(call))
            for each in shown
        ]
    }
    return answer if len(found) <= size else {**answer, "NextToken": _token(shown[-1].id)}


def _is_imported(table: Table) -> bool:
    """Whether an import is making the table just now."""
    restoring = table.restoring
    return restoring is not None and restoring.source_table_arn is None and not table.replicas


def _check_request(request: Request) -> None:
    if "ClientToken" not in request:
        raise ValidationException(
            "1 validation error detected: Value null at 'clientToken' failed to satisfy constraint: "
            "Member must not be null"
        )
    if "InputFormatOptions" in request and request["InputFormat"] != CSV:
        raise ValidationException(
            "Invalid Request: Unsupported InputFormatOptions for the given input format: "
            f"{request['InputFormat']}."
        )


def _with_token(call: Call, token: str) -> Import | None:
    """The import that a token asked for before; it counts for eight hours after that has ended."""
    found = (each for each in state.list_imports(call) if each.client_token == token)
    import_ = next(found, None)
    if import_ is None or import_.ended is None or call.time() - import_.ended < _TOKEN_SECONDS:
        return import_
    return None


def _token(import_id: str) -> str:
    """The place after an import as DynamoDB writes tokens: hexadecimal digits, 112 of them at least."""
    return import_id.encode().hex().ljust(_TOKEN_DIGITS, "0")


def _before(token: str | None) -> str | None:
    if token is None:
        return None
    import_id = bytes.fromhex(token).rstrip(b"\0").decode("ascii", "replace")
    if not import_id:
        raise ValidationException("Invalid NextToken")
    return import_id


def _described(call: Call, import_: Import) -> dict[str, Any]:
    return describe_import(import_, call.arn(import_.resource), _table_arn(call, import_), _log_arn(call))


def _table_arn(call: Call, import_: Import) -> str:
    return call.arn(f"table/{import_.table_name}")


def _log_arn(call: Call) -> str:
    return f"arn:aws:logs:{call.region}:{call.account}:log-group:{LOG_GROUP}:*"
