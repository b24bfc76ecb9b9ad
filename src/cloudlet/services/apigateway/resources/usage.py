"""AWS::ApiGateway::ApiKey, ::UsagePlan and ::UsagePlanKey.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, made_once
from cloudlet.services.apigateway import usage_state
from cloudlet.services.apigateway.resources.properties import (
    changed,
    escaped,
    flag,
    members,
    removed,
    replacing,
    retag,
    tags,
)

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_KEY_PATHS: Final = {"CustomerId": "/customerId", "Description": "/description"}


class ApiKeyType:
    """AWS::ApiGateway::ApiKey"""

    type_name = "AWS::ApiGateway::ApiKey"
    properties = frozenset(
        {
            *_KEY_PATHS,
            "Enabled",
            "GenerateDistinctId",
            "Name",
            "StageKeys",
            "Tags",
            "Value",
        }
    )
    required: frozenset[str] = frozenset()
    create_only = frozenset({"GenerateDistinctId", "Name", "Value"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the key; one without a name gets one."""
        request: dict[str, Any] = members(properties, (*_KEY_PATHS, "Value"))
        request["name"] = properties.get("Name") or context.generated_name(128)
        request["enabled"] = flag(properties.get("Enabled", False))
        request["tags"] = {**context.tags, **tags(properties)}
        if "GenerateDistinctId" in properties:
            request["generateDistinctId"] = flag(properties["GenerateDistinctId"])
        request["stageKeys"] = [members(each, each) for each in properties.get("StageKeys", ())]

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateApiKey", request)["id"])

        return self._provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the key in place."""
        patches = changed(before, after, _KEY_PATHS)
        if flag(before.get("Enabled", False)) != flag(after.get("Enabled", False)):
            patches.append(replacing("/enabled", flag(after.get("Enabled", False))))
        old, new = _stage_keys(before), _stage_keys(after)
        patches += [{"op": "remove", "path": "/stages", "value": each} for each in old if each not in new]
        patches += [{"op": "add", "path": "/stages", "value": each} for each in new if each not in old]
        if patches:
            await call.ask("apigateway", "UpdateApiKey", {"apiKey": physical_id, "patchOperations": patches})
        await retag(call, f"/apikeys/{physical_id}", tags(before), tags(after))
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the key."""
        await removed(call, "DeleteApiKey", {"apiKey": physical_id})

    def _provisioned(self, key_id: str) -> Provisioned:
        return Provisioned(key_id, {"APIKeyId": key_id})


class UsagePlanType:
    """AWS::ApiGateway::UsagePlan"""

    type_name = "AWS::ApiGateway::UsagePlan"
    properties = frozenset({"ApiStages", "Description", "Quota", "Tags", "Throttle", "UsagePlanName"})
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the plan; one without a name gets one."""
        request: dict[str, Any] = {
            "name": properties.get("UsagePlanName") or context.generated_name(128),
            "tags": {**context.tags, **tags(properties)},
            "apiStages": [_stage(each) for each in properties.get("ApiStages", ())],
            **members(properties, ("Description",)),
        }
        if "Throttle" in properties:
            request["throttle"] = _throttle(properties["Throttle"])
        if "Quota" in properties:
            request["quota"] = _quota(properties["Quota"])

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateUsagePlan", request)["id"])

        return self._provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the plan in place."""
        patches = [*changed(before, after, {"Description": "/description"})]
        if "UsagePlanName" in after and before.get("UsagePlanName") != after["UsagePlanName"]:
            patches.append(replacing("/name", after["UsagePlanName"]))
        patches += _limits(before, after) + _stages(before, after)
        if patches:
            request = {"usagePlanId": physical_id, "patchOperations": patches}
            await call.ask("apigateway", "UpdateUsagePlan", request)
        await retag(call, f"/usageplans/{physical_id}", tags(before), tags(after))
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the stages out of the plan, and removes it."""
        stages = [_stage(each) for each in properties.get("ApiStages", ())]
        patches = [_remove_stage(each) for each in stages]
        if patches:
            request = {"usagePlanId": physical_id, "patchOperations": patches}
            await call.transact(lambda inner: _still_there(inner, physical_id, request))
        await removed(call, "DeleteUsagePlan", {"usagePlanId": physical_id})

    def _provisioned(self, plan_id: str) -> Provisioned:
        return Provisioned(plan_id, {"Id": plan_id})


class UsagePlanKeyType:
    """AWS::ApiGateway::UsagePlanKey"""

    type_name = "AWS::ApiGateway::UsagePlanKey"
    properties = frozenset({"KeyId", "KeyType", "UsagePlanId"})
    required = properties
    create_only = properties

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Puts the key into the plan."""

        def make(inner: Call) -> str:
            inner.ask_within("apigateway", "CreateUsagePlanKey", members(properties, self.properties))
            return f"{properties['KeyId']}:{properties['UsagePlanId']}"

        return self._provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Nothing of it changes in place."""
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the key out of the plan."""
        await removed(call, "DeleteUsagePlanKey", members(properties, ("KeyId", "UsagePlanId")))

    def _provisioned(self, name: str) -> Provisioned:
        return Provisioned(name, {"Id": name})


