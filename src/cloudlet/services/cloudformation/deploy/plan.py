"""The difference between a stack as it is and as a template wants it: a list of frozen steps.

The list is what a change set prints; nothing is done here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.resource import ResourceType
from cloudlet.services.cloudformation.deploy.answers import StackAnswers
from cloudlet.services.cloudformation.deploy.graph import dependencies, in_order
from cloudlet.services.cloudformation.deploy.intrinsics import UNKNOWN, Evaluator, Surroundings
from cloudlet.services.cloudformation.deploy.references import references
from cloudlet.services.cloudformation.deploy.resource_types import ResourceTypes
from cloudlet.services.cloudformation.deploy.template import Template, TemplateResource
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import Detail, StackResource, Step

_KNOWN_LATER: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"


class Side(Struct, frozen=True):
    """One side of the comparison: a template and the values it is used with."""

    template: Template
    parameters: Mapping[str, str]
    tags: Mapping[str, str]


class Planner:
    """Compares a stack's resources with what a template wants."""

    def __init__(
        self,
        after: Side,
        surroundings: Surroundings,
        types: ResourceTypes,
        find_export: Callable[[str], str | None],
        *,
        before: Side | None = None,
        resources: Mapping[str, StackResource] | None = None,
    ) -> None:
        self._after = after
        self._before = before
        self._types = types
        self._resources = {key: row for key, row in (resources or {}).items() if row.exists}
        self._new: set[str] = set()
        answers = StackAnswers(self._resources, self._new)
        self._evaluator = Evaluator(after.template, surroundings, answers, find_export)
        self._masked = Evaluator(after.template, surroundings, answers, find_export, masked=True)

    def steps(self) -> tuple[Step, ...]:
        """What is to be done, by logical id. Raises ValidationError for what cannot be."""
        self._refuse_other_types()
        wanted = in_order(dependencies(self._after.template, self._evaluator.conditions))
        found = [step for logical_id in wanted if (step := self._step(logical_id)) is not None]
        found += [_remove(row) for key, row in self._resources.items() if key not in wanted]
        self.outputs()
        return tuple(sorted(found, key=lambda step: step.logical_id))

    def outputs(self) -> dict[str, tuple[Any, Any]]:
        """Value and export name of every output that takes part; UNKNOWN where not known yet."""
        evaluator = self._evaluator
        return {
            output.key: (evaluator.evaluate(output.value), evaluator.evaluate(output.export_name))
            for output in self._after.template.outputs.values()
            if evaluator.active(output.condition)
        }

    def _refuse_other_types(self) -> None:
        changed = [
            key
            for key, row in self._resources.items()
            if key in self._after.template.resources and self._after.template.resources[key].type != row.type
        ]
        if changed:
            raise ValidationError(
                "Update of resource type is not permitted. The new template modifies resource type of the "
                f"following resources: [{', '.join(changed)}]"
            )

    def _step(self, logical_id: str) -> Step | None:
        resource = self._after.template.resources[logical_id]
        properties = self._evaluator.evaluate(resource.properties)
        row = self._resources.get(logical_id)
        if row is None:
            self._new.add(logical_id)
            return Step("Add", logical_id, resource.type, after_context=self._context(resource))
        return self._modify(resource, row, properties)

    def _modify(self, resource: TemplateResource, row: StackResource, properties: Any) -> Step | None:
        kind = self._types.kind(resource.type)
        details = [
            *self._property_details(kind, resource, row, properties),
            *_attribute_details(resource, row),
        ]
        if "Tags" in kind.properties and dict(self._after.tags) != row.tags:
            details.append(Detail("Tags", None, "Never", "Static", "DirectModification"))
        if not details:
            return None
        replacement = _replacement(details)
        if replacement != "False":
            self._new.add(resource.logical_id)
        keeps = row.update_replace_policy == "Retain"
        return Step(
            "Modify",
            resource.logical_id,
            resource.type,
            physical_id=row.physical_id,
            replacement=replacement,
            policy_action=("ReplaceAndRetain" if keeps else "ReplaceAndDelete")
            if replacement == "True"
            else None,
            scope=tuple(dict.fromkeys(detail.attribute for detail in details)),
            details=tuple(details),
            before_context=_json({"Properties": row.shown_properties}),
            after_context=self._context(resource),
        )

    def _property_details(
        self, kind: ResourceType, resource: TemplateResource, row: StackResource, properties: Any
    ) -> Iterator[Detail]:
        for name in dict.fromkeys([*row.properties, *properties]):
            before, after = row.properties.get(name), properties.get(name)
            if before != after:
                recreation = "Always" if name in kind.create_only else "Never"
                for evaluation, source, entity in self._causes(resource, name, after):
                    yield Detail(
                        "Properties",
                        name,
                        recreation,
                        evaluation,
                        source,
                        entity,
                        before_value=_value_text(row.shown_properties.get(name)),
                        after_value=_value_text(
                            self._masked.evaluate({name: resource.properties.get(name, "")}).get(name)
                            if name in resource.properties
                            else None
                        ),
                    )

    def _causes(self, resource: TemplateResource, name: str, after: Any) -> list[tuple[str, str, str | None]]:
        """Why a property changes: evaluation, change source and causing entity of each cause."""
        raw = resource.properties.get(name)
        mentioned = list(references(raw, self._evaluator.conditions))
        if contains_unknown(after):
            return [
                ("Dynamic", "ResourceReference", found.name)
                if found.attribute is None
                else ("Dynamic", "ResourceAttribute", f"{found.name}.{found.attribute}")
                for found in mentioned
                if found.name in self._new
            ] or [("Dynamic", "DirectModification", None)]
        changed = [found.name for found in mentioned if self._parameter_changed(found.name)]
        if changed:
            by_parameter: list[tuple[str, str, str | None]] = [
                ("Static", "ParameterReference", parameter) for parameter in dict.fromkeys(changed)
            ]
            return [*by_parameter, ("Dynamic", "DirectModification", None)]
        return [("Static", "DirectModification", None)]

    def _parameter_changed(self, name: str) -> bool:
        if self._before is None or name not in self._after.parameters:
            return False
        return self._before.parameters.get(name) != self._after.parameters[name]

    def _context(self, resource: TemplateResource) -> str:
        return _json({"Properties": self._masked.evaluate(resource.properties)})


