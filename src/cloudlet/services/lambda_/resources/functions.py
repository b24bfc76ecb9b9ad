"""AWS::Lambda::Function: a template's functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, noted, partly_made, retag
from cloudlet.services.lambda_ import activation, references, state
from cloudlet.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from cloudlet.services.lambda_.model import LATEST
from cloudlet.services.lambda_.resources import inline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_NAME_LIMIT: Final = 64
_FREE: Final = "free"
_STACK: Final = "aws:cloudformation:stack-id"
_LOGICAL: Final = "aws:cloudformation:logical-id"
# The settings, and what each is when a template no longer says it.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Handler": "",
    "KMSKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "Role": "",
    "Runtime": "",
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
# What the API names otherwise than templates do, and what it refuses: in a template by the same words.
_RENAMED: Final = {
    "FileSystemConfigs": "FileSystemConfigs",
    "ImageConfig": "ImageConfig",
    "KmsKeyArn": "KMSKeyArn",
}
_ONLY_CREATE: Final = ("Architectures", "CodeSigningConfigArn", "PackageType", "TenancyConfig")
_MANAGED: Final = {"UpdateRuntimeOn": "Auto"}


class FunctionType:
    """AWS::Lambda::Function"""

    type_name = "AWS::Lambda::Function"
    properties = frozenset(
        {
            *(_DEFAULTS.keys() - _RENAMED.values()),
            *_RENAMED,
            "Architectures",
            "Code",
            "CodeSigningConfigArn",
            "FunctionName",
            "PackageType",
            "RecursiveLoop",
            "ReservedConcurrentExecutions",
            "RuntimeManagementConfig",
            "Tags",
            "TenancyConfig",
        }
    )
    required = frozenset({"Code", "Role"})
    create_only = frozenset({"FunctionName", "PackageType", "TenancyConfig"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the function. Run again, it takes what carries the stack's tags, if the name was free."""
        name = properties.get("FunctionName") or context.generated_name(_NAME_LIMIT)
        tags = {**_tags(properties), **context.tags, _STACK: context.stack_id, _LOGICAL: context.logical_id}
        request = {
            "FunctionName": name,
            **_settings(properties),
            **{key: properties[key] for key in _ONLY_CREATE if key in properties},
            "Code": _code(properties),
            "Tags": tags,
        }
        was_free = await noted(call, context, "name", lambda inner: _availability(inner, name)) == _FREE
        try:
            await call.ask("lambda", "CreateFunction", request)
        except ResourceConflictException:
            if not (context.rerun and was_free and await _is_own(call, name, context)):
                raise
        with partly_made(name):
            await _wait(call, name)
            await _reserve(call, name, {}, properties)
            await _set_apart(call, name, {}, properties)
        return _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes code, settings, tags and reserved concurrency in place."""
        await _wait(call, physical_id)
        changed = _changed_settings(before, after)
        if changed:
            request = {"FunctionName": physical_id, **changed}
            await call.ask("lambda", "UpdateFunctionConfiguration", request)
            await _wait(call, physical_id)
        if _code_parts(before) != _code_parts(after):
            await call.ask(
                "lambda", "UpdateFunctionCode", {"FunctionName": physical_id, **_code_request(after)}
            )
            await _wait(call, physical_id)
        await _reserve(call, physical_id, before, after)
        await _set_apart(call, physical_id, before, after)
        arn = {"Resource": call.arn(f"function:{physical_id}")}
        await retag(call, "lambda", arn, _tags(before), _tags(after))
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the function; one that is gone already is no error."""
        try:
            await call.ask("lambda", "DeleteFunction", {"FunctionName": physical_id})
        except ResourceNotFoundException:
            return


async def _wait(call: Call, name: str) -> None:
    """Returns once the function is in place."""
    await activation.activate(call, references.parse(call, name), LATEST)


def _availability(call: Call, name: str) -> str:
    return _FREE if state.find_function(call, references.parse(call, name)) is None else "taken"


