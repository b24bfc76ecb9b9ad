"""The environments that a template's versions and aliases have ready.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-alias-provisionedconcurrencyconfiguration.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_.errors import ServiceException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties

PROPERTY: Final = "ProvisionedConcurrencyConfig"
_PAUSE_SECONDS: Final = 0.1


async def provision(call: Call, arn: str, before: Properties, after: Properties) -> None:
    """Has as many ready as a template says; returns once they are. Raises ServiceException."""
    name, _, qualifier = arn.rpartition(":")
    named = {"FunctionName": name, "Qualifier": qualifier}
    wanted = after.get(PROPERTY, {}).get("ProvisionedConcurrentExecutions")
    if wanted is None:
        if PROPERTY in before:
            await call.ask("lambda", "DeleteProvisionedConcurrencyConfig", named)
        return
    request = {**named, "ProvisionedConcurrentExecutions": int(wanted)}
    told = await call.ask("lambda", "PutProvisionedConcurrencyConfig", request)
    while told["Status"] == "IN_PROGRESS":
        await call.clock.sleep(_PAUSE_SECONDS)
        told = await call.ask("lambda", "GetProvisionedConcurrencyConfig", named)
    if told["Status"] == "FAILED":
        raise ServiceException(f"Provisioned concurrency could not be allocated: {told['StatusReason']}")