def _attribute_details(resource: TemplateResource, row: StackResource) -> Iterator[Detail]:
    pairs = (
        ("Metadata", metadata_text(resource), row.metadata),
        ("DeletionPolicy", resource.deletion_policy, row.deletion_policy),
        ("UpdateReplacePolicy", resource.update_replace_policy, row.update_replace_policy),
    )
    for attribute, after, before in pairs:
        if after != before:
            yield Detail(attribute, None, "Never", "Static", "DirectModification")


def metadata_text(resource: TemplateResource) -> str | None:
    """A resource's Metadata as stacks show it."""
    return None if resource.metadata is None else _json(resource.metadata)


def _replacement(details: list[Detail]) -> str:
    always = [detail for detail in details if detail.requires_recreation == "Always"]
    if not always:
        return "False"
    return "True" if any(detail.evaluation == "Static" for detail in always) else "Conditional"


def _remove(row: StackResource) -> Step:
    retained = row.deletion_policy in ("Retain", "RetainExceptOnCreate")
    return Step(
        "Remove",
        row.logical_id,
        row.type,
        physical_id=row.physical_id,
        policy_action="Retain" if retained else "Delete",
        before_context=_json({"Properties": row.shown_properties}),
    )


def contains_unknown(value: Any) -> bool:
    """Whether a value, or a part of it, is not known yet."""
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN


def _json(value: Any) -> str:
    return json.dumps(value, default=lambda _: _KNOWN_LATER, separators=(",", ":"))


def _value_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _KNOWN_LATER if value is UNKNOWN else _json(value)
