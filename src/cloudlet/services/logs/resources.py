"""CloudFormation types of CloudWatch Logs."""

from __future__ import annotations

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, ask_once
from cloudlet.core.tags import changed_tags, tag_map
from cloudlet.services.logs.errors import ResourceNotFoundException


class LogGroupType:
    """AWS::Logs::LogGroup"""

    type_name = "AWS::Logs::LogGroup"
    properties = frozenset({"LogGroupName", "RetentionInDays", "Tags", "LogGroupClass", "KmsKeyId"})
    required: frozenset[str] = frozenset()
    create_only = frozenset({"LogGroupName", "LogGroupClass"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the group; finds its own one again after a crash."""
        name = properties.get("LogGroupName") or context.generated_name(512)
        request = {"logGroupName": name, "tags": {**context.tags, **tag_map(properties.get("Tags"))}}
        if "LogGroupClass" in properties:
            request["logGroupClass"] = properties["LogGroupClass"]
        if "KmsKeyId" in properties:
            request["kmsKeyId"] = properties["KmsKeyId"]
        await ask_once(call, context, "logs", "CreateLogGroup", request, lambda _: name)
        await _set_retention(call, name, properties)
        return _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes retention, key and tags."""
        await _set_retention(call, physical_id, after)
        await _set_key(call, physical_id, before.get("KmsKeyId"), after.get("KmsKeyId"))
        arn = _arn(call, physical_id)
        gone, added = changed_tags(tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        if gone:
            await call.ask("logs", "UntagResource", {"resourceArn": arn, "tagKeys": gone})
        if added:
            await call.ask("logs", "TagResource", {"resourceArn": arn, "tags": added})
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the group."""
        try:
            await call.ask("logs", "DeleteLogGroup", {"logGroupName": physical_id})
        except ResourceNotFoundException:
            return


class LogStreamType:
    """AWS::Logs::LogStream"""

    type_name = "AWS::Logs::LogStream"
    properties = frozenset({"LogGroupName", "LogStreamName"})
    required = frozenset({"LogGroupName"})
    create_only = frozenset({"LogGroupName", "LogStreamName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the stream; finds its own one again after a crash."""
        name = properties.get("LogStreamName") or context.generated_name(512)
        request = {"logGroupName": properties["LogGroupName"], "logStreamName": name}
        return Provisioned(await ask_once(call, context, "logs", "CreateLogStream", request, lambda _: name))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Nothing of a stream can change in place."""
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the stream."""
        request = {"logGroupName": properties["LogGroupName"], "logStreamName": physical_id}
        try:
            await call.ask("logs", "DeleteLogStream", request)
        except ResourceNotFoundException:
            return


class ResourcePolicyType:
    """AWS::Logs::ResourcePolicy"""

    type_name = "AWS::Logs::ResourcePolicy"
    properties = frozenset({"PolicyDocument", "PolicyName"})
    required = frozenset({"PolicyDocument", "PolicyName"})
    create_only = frozenset({"PolicyName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Writes the policy."""
        name = str(properties["PolicyName"])
        await ask_once(call, context, "logs", "PutResourcePolicy", _policy(properties), lambda _: name)
        return Provisioned(name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Replaces the policy."""
        await call.ask("logs", "PutResourcePolicy", _policy(after))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the policy; one that is gone already is no error."""
        try:
            await call.ask("logs", "DeleteResourcePolicy", {"policyName": physical_id})
        except ResourceNotFoundException:
            return


def _policy(properties: Properties) -> dict[str, str]:
    return {"policyName": properties["PolicyName"], "policyDocument": properties["PolicyDocument"]}


async def _set_key(call: Call, name: str, before: str | None, after: str | None) -> None:
    if after is None and before is not None:
        await call.ask("logs", "DisassociateKmsKey", {"logGroupName": name})
    elif after != before:
        await call.ask("logs", "AssociateKmsKey", {"logGroupName": name, "kmsKeyId": after})


async def _set_retention(call: Call, name: str, properties: Properties) -> None:
    if "RetentionInDays" in properties:
        request = {"logGroupName": name, "retentionInDays": int(properties["RetentionInDays"])}
        await call.ask("logs", "PutRetentionPolicy", request)
    else:
        await call.ask("logs", "DeleteRetentionPolicy", {"logGroupName": name})


def _provisioned(call: Call, name: str) -> Provisioned:
    return Provisioned(name, {"Arn": f"{_arn(call, name)}:*"})


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:logs:{call.region}:{call.account}:log-group:{name}"
