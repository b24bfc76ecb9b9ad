"""AWS::Lambda::Permission: a statement in a function's policy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.resource import Provisioned, ask_once
from cloudlet.services.lambda_.errors import ResourceNotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_ID_LIMIT: Final = 100


class PermissionType:
    """AWS::Lambda::Permission"""

    type_name = "AWS::Lambda::Permission"
    properties = frozenset(
        {
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "InvokedViaFunctionUrl",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        }
    )
    required = frozenset({"Action", "FunctionName", "Principal"})
    create_only = properties

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Adds the statement."""
        statement_id = context.generated_name(_ID_LIMIT)
        request = {"StatementId": statement_id, **properties}
        if "SourceAccount" in request:
            request["SourceAccount"] = str(request["SourceAccount"])
        request["Principal"] = str(request["Principal"])
        await ask_once(call, context, "lambda", "AddPermission", request, lambda _: statement_id)
        return Provisioned(statement_id, {"Id": statement_id})

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Nothing of a permission can change in place."""
        return Provisioned(physical_id, {"Id": physical_id})

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the statement; one that is gone already, perhaps with its function, is no error."""
        request = {"FunctionName": properties["FunctionName"], "StatementId": physical_id}
        try:
            await call.ask("lambda", "RemovePermission", request)
        except ResourceNotFoundException:
            return
