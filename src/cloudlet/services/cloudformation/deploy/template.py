"""A template's sections, checked for form: what may stand where.

References between the sections are followed in references.py; nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.cloudformation.deploy.document import Document, is_name, parse_document, refuse_nulls
from cloudlet.services.cloudformation.deploy.parameters import Parameter, declare
from cloudlet.services.cloudformation.errors import ValidationError

_SECTIONS: Final = frozenset(
    [
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Resources",
        "Outputs",
        "Hooks",
    ]
)
_ATTRIBUTES: Final = frozenset(
    [
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Metadata",
        "CreationPolicy",
        "UpdatePolicy",
        "Description",
        "Version",
    ]
)
_OUTPUT_ATTRIBUTES: Final = frozenset({"Value", "Description", "Export", "Condition"})
_CONDITION_FUNCTIONS: Final = frozenset({"Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition"})
_POLICIES: Final = frozenset({"Delete", "Retain", "Snapshot", "RetainExceptOnCreate"})
_SNAPSHOT_TYPES: Final = frozenset(
    [
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    ]
)


class TemplateResource(Struct, frozen=True):
    """One member of the Resources section."""

    logical_id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Any = None
    description: str | None = None


class TemplateOutput(Struct, frozen=True):
    """One member of the Outputs section."""

    key: str
    value: Any
    description: str | None = None
    export_name: Any = None
    condition: str | None = None


class Template(Struct, frozen=True):
    """A whole template."""

    text: str
    document: Document
    resources: Mapping[str, TemplateResource]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, TemplateOutput] = field(default_factory=dict)
    description: str | None = None

    @property
    def resource_types(self) -> list[str]:
        """The types it uses, each once, in order."""
        return list(dict.fromkeys(resource.type for resource in self.resources.values()))


def parse_template(text: str) -> Template:
    """The template in a text. Raises ValidationError."""
    document = parse_document(text)
    _refuse_transforms(document.get("Transform", []))
    unknown = [name for name in document if name not in _SECTIONS]
    if unknown:
        raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
    _check_version(document.get("AWSTemplateFormatVersion", "2010-09-09"))
    _refuse_unimplemented_sections(document)
    return Template(
        text=text,
        document=document,
        parameters=declare(document.get("Parameters", {})),
        mappings=_mappings(document.get("Mappings", {})),
        conditions=_conditions(document.get("Conditions", {})),
        resources=_resources(document.get("Resources")),
        outputs=_outputs(document.get("Outputs", {})),
        description=_description(document.get("Description")),
    )


def _check_version(version: Any) -> None:
    if version != "2010-09-09":
        raise ValidationError(f"Template format error: Unsupported template format version: {version}.")


def _refuse_unimplemented_sections(document: Document) -> None:
    for name in ("Rules", "Hooks"):
        if name in document:
            raise NotImplementedHere(
                f"cloudlet does not implement the template section {name} (yet). Nothing was done."
            )


def _description(description: Any) -> str | None:
    if description is None:
        return None
    if not isinstance(description, str):
        raise ValidationError("Template format error: Description must be a string.")
    if len(description.encode()) > 1024:
        raise ValidationError("Template format error: 'Description' length is greater than 1024.")
    return description


def _refuse_transforms(section: Any) -> None:
    listed = section if isinstance(section, list) else [section]
    names = [entry.get("Name") if isinstance(entry, dict) else entry for entry in listed]
    if not all(isinstance(name, str) for name in names):
        raise ValidationError("Key Name of transform definition must be a string.")
    if names:
        raise NotImplementedHere(
            f"cloudlet does not implement the transform {', '.join(map(str, names))} (yet). Nothing was done."
        )


def _mappings(section: Any) -> dict[str, Any]:
    if not isinstance(section, dict):
        raise ValidationError("Template format error: Mappings section must be an object.")
    _check_count("mappings", section, 200)
    for name, mapping in section.items():
        if not isinstance(mapping, dict) or not all(isinstance(row, dict) for row in mapping.values()):
            raise ValidationError(f"Template format error: Every Mappings member {name} must be a map")
        for row in mapping.values():
            for value in row.values():
                _check_mapping_value(value)
    refuse_nulls(section, "/Mappings")
    return section


def _check_mapping_value(value: Any) -> None:
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(x, dict) for x in value)):
        raise ValidationError("Template format error: Every Mappings attribute must be a String or a List.")


def _conditions(section: Any) -> dict[str, Any]:
    if not isinstance(section, dict):
        raise ValidationError("Template format error: Conditions section must be an object.")
    refuse_nulls(section, "/Conditions")
    for definition in section.values():
        if not isinstance(definition, dict) or not _CONDITION_FUNCTIONS.issuperset(definition):
            raise ValidationError(
                "Template format error: Conditions can only be boolean operations on parameters and other "
                "conditions"
            )
    return section


def _resources(section: Any) -> dict[str, TemplateResource]:
    if not section:
        raise ValidationError("Template format error: At least one Resources member must be defined.")
    if not isinstance(section, dict):
        raise ValidationError("Template format error: Resources section must be an object.")
    _check_count("resources", section, 500)
    return {logical_id: _resource(logical_id, attributes) for logical_id, attributes in section.items()}


def _resource(logical_id: str, attributes: Any) -> TemplateResource:
    if not is_name(logical_id):
        raise ValidationError(f"Template format error: Resource name {logical_id} is non alphanumeric.")
    if not isinstance(attributes, dict):
        raise ValidationError("Template format error: Any Resources member must be an object.")
    path = f"/Resources/{logical_id}"
    for key in attributes:
        if key not in _ATTRIBUTES:
            raise ValidationError(f"Invalid template resource property '{key}'")
    refuse_nulls(attributes, path)
    if "Type" not in attributes:
        raise ValidationError(
            f"Template format error: [{path}] Every Resources object must contain a Type member."
        )
    if not isinstance(attributes["Type"], str):
        raise ValidationError(f"Template format error: [{path}] Every Type member must be a string.")
    _refuse_unimplemented_attributes(logical_id, attributes)
    properties = attributes.get("Properties", {})
    if not isinstance(properties, dict):
        raise ValidationError(f"Template format error: [{path}/Properties] Properties must be an object.")
    return TemplateResource(
        logical_id=logical_id,
        type=attributes["Type"],
        properties=properties,
        depends_on=_depends_on(attributes.get("DependsOn", [])),
        condition=_text(attributes, "Condition"),
        deletion_policy=_policy(attributes, "DeletionPolicy"),
        update_replace_policy=_policy(attributes, "UpdateReplacePolicy"),
        metadata=attributes.get("Metadata"),
        description=_text(attributes, "Description"),
    )


def _refuse_unimplemented_attributes(logical_id: str, attributes: Document) -> None:
    for name in ("CreationPolicy", "UpdatePolicy"):
        if name in attributes:
            raise NotImplementedHere(
                f"cloudlet does not implement {name}, which resource {logical_id} has (yet). "
                "Nothing was done."
            )


def _depends_on(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in names):
        raise ValidationError("Template format error: Every DependsOn value must be a string.")
    return tuple(names)


def _text(attributes: Document, key: str) -> str | None:
    value = attributes.get(key)
    if value is not None and not isinstance(value, str):
        raise ValidationError(f"Template format error: Every {key} member must be a string.")
    return value


def _policy(attributes: Document, key: str) -> str:
    policy = _text(attributes, key) or "Delete"
    allowed = _POLICIES if key == "DeletionPolicy" else _POLICIES - {"RetainExceptOnCreate"}
    if policy not in allowed:
        raise ValidationError(f"Template format error: Unrecognized {key} {policy}")
    if policy == "Snapshot" and attributes["Type"] not in _SNAPSHOT_TYPES:
        name = "deletion policy" if key == "DeletionPolicy" else "update replace policy"
        raise ValidationError(
            f"Template error: resource type {attributes['Type']} does not support {name} Snapshot"
        )
    return policy


def _outputs(section: Any) -> dict[str, TemplateOutput]:
    if not isinstance(section, dict):
        raise ValidationError("Template format error: Outputs section must be an object.")
    _check_count("outputs", section, 200)
    for attributes in section.values():
        if not isinstance(attributes, dict) or "Value" not in attributes:
            raise ValidationError("Template format error: Every Outputs member must contain a Value object")
    return {key: _output(key, attributes) for key, attributes in section.items()}


def _output(key: str, attributes: Document) -> TemplateOutput:
    if not is_name(key):
        raise ValidationError(f"Template format error: Output name {key} is non alphanumeric.")
    unknown = [name for name in attributes if name not in _OUTPUT_ATTRIBUTES]
    if unknown:
        raise ValidationError(f"Invalid template output property '{unknown[0]}'")
    refuse_nulls(attributes, f"/Outputs/{key}")
    export = attributes.get("Export")
    if export is not None and (not isinstance(export, dict) or set(export) != {"Name"}):
        raise ValidationError("Template format error: Output Export must have only the Name property")
    return TemplateOutput(
        key=key,
        value=attributes["Value"],
        description=_text(attributes, "Description"),
        export_name=None if export is None else export["Name"],
        condition=_text(attributes, "Condition"),
    )


def _check_count(name: str, section: Mapping[str, Any], most: int) -> None:
    if len(section) > most:
        raise ValidationError(
            f"Template format error: Number of {name}, {len(section)}, is greater than maximum allowed, "
            f"{most}"
        )
