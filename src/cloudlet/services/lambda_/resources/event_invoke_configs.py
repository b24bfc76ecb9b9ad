"""AWS::Lambda::EventInvokeConfig: how a function's asynchronous events are tried.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.resource import Provisioned
from cloudlet.services.lambda_.errors import ResourceNotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext


class EventInvokeConfigType:
    """AWS::Lambda::EventInvokeConfig"""

    type_name = "AWS::Lambda::EventInvokeConfig"
    properties = frozenset(
        {
            "DestinationConfig",
            "FunctionName",
            "MaximumEventAgeInSeconds",
            "MaximumRetryAttempts",
            "Qualifier",
        }
    )
    required = frozenset({"FunctionName", "Qualifier"})
    create_only = frozenset({"FunctionName", "Qualifier"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Sets it; doing so again changes nothing."""
        await call.ask("lambda", "PutFunctionEventInvokeConfig", _request(properties))
        return Provisioned(f"{properties['FunctionName']}|{properties['Qualifier']}")

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Sets it anew."""
        await call.ask("lambda", "PutFunctionEventInvokeConfig", _request(after))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes it; one that is gone already is no error."""
        request = {"FunctionName": properties["FunctionName"], "Qualifier": str(properties["Qualifier"])}
        try:
            await call.ask("lambda", "DeleteFunctionEventInvokeConfig", request)
        except ResourceNotFoundException:
            return


def _request(properties: Properties) -> dict[str, Any]:
    request = {**properties, "Qualifier": str(properties["Qualifier"])}
    for name in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts"):
        if name in request:
            request[name] = int(request[name])
    return request
