"""What a create, an update and a change set have in common: a template with values, read and checked.

Starts nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere, ServiceError
from cloudlet.core.http import FileBody
from cloudlet.core.tags import tag_map
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.capabilities import check_capabilities
from cloudlet.services.cloudformation.deploy.desk import export_value, surroundings
from cloudlet.services.cloudformation.deploy.handler import SERVICE_PRINCIPAL, SESSION_NAME
from cloudlet.services.cloudformation.deploy.parameters import Given, resolve, text_of
from cloudlet.services.cloudformation.deploy.plan import Planner, Side
from cloudlet.services.cloudformation.deploy.references import check_references
from cloudlet.services.cloudformation.deploy.resource_types import ResourceTypes, check_types
from cloudlet.services.cloudformation.deploy.template import Template, parse_template
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import Stack, StackInput, Step

_LARGEST_BYTES: Final = 1_000_000
_LARGE_TEXT: Final = 20_000
_NOT_IMPLEMENTED: Final = (
    "StackPolicyBody",
    "StackPolicyURL",
    "StackPolicyDuringUpdateBody",
    "StackPolicyDuringUpdateURL",
    "DeploymentConfig",
    "ResourcesToImport",
    "ImportExistingResources",
    "IncludeNestedStacks",
    "DeploymentMode",
)


class Plan(Struct, frozen=True):
    """What a request would do."""

    input: StackInput
    steps: tuple[Step, ...]
    outputs_change: bool

    @property
    def changes(self) -> bool:
        """Whether it would do anything."""
        return bool(self.steps) or self.outputs_change


def refuse_unimplemented(request: Mapping[str, Any]) -> None:
    """Raises NotImplementedHere for what would be ignored."""
    asked = [name for name in _NOT_IMPLEMENTED if request.get(name)]
    configuration = request.get("RollbackConfiguration") or {}
    if configuration.get("RollbackTriggers") or configuration.get("MonitoringTimeInMinutes"):
        asked.append("RollbackConfiguration")
    if asked:
        raise NotImplementedHere(
            f"cloudlet does not implement the CloudFormation parameter {asked[0]} (yet). Nothing was done."
        )


async def read_template(call: Call, request: Mapping[str, Any], previous: str | None = None) -> Template:
    """The template that a request gives, or names, or that the stack has. Raises ValidationError."""
    body, url = request.get("TemplateBody"), request.get("TemplateURL")
    if request.get("UsePreviousTemplate"):
        if body is not None or url is not None:
            raise ValidationError(
                "You cannot specify both usePreviousTemplate and Template Body/Template URL."
            )
        body = previous
    elif body is not None and url is not None:
        raise ValidationError("You must specify exactly one of Template Body or Template URL.")
    elif url is not None:
        body = await _fetch(call, url)
    if body is None:
        raise ValidationError("Either Template URL or Template Body must be specified.")
    if len(body) > _LARGE_TEXT:
        return await asyncio.to_thread(parse_template, body)
    return parse_template(body)


async def _fetch(call: Call, url: str) -> str:
    request = _object_of(call, url)
    try:
        answer = await call.on_behalf(SERVICE_PRINCIPAL).ask("s3", "GetObject", request)
    except ServiceError as error:
        raise ValidationError(
            f"S3 error: {error.message}\n"
            "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
        ) from error
    content = await _content(answer["Body"])
    if len(content) > _LARGEST_BYTES:
        raise ValidationError(f"Template may not exceed {_LARGEST_BYTES} bytes in size.")
    return content.decode(errors="replace")


def _object_of(call: Call, url: str) -> dict[str, str]:
    """The bucket, the key and perhaps the version that an S3 URL names. Raises ValidationError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValidationError("TemplateURL must be a supported URL.")
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    bucket = _bucket_of(call, host)
    if bucket is None:
        raise ValidationError("TemplateURL must be a supported URL.")
    if not bucket:
        bucket, _, path = path.partition("/")
    if not bucket or not path:
        raise ValidationError("TemplateURL must reference a valid S3 object to which you have access.")
    version = parse_qs(parts.query).get("versionId")
    return {"Bucket": bucket, "Key": path, **({"VersionId": version[0]} if version else {})}


