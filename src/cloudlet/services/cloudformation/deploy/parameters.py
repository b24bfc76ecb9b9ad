"""A template's parameters: what it declares, and which values a request gives them.

Reads no other section and asks no other service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.cloudformation.deploy.document import is_name
from cloudlet.services.cloudformation.errors import ValidationError

MASK: Final = "****"
_ATTRIBUTES: Final = frozenset(
    [
        "Type",
        "Default",
        "NoEcho",
        "AllowedValues",
        "AllowedPattern",
        "MaxLength",
        "MinLength",
        "MaxValue",
        "MinValue",
        "Description",
        "ConstraintDescription",
    ]
)
_AWS_TYPES: Final = frozenset(
    [
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::Volume::Id",
        "AWS::EC2::VPC::Id",
        "AWS::Route53::HostedZone::Id",
    ]
)
_ZONES: Final = frozenset({"AWS::EC2::AvailabilityZone::Name", "List<AWS::EC2::AvailabilityZone::Name>"})
_SSM: Final = "AWS::SSM::Parameter::"


class Parameter(Struct, frozen=True):
    """One declared parameter."""

    name: str
    type: str
    default: str | None = None
    description: str | None = None
    no_echo: bool = False
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    constraint_description: str | None = None

    @property
    def is_list(self) -> bool:
        """Whether Ref answers a list."""
        return self.type == "CommaDelimitedList" or self.type.startswith("List<")

    @property
    def is_number(self) -> bool:
        """Whether its value, or each of its values, is a number."""
        return self.type in ("Number", "List<Number>")

    def referenced(self, value: str) -> str | list[str]:
        """What Ref answers."""
        return _items(value) if self.is_list else value


class Given(Struct, frozen=True):
    """What a request says of one parameter: a value, or to keep the one before."""

    value: str | None
    use_previous: bool = False


def declare(section: Any) -> dict[str, Parameter]:
    """The declared parameters of a template. Raises ValidationError."""
    if not isinstance(section, dict):
        raise ValidationError("Template format error: Parameters section must be an object.")
    if len(section) > 200:
        raise ValidationError(
            f"Template format error: Number of parameters, {len(section)}, is greater than maximum allowed, "
            "200"
        )
    return {name: _declare(name, attributes) for name, attributes in section.items()}


def _declare(name: str, attributes: Any) -> Parameter:
    if not is_name(name):
        raise ValidationError(f"Template format error: Parameter name {name} is non alphanumeric.")
    if not isinstance(attributes, dict):
        raise ValidationError("Template format error: Any Parameters member must be an object.")
    for key in attributes:
        if key not in _ATTRIBUTES:
            raise ValidationError(f"Invalid template parameter property '{key}'")
    if "Type" not in attributes:
        raise ValidationError("Template format error: Every Parameters object must contain a Type member.")
    default = attributes.get("Default")
    if isinstance(default, dict | list):
        raise ValidationError("Template format error: Every Default member must be a string.")
    return Parameter(
        name=name,
        type=_type(attributes["Type"]),
        default=None if default is None else text_of(default),
        description=_optional_text(attributes, "Description"),
        no_echo=text_of(attributes.get("NoEcho", False)).lower() == "true",
        allowed_values=_allowed_values(attributes.get("AllowedValues", [])),
        allowed_pattern=_pattern(name, _optional_text(attributes, "AllowedPattern")),
        min_length=_whole(attributes, "MinLength"),
        max_length=_whole(attributes, "MaxLength"),
        min_value=_number(attributes, "MinValue"),
        max_value=_number(attributes, "MaxValue"),
        constraint_description=_optional_text(attributes, "ConstraintDescription"),
    )


def _type(value: Any) -> str:
    if not isinstance(value, str):
        raise ValidationError("Template format error: Every Type member must be a string.")
    inner = value[5:-1] if value.startswith("List<") and value.endswith(">") else value
    known = value in ("String", "CommaDelimitedList") or inner == "Number" or inner in _AWS_TYPES
    if not known and not value.startswith(_SSM):
        raise ValidationError(f"Template format error: Unrecognized parameter type: {value}")
    return value


def _allowed_values(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise ValidationError("Template format error: Every AllowedValues member must be a list.")
    if any(isinstance(value, dict | list) for value in values):
        raise ValidationError("Template format error: Every AllowedValues value must be a string.")
    return tuple(text_of(value) for value in values)


def _pattern(name: str, pattern: str | None) -> str | None:
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValidationError(
                f"Template format error: AllowedPattern of parameter {name} is not a regular expression."
            ) from error
    return pattern


def _optional_text(attributes: Mapping[str, Any], key: str) -> str | None:
    value = attributes.get(key)
    if isinstance(value, dict | list):
        raise ValidationError(f"Template format error: Every {key} member must be a string.")
    return None if value is None else text_of(value)


def _whole(attributes: Mapping[str, Any], key: str) -> int | None:
    number = _number(attributes, key)
    return None if number is None else int(number)


def _number(attributes: Mapping[str, Any], key: str) -> float | None:
    value = attributes.get(key)
    if value is None:
        return None
    number = _as_number(value) if isinstance(value, str | int | float) else None
    if number is None:
        raise ValidationError(f"Template format error: Every {key} member must be a number.")
    return number


def resolve(
    declared: Mapping[str, Parameter], given: Mapping[str, Given], previous: Mapping[str, str] | None
) -> dict[str, str]:
    """Every parameter's value. Raises ValidationError for a missing, unknown or refused one."""
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise ValidationError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {name: _choose(parameter, given.get(name), previous) for name, parameter in declared.items()}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    resolved = {name: value for name, value in values.items() if value is not None}
    for name, value in resolved.items():
        _check(declared[name], value)
    return resolved