async def _is_own(call: Call, name: str, context: ResourceContext) -> bool:
    listed = await call.ask("lambda", "ListTags", {"Resource": call.arn(f"function:{name}")})
    tags = listed["Tags"]
    return (tags.get(_STACK), tags.get(_LOGICAL)) == (context.stack_id, context.logical_id)


async def _reserve(call: Call, name: str, before: Properties, after: Properties) -> None:
    wanted = after.get("ReservedConcurrentExecutions")
    if wanted is not None:
        request = {"FunctionName": name, "ReservedConcurrentExecutions": int(wanted)}
        await call.ask("lambda", "PutFunctionConcurrency", request)
    elif "ReservedConcurrentExecutions" in before:
        await call.ask("lambda", "DeleteFunctionConcurrency", {"FunctionName": name})


async def _set_apart(call: Call, name: str, before: Properties, after: Properties) -> None:
    """The settings that have operations of their own."""
    function = {"FunctionName": name}
    loop = after.get("RecursiveLoop", "Terminate")
    if loop != before.get("RecursiveLoop", "Terminate"):
        await call.ask("lambda", "PutFunctionRecursionConfig", {**function, "RecursiveLoop": loop})
    management = after.get("RuntimeManagementConfig", _MANAGED)
    if management != before.get("RuntimeManagementConfig", _MANAGED):
        await call.ask("lambda", "PutRuntimeManagementConfig", {**function, **management})
    signing = after.get("CodeSigningConfigArn")
    if not before or signing == before.get("CodeSigningConfigArn"):
        return  # a new function has it from CreateFunction
    if signing:
        request = {**function, "CodeSigningConfigArn": signing}
        await call.ask("lambda", "PutFunctionCodeSigningConfig", request)
    else:
        await call.ask("lambda", "DeleteFunctionCodeSigningConfig", function)


def _provisioned(call: Call, name: str) -> Provisioned:
    attributes = {
        "Arn": call.arn(f"function:{name}"),
        "SnapStartResponse.ApplyOn": "None",
        "SnapStartResponse.OptimizationStatus": "Off",
    }
    return Provisioned(name, attributes)


def _settings(properties: Properties) -> dict[str, Any]:
    """The settings that a template gives, in the API's types: templates may write numbers as text."""
    settings = {key: properties[key] for key in _DEFAULTS if key in properties}
    settings |= {name: properties[key] for key, name in _RENAMED.items() if key in properties}
    for key in ("MemorySize", "Timeout"):
        if key in settings:
            settings[key] = int(settings[key])
    if "EphemeralStorage" in settings:
        settings["EphemeralStorage"] = {"Size": int(settings["EphemeralStorage"]["Size"])}
    if "Environment" in settings:
        variables = settings["Environment"].get("Variables", {})
        settings["Environment"] = {"Variables": {key: _text(value) for key, value in variables.items()}}
    return settings


def _changed_settings(before: Properties, after: Properties) -> dict[str, Any]:
    old, new = {**_DEFAULTS, **_settings(before)}, {**_DEFAULTS, **_settings(after)}
    return {key: value for key, value in new.items() if value != old.get(key)}


def _code_parts(properties: Properties) -> tuple[Any, ...]:
    # The file's name, its helper and the architecture follow from the others.
    return (properties["Code"], properties.get("Architectures"), _inline_parts(properties))


def _inline_parts(properties: Properties) -> tuple[Any, ...]:
    if "ZipFile" not in properties["Code"]:
        return ()
    return (properties.get("Runtime"), str(properties.get("Handler", "")).partition(".")[0])


def _code_request(properties: Properties) -> dict[str, Any]:
    request = _code(properties)
    if "Architectures" in properties:
        request["Architectures"] = properties["Architectures"]
    return request


def _code(properties: Properties) -> dict[str, Any]:
    code = dict(properties["Code"])
    if "ZipFile" in code:
        code["ZipFile"] = inline.package(code["ZipFile"], properties.get("Runtime", ""))
    return code


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: _text(tag["Value"]) for tag in properties.get("Tags", ())}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
