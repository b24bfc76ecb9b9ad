"""Operations on what stacks give to each other.

They change nothing; exports come and go with their stacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.operations import description

_PAGE: Final = 100


@operation("ListExports", read_only=True)
def list_exports(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Every export of the account in the region."""
    rows = state.exports(call, request.get("NextToken"), _PAGE + 1)
    return {
        "Exports": [
            {"ExportingStackId": row.stack_id, "Name": row.name, "Value": row.value} for row in rows[:_PAGE]
        ],
        "NextToken": rows[_PAGE - 1].name if len(rows) > _PAGE else None,
    }


@operation("ListImports", read_only=True)
def list_imports(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """The stacks that use an export."""
    name = request["ExportName"]
    rows = state.importers(call, name)
    if not rows:
        raise ValidationError(f"Export '{name}' is not imported by any stack.")
    page, token = description.page(rows, request.get("NextToken"), _PAGE)
    return {"Imports": [row.stack_name for row in page], "NextToken": token}