def _bucket_of(call: Call, host: str) -> str | None:
    """The bucket in a host name; empty where it stands in the path; None for a host that is not S3."""
    if host in ("localhost", "127.0.0.1", "::1", urlsplit(call.cloud.endpoint).hostname):
        return ""
    labels = host.split(".")
    if host.endswith(".amazonaws.com") or ".s3." in host or host.startswith("s3."):
        place = next((i for i, label in enumerate(labels) if label == "s3" or label.startswith("s3-")), None)
        return None if place is None else ".".join(labels[:place])
    return None


async def _content(body: bytes | FileBody | AsyncIterator[bytes]) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, FileBody):
        return await asyncio.to_thread(_read, body.path, body.offset, min(body.count, _LARGEST_BYTES + 1))
    pieces, size = [], 0
    async for piece in body:
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST_BYTES:
            break
    return b"".join(pieces)


def _read(path: Path, offset: int, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(count)


def check(call: Call, template: Template) -> None:
    """Raises ValidationError for a template that no values can mend."""
    check_references(template)
    check_types(template, ResourceTypes(call.cloud))


def plan(call: Call, request: Mapping[str, Any], template: Template, stack: Stack) -> Plan:
    """What a request would do to a stack. Raises ValidationError or InsufficientCapabilitiesException."""
    check(call, template)
    _check_allowed_types(template, request.get("ResourceTypes"))
    source = _input(request, template, stack.input)
    check_capabilities(template, source.capabilities)
    _check_role(call, source.role_arn)
    planner = Planner(
        Side(template, source.parameters, source.tags),
        surroundings(call.account, call.region, stack, source),
        ResourceTypes(call.cloud),
        lambda name: export_value(call, name),
        before=_before(call, stack),
        resources={row.logical_id: row for row in state.resources(call, stack.stack_id)},
    )
    return Plan(source, planner.steps(), _outputs_change(planner, template, stack))


def _input(request: Mapping[str, Any], template: Template, previous: StackInput | None) -> StackInput:
    given = {
        entry["ParameterKey"]: Given(entry.get("ParameterValue"), bool(entry.get("UsePreviousValue")))
        for entry in request.get("Parameters") or []
    }
    tags = request.get("Tags")
    role_arn = request.get("RoleARN") or (previous.role_arn if previous else None)
    notification_arns = request.get("NotificationARNs")
    if notification_arns is None:
        notification_arns = previous.notification_arns if previous else ()
    return StackInput(
        template_id=hashlib.sha256(template.text.encode()).hexdigest(),
        parameters=resolve(template.parameters, given, previous.parameters if previous else None),
        no_echo=tuple(name for name, parameter in template.parameters.items() if parameter.no_echo),
        tags=_tags(tags) if tags is not None else dict(previous.tags) if previous else {},
        capabilities=tuple(request.get("Capabilities") or ()),
        role_arn=role_arn,
        description=template.description,
        notification_arns=tuple(notification_arns),
    )


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    if len(tags) > 50:
        raise ValidationError("Too many tags: a stack can have 50 at most.")
    for tag in tags:
        if tag["Key"].lower().startswith("aws:"):
            raise ValidationError(
                "Invalid tag key: aws: prefixed tag key names are not allowed for external use."
            )
    return tag_map(tags)


def _check_allowed_types(template: Template, allowed: list[str] | None) -> None:
    if not allowed:
        return
    for name in template.resource_types:
        if not any(
            name == entry or (entry.endswith("*") and name.startswith(entry[:-1])) for entry in allowed
        ):
            raise ValidationError(
                f"Resource type {name} is not allowed by parameter ResourceTypes [{', '.join(allowed)}]"
            )


def _check_role(call: Call, role_arn: str | None) -> None:
    if role_arn is None:
        return
    try:
        call.cloud.identities.assume_role(call.as_service(SERVICE_PRINCIPAL), role_arn, SESSION_NAME)
    except ServiceError as error:
        raise ValidationError(f"Role {role_arn} is invalid or cannot be assumed") from error


def _before(call: Call, stack: Stack) -> Side | None:
    if stack.input is None:
        return None
    text = state.template_text(call, stack.stack_id, stack.input.template_id)
    return Side(parse_template(text), stack.input.parameters, stack.input.tags)


def _outputs_change(planner: Planner, template: Template, stack: Stack) -> bool:
    planned = {
        (key, _shown(value), template.outputs[key].description, None if name is None else _shown(name))
        for key, (value, name) in planner.outputs().items()
    }
    return planned != {(o.key, o.value, o.description, o.export_name) for o in stack.outputs}


def _shown(value: Any) -> str:
    return text_of(value)
