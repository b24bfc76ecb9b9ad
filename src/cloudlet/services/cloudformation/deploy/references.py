"""Which names a part of a template refers to, and whether they exist.

Follows names only; what they stand for is evaluated in intrinsics.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.errors import ValidationError

SUB_VARIABLE: Final = re.compile(r"\$\{([^!{}][^{}]*|)\}")
_SUB_NAME: Final = re.compile(r"[A-Za-z0-9_.:]+\Z")
PSEUDO_PARAMETERS: Final = frozenset(
    [
        "AWS::AccountId",
        "AWS::NotificationARNs",
        "AWS::NoValue",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    ]
)


class Reference(Struct, frozen=True):
    """One mention of a name: by Ref, by Fn::GetAtt (then with an attribute), or inside Fn::Sub."""

    name: str
    attribute: Any = None
    in_sub: bool = False


def references(value: Any, conditions: Mapping[str, bool] | None = None) -> Iterator[Reference]:
    """Every mention in a value; of Fn::If only the branch that `conditions` selects, if given."""
    if isinstance(value, list):
        for item in value:
            yield from references(item, conditions)
    elif isinstance(value, dict):
        if len(value) == 1:
            ((name, argument),) = value.items()
            yield from _of_function(name, argument, conditions)
        else:
            for item in value.values():
                yield from references(item, conditions)


def _of_function(name: str, argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    if name == "Ref" and isinstance(argument, str):
        yield Reference(argument)
    elif name == "Fn::GetAtt":
        yield _get_att(argument)
        yield from references(argument, conditions)
    elif name == "Fn::Sub":
        yield from _of_sub(argument, conditions)
    elif name == "Fn::If" and conditions is not None and isinstance(argument, list) and len(argument) == 3:
        yield from references(argument[1 if conditions.get(str(argument[0])) else 2], conditions)
    else:
        yield from references(argument, conditions)


def _get_att(argument: Any) -> Reference:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str) or not all(parts):
        raise ValidationError(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, "
            "the resource name and the resource attribute"
        )
    return Reference(parts[0], parts[1])


def _of_sub(argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    text, variables = sub_parts(argument)
    yield from references(variables, conditions)
    for match in SUB_VARIABLE.finditer(text):
        name = sub_name(match[1])
        if name not in variables:
            resource, _, attribute = name.partition(".")
            yield Reference(resource, attribute or None, in_sub=True)


def sub_parts(argument: Any) -> tuple[str, dict[str, Any]]:
    """The text and the variables of an Fn::Sub. Raises ValidationError for another form."""
    if isinstance(argument, str):
        return argument, {}
    if (
        isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[0], str)
        and isinstance(argument[1], dict)
    ):
        return argument[0], argument[1]
    raise ValidationError(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
        "string as first argument, and an optional second argument to specify a mapping of values to replace "
        "in the string"
    )


def sub_name(text: str) -> str:
    """The name between the braces of ${...}. Raises ValidationError for what is none."""
    name = text.strip()
    if not _SUB_NAME.match(name):
        raise ValidationError(
            "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, "
            "underscores, periods, and colons"
        )
    return name


def check_references(template: Template) -> None:
    """Raises ValidationError for the first section that names what the template does not have."""
    _check_conditions(template)
    known = {*template.resources, *template.parameters, *PSEUDO_PARAMETERS}
    resources = [(resource.properties, resource.condition) for resource in template.resources.values()]
    _check_block("Resources", template, known, resources)
    missing = [
        name
        for resource in template.resources.values()
        for name in resource.depends_on
        if name not in template.resources
    ]
    _refuse_unresolved("Resources", missing)
    outputs = [([o.value, o.export_name], o.condition) for o in template.outputs.values()]
    _check_block("Outputs", template, known, outputs)


def _check_block(
    block: str, template: Template, known: set[str], members: list[tuple[Any, str | None]]
) -> None:
    missing: list[str] = []
    for value, condition in members:
        if condition is not None and condition not in template.conditions:
            raise ValidationError(
                f"Template format error: Unresolved condition dependency {condition} in the {block} block "
                "of the template"
            )
        for reference in references(value):
            by_get_att = reference.attribute is not None and not reference.in_sub
            if by_get_att and reference.name not in template.resources:
                raise ValidationError(
                    f"Template error: instance of Fn::GetAtt references undefined resource {reference.name}"
                )
            if reference.name not in known:
                missing.append(reference.name)
    _refuse_unresolved(block, missing)


def _refuse_unresolved(block: str, missing: list[str]) -> None:
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise ValidationError(
            f"Template format error: Unresolved resource dependencies [{names}] in the {block} block of the "
            "template"
        )


def _check_conditions(template: Template) -> None:
    known = {*template.parameters, *PSEUDO_PARAMETERS}
    missing = [
        reference.name
        for definition in template.conditions.values()
        for reference in references(definition)
        if reference.name not in known
    ]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise ValidationError(
            f"Template format error: Unresolved dependencies [{names}]. Cannot reference resources in the "
            "Conditions block of the template"
        )