def _choose(parameter: Parameter, given: Given | None, previous: Mapping[str, str] | None) -> str | None:
    if given is None:
        return parameter.default
    if not given.use_previous:
        return given.value if given.value is not None else parameter.default
    if given.value is not None:
        raise ValidationError(
            f"Invalid input for parameter key {parameter.name}. "
            "Cannot specify usePreviousValue as true and non empty value for a parameter"
        )
    if previous is None or parameter.name not in previous:
        raise ValidationError(
            f"Invalid input for parameter key {parameter.name}. "
            "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
        )
    return previous[parameter.name]


def _check(parameter: Parameter, value: str) -> None:
    if parameter.type.startswith(_SSM) or (_AWS_TYPES & {parameter.type, parameter.type[5:-1]}):
        _refuse_unchecked(parameter)
    complaint = next(
        (found for item in _checked_items(parameter, value) if (found := _complaint(parameter, item))), None
    )
    if complaint is None:
        return
    if parameter.constraint_description:
        raise ValidationError(
            f"Parameter {parameter.name} failed to satisfy constraint: {parameter.constraint_description}"
        )
    raise ValidationError(f"Parameter '{parameter.name}' {complaint}")


def _refuse_unchecked(parameter: Parameter) -> None:
    if parameter.type not in _ZONES:
        raise NotImplementedHere(
            f"cloudlet does not implement parameters of type {parameter.type} (yet): it cannot tell whether "
            f"the value of {parameter.name} exists. Nothing was done."
        )


def _checked_items(parameter: Parameter, value: str) -> Sequence[str]:
    return _items(value) if parameter.is_list else (value,)


def _complaint(parameter: Parameter, value: str) -> str | None:
    if parameter.is_number:
        return _number_complaint(parameter, value) or _allowed_complaint(parameter, value)
    if parameter.min_length is not None and len(value) < parameter.min_length:
        return f"must contain at least {parameter.min_length} characters"
    if parameter.max_length is not None and len(value) > parameter.max_length:
        return f"must contain at most {parameter.max_length} characters"
    if parameter.allowed_pattern is not None and not re.fullmatch(parameter.allowed_pattern, value):
        return f"must match pattern {parameter.allowed_pattern}"
    return _allowed_complaint(parameter, value)


def _allowed_complaint(parameter: Parameter, value: str) -> str | None:
    if parameter.allowed_values and value not in parameter.allowed_values:
        return "must be one of AllowedValues"
    return None


def _number_complaint(parameter: Parameter, value: str) -> str | None:
    number = _as_number(value)
    if number is None:
        return "must be a number"
    if parameter.min_value is not None and number < parameter.min_value:
        return f"must be a number not less than {text_of(parameter.min_value)}"
    if parameter.max_value is not None and number > parameter.max_value:
        return f"must be a number not greater than {text_of(parameter.max_value)}"
    return None


def _as_number(value: str | float) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",")]


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
