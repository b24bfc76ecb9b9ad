"""Operations on templates: which one a stack has, and what one asks for.

They deploy nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.capabilities import required_capabilities
from cloudlet.services.cloudformation.deploy.parameters import Parameter
from cloudlet.services.cloudformation.deploy.references import check_references
from cloudlet.services.cloudformation.deploy.template import Template, parse_template
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import Stack
from cloudlet.services.cloudformation.operations.authorization import stack_arn
from cloudlet.services.cloudformation.operations.change_sets import change_set
from cloudlet.services.cloudformation.operations.submission import check, read_template


@operation("GetTemplate", resource=stack_arn, read_only=True)
def get_template(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """The template of a stack or a change set, as it was sent."""
    if request.get("ChangeSetName"):
        if request.get("StackName") is None and not request["ChangeSetName"].startswith("arn:"):
            raise ValidationError("StackName is a required parameter.")
        found = change_set(call, request)
        text = state.template_text(call, found.stack_id, found.input.template_id)
    else:
        text = _text(call, _named(call, request))
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


def _named(call: Call, request: Mapping[str, Any]) -> Stack:
    if request.get("StackName") is None:
        raise ValidationError("StackName is a required parameter.")
    return state.stack(call, request["StackName"])


def _text(call: Call, stack: Stack) -> str:
    return "" if stack.input is None else state.template_text(call, stack.stack_id, stack.input.template_id)


@operation("ValidateTemplate", read_only=True)
async def validate_template(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """What a template asks for. Raises ValidationError for one that is broken."""
    template = await read_template(call, request)
    check(call, template)
    capabilities, reason = required_capabilities(template)
    return {
        "Parameters": [_parameter(parameter) for parameter in template.parameters.values()],
        "Description": template.description,
        "Capabilities": capabilities or None,
        "CapabilitiesReason": reason,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "ParameterKey": parameter.name,
        "DefaultValue": parameter.default,
        "NoEcho": parameter.no_echo,
        "Description": parameter.description,
    }


@operation("GetTemplateSummary", resource=stack_arn, read_only=True)
async def get_template_summary(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """What the template of a stack, or one that is sent, asks for and holds."""
    if request.get("StackName") is not None:
        template = await call.transact(lambda inner: _template_of(inner, request), read_only=True)
    else:
        template = await read_template(call, request)
        check_references(template)
    return _summary(template)


def _template_of(call: Call, request: Mapping[str, Any]) -> Template:
    stack = state.stack(call, request["StackName"])
    if stack.input is None:
        raise ValidationError("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
    return parse_template(_text(call, stack))


def _summary(template: Template) -> dict[str, Any]:
    capabilities, reason = required_capabilities(template)
    metadata = template.document.get("Metadata")
    return {
        "Parameters": [_declared(parameter) for parameter in template.parameters.values()],
        "Description": template.description,
        "Capabilities": capabilities or None,
        "CapabilitiesReason": reason,
        "ResourceTypes": template.resource_types,
        "Version": template.document.get("AWSTemplateFormatVersion"),
        "Metadata": None if metadata is None else json.dumps(metadata, separators=(",", ":")),
        "ResourceIdentifierSummaries": [
            {
                "ResourceType": name,
                "LogicalResourceIds": [
                    key for key, resource in template.resources.items() if resource.type == name
                ],
            }
            for name in template.resource_types
        ],
    }


def _declared(parameter: Parameter) -> dict[str, Any]:
    constraints = {"AllowedValues": list(parameter.allowed_values)} if parameter.allowed_values else {}
    return {**_parameter(parameter), "ParameterType": parameter.type, "ParameterConstraints": constraints}