def _stage_keys(properties: Properties) -> list[str]:
    return [f"{each['RestApiId']}/{each['StageName']}" for each in properties.get("StageKeys", ())]


def _throttle(given: Properties) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "BurstLimit" in given:
        found["burstLimit"] = int(given["BurstLimit"])
    if "RateLimit" in given:
        found["rateLimit"] = float(given["RateLimit"])
    return found


def _quota(given: Properties) -> dict[str, Any]:
    found: dict[str, Any] = members(given, ("Period",))
    for name in ("Limit", "Offset"):
        if name in given:
            found[name.lower()] = int(given[name])
    return found


def _stage(given: Properties) -> dict[str, Any]:
    stage: dict[str, Any] = members(given, ("ApiId", "Stage"))
    if "Throttle" in given:
        stage["throttle"] = {name: _throttle(each) for name, each in given["Throttle"].items()}
    return stage


def _limits(before: Properties, after: Properties) -> list[dict[str, str]]:
    patches: list[dict[str, str]] = []
    for name, read in (("Throttle", _throttle), ("Quota", _quota)):
        if before.get(name) == after.get(name):
            continue
        path = f"/{name.lower()}"
        if name in before:
            patches.append({"op": "remove", "path": path})
        if name in after:
            patches += [replacing(f"{path}/{each}", value) for each, value in read(after[name]).items()]
    return patches


def _stages(before: Properties, after: Properties) -> list[dict[str, str]]:
    old, new = ([_stage(each) for each in side.get("ApiStages", ())] for side in (before, after))
    patches = [_remove_stage(each) for each in old if each not in new]
    for each in new:
        if each in old:
            continue
        name = f"{each['apiId']}:{each['stage']}"
        patches.append({"op": "add", "path": "/apiStages", "value": name})
        for method, limits in each.get("throttle", {}).items():
            root = f"/apiStages/{name}/throttle/{escaped(method)}"
            patches += [replacing(f"{root}/{limit}", value) for limit, value in limits.items()]
    return patches


def _remove_stage(stage: dict[str, Any]) -> dict[str, str]:
    return {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"}


def _still_there(call: Call, plan_id: str, request: dict[str, Any]) -> None:
    """Takes those stages out of a plan that are still in it; a stage that is gone took itself out."""
    plan = usage_state.find_plan(call, plan_id)
    names = {each.name for each in plan.api_stages} if plan else set()
    patches = [each for each in request["patchOperations"] if each["value"] in names]
    if patches:
        call.ask_within("apigateway", "UpdateUsagePlan", {**request, "patchOperations": patches})
