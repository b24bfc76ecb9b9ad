"""The intrinsic functions: a value of a template becomes the value that a resource is made with.

Waits for nothing and asks nobody: what resources and exports answer is handed in. A name whose answer is not
known yet gives UNKNOWN, and so does every function of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct, field

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.cloudformation.deploy.cidr import split_network
from cloudlet.services.cloudformation.deploy.parameters import MASK, text_of
from cloudlet.services.cloudformation.deploy.references import SUB_VARIABLE, sub_name, sub_parts
from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.errors import ValidationError

SUPPORTED: Final = (
    "[Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, "
    "Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, "
    "Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]"
)
_RULE_FUNCTIONS: Final = frozenset(
    [
        "Fn::Contains",
        "Fn::EachMemberEquals",
        "Fn::EachMemberIn",
        "Fn::RefAll",
        "Fn::ValueOf",
        "Fn::ValueOfAll",
    ]
)


class Unknown:
    """The type of UNKNOWN."""

    def __repr__(self) -> str:
        return "UNKNOWN"


class NoValue:
    """The type of NO_VALUE."""


UNKNOWN: Final = Unknown()
"""What a name answers whose resource is not there yet."""
NO_VALUE: Final = NoValue()
"""What AWS::NoValue answers: the property it stands in is left out."""


class Answers(Protocol):
    """What the resources of a stack answer."""

    def ref(self, logical_id: str) -> Any:
        """What Ref answers, or UNKNOWN."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """What Fn::GetAtt answers, or UNKNOWN. Raises ValidationError for an attribute it does not have."""


class Surroundings(Struct, frozen=True):
    """Which stack a template is evaluated for."""

    account: str
    region: str
    stack_id: str
    stack_name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    notification_arns: tuple[str, ...] = ()


class Evaluator:
    """Evaluates the parts of one template for one stack."""

    def __init__(
        self,
        template: Template,
        surroundings: Surroundings,
        answers: Answers,
        find_export: Callable[[str], str | None],
        *,
        masked: bool = False,
    ) -> None:
        self._template = template
        self._surroundings = surroundings
        self._answers = answers
        self._find_export = find_export
        self._masked = masked
        self.imports: set[str] = set()
        """The exports that were imported on the way."""
        self.conditions: dict[str, bool] = {}
        for name in template.conditions:
            self._named_condition(name, ())

    def evaluate(self, value: Any) -> Any:
        """A value with every function replaced by what it answers. Raises ValidationError."""
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            found = [self.evaluate(item) for item in value]
            return [item for item in found if item is not NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            raise NotImplementedHere(
                f"cloudlet does not implement the dynamic reference in '{value}' (yet). Nothing was done."
            )
        return value

    def active(self, condition: str | None) -> bool:
        """Whether a member with that Condition takes part."""
        return condition is None or self.conditions[condition]

    def _object(self, value: dict[str, Any]) -> Any:
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return self._function(name, argument)
        found = {key: self.evaluate(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not NO_VALUE}

    def _function(self, name: str, argument: Any) -> Any:
        functions: Mapping[str, Callable[[Any], Any]] = {
            "Fn::Base64": self._base64,
            "Fn::Cidr": self._cidr,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::GetAZs": self._get_azs,
            "Fn::If": self._if,
            "Fn::ImportValue": self._import_value,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Sub": self._sub,
            "Fn::And": lambda _: self.condition({name: argument}),
            "Fn::Or": lambda _: self.condition({name: argument}),
            "Fn::Not": lambda _: self.condition({name: argument}),
            "Fn::Equals": lambda _: self.condition({name: argument}),
        }
        function = functions.get(name)
        if function is not None:
            return function(argument)
        if name == "Fn::Transform" or name in _RULE_FUNCTIONS:
            raise NotImplementedHere(f"cloudlet does not implement {name} (yet). Nothing was done.")
        raise ValidationError(
            f"Template error: encountered unsupported function: {name} Supported functions are: {SUPPORTED}"
        )

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str):
            raise ValidationError("Template error: every Ref object must have a single String value.")
        declared = self._template.parameters.get(name)
        if declared is not None:
            if self._masked and declared.no_echo:
                return MASK
            return declared.referenced(self._surroundings.parameters[name])
        if name.startswith("AWS::"):
            return self._pseudo(name)
        self._check_active(name)
        return self._answers.ref(name)

    def _check_active(self, name: str) -> None:
        resource = self._template.resources.get(name)
        if resource is None or not self.active(resource.condition):
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of "
                "the template"
            )

    def _pseudo(self, name: str) -> Any:
        surroundings = self._surroundings
        values: Mapping[str, Any] = {
            "AWS::AccountId": surroundings.account,
            "AWS::NotificationARNs": list(surroundings.notification_arns),
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": surroundings.region,
            "AWS::StackId": surroundings.stack_id,
            "AWS::StackName": surroundings.stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        return values[name]

    def _get_att(self, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        attribute = self.evaluate(parts[1])
        self._check_active(parts[0])
        return self._answers.attribute(parts[0], attribute)

    def _sub(self, argument: Any) -> Any:
        text, variables = sub_parts(argument)
        values = {name: self.evaluate(value) for name, value in variables.items()}
        pieces: list[Any] = []
        at = 0
        for match in SUB_VARIABLE.finditer(text):
            pieces += [text[at : match.start()], self._sub_variable(sub_name(match[1]), values)]
            at = match.end()
        pieces.append(text[at:])
        if any(piece is UNKNOWN for piece in pieces):
            return UNKNOWN
        return self._substituted(pieces)

    def _substituted(self, pieces: list[Any]) -> str:
        for piece in pieces[1::2]:
            if isinstance(piece, dict | list | NoValue):
                raise ValidationError(
                    "Template error: variables in Fn::Sub must resolve to strings, numbers or booleans"
                )
        texts = [
            piece.replace("${!", "${") if place % 2 == 0 else text_of(piece)
            for place, piece in enumerate(pieces)
        ]
        return "".join(texts)

    def _sub_variable(self, name: str, values: Mapping[str, Any]) -> Any:
        if name in values:
            return values[name]
        if "." in name:
            resource, attribute = name.split(".", 1)
            return self._get_att([resource, attribute])
        return self._ref(name)

    def _join(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
            raise _wrong_join()
        items = self.evaluate(argument[1])
        if items is UNKNOWN or (isinstance(items, list) and any(item is UNKNOWN for item in items)):
            return UNKNOWN
        if not isinstance(items, list) or any(isinstance(item, dict | list) for item in items):
            raise _wrong_join()
        return argument[0].join(text_of(item) for item in items)

    def _split(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
            raise _wrong_split()
        text = self.evaluate(argument[1])
        if text is UNKNOWN:
            return UNKNOWN
        if not isinstance(text, str) or not argument[0]:
            raise _wrong_split()
        return text.split(argument[0])

    def _select(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            raise _wrong_select()
        index, items = self.evaluate(argument[0]), self.evaluate(argument[1])
        if index is UNKNOWN or items is UNKNOWN:
            return UNKNOWN
        if not isinstance(items, list) or not text_of(index).lstrip("-").isdecimal():
            raise _wrong_select()
        place = int(index)
        if not 0 <= place < len(items):
            raise ValidationError(
                f"Template error: Fn::Select cannot select nonexistent value at index {place}"
            )
        return items[place]

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            raise ValidationError("Template error: Fn::If requires a list argument with three elements")
        name = argument[0]
        if not isinstance(name, str) or name not in self.conditions:
            raise ValidationError(f"Template error: unresolved condition dependency {name} in Fn::If")
        return self.evaluate(argument[1] if self.conditions[name] else argument[2])

    def _find_in_map(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            raise ValidationError(
                "Template error: every Fn::FindInMap object requires three parameters, the map name, map key "
                "and the attribute for return value"
            )
        name, top, second = (self.evaluate(part) for part in argument)
        if any(part is UNKNOWN for part in (name, top, second)):
            raise ValidationError("Template error: FindInMap can only use Ref of parameters and FindInMap")
        mapping = self._template.mappings.get(text_of(name))
        if mapping is None:
            raise ValidationError(
                f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of "
                "template."
            )
        row = mapping.get(text_of(top), {})
        if text_of(second) not in row:
            raise ValidationError(
                "Template error: Unable to get mapping for "
                f"{text_of(name)}::{text_of(top)}::{text_of(second)}"
            )
        return row[text_of(second)]

    def _base64(self, argument: Any) -> Any:
        text = self.evaluate(argument)
        if text is UNKNOWN:
            return UNKNOWN
        if isinstance(text, dict | list | NoValue):
            raise ValidationError("Template error: every Fn::Base64 object must have a String-typed value.")
        return base64.b64encode(text_of(text).encode()).decode()

    def _cidr(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) not in (2, 3):
            raise ValidationError(
                "Template error: Fn::Cidr requires two or three parameters: ipBlock, count and cidrBits"
            )
        parts = [self.evaluate(part) for part in argument]
        if any(part is UNKNOWN for part in parts):
            return UNKNOWN
        return split_network(*(text_of(part) for part in parts))

    def _get_azs(self, argument: Any) -> Any:
        region = self.evaluate(argument) or self._surroundings.region
        if region is UNKNOWN or not isinstance(region, str):
            raise ValidationError("Template error: every Fn::GetAZs object must have a String-typed value.")
        return [f"{region}{zone}" for zone in "abc"]

    def _import_value(self, argument: Any) -> Any:
        name = self.evaluate(argument)
        if name is UNKNOWN:
            raise ValidationError("Template error: Fn::ImportValue must not depend on any resources")
        exported = self._find_export(text_of(name))
        if exported is None:
            raise ValidationError(f"No export named {name} found.")
        self.imports.add(text_of(name))
        return exported

    def _named_condition(self, name: str, waiting: tuple[str, ...]) -> bool:
        if name in waiting:
            raise ValidationError(f"Circular dependency between conditions: [{', '.join(waiting)}]")
        if name not in self.conditions:
            definition = self._template.conditions.get(name)
            if definition is None:
                raise ValidationError(
                    f"Template format error: Unresolved condition dependency {name} in the Conditions block "
                    "of the template"
                )
            self.conditions[name] = self.condition(definition, (*waiting, name))
        return self.conditions[name]

    def condition(self, definition: Any, waiting: tuple[str, ...] = ()) -> bool:
        """Whether a condition function holds. Raises ValidationError."""
        if isinstance(definition, dict) and len(definition) == 1:
            ((name, argument),) = definition.items()
            if name == "Condition" and isinstance(argument, str):
                return self._named_condition(argument, waiting)
            if name == "Fn::Equals":
                return self._equals(argument)
            if name == "Fn::Not":
                return not self._operands(name, argument, waiting, 1, 1)[0]
            if name == "Fn::And":
                return all(self._operands(name, argument, waiting, 2, 10))
            if name == "Fn::Or":
                return any(self._operands(name, argument, waiting, 2, 10))
        raise ValidationError(
            "Template format error: Conditions can only be boolean operations on parameters and other "
            "conditions"
        )

    def _operands(
        self, name: str, argument: Any, waiting: tuple[str, ...], least: int, most: int
    ) -> list[bool]:
        if not isinstance(argument, list) or not least <= len(argument) <= most:
            number = (
                "a single boolean parameter"
                if most == 1
                else (f"a list of at least {least} and at most {most} boolean parameters")
            )
            raise ValidationError(f"Template error: every {name} object requires {number}.")
        return [self.condition(operand, waiting) for operand in argument]

    def _equals(self, argument: Any) -> bool:
        if not isinstance(argument, list) or len(argument) != 2:
            raise ValidationError(
                "Template error: every Fn::Equals object requires a list of 2 string parameters."
            )
        left, right = (self.evaluate(operand) for operand in argument)
        return _comparable(left) == _comparable(right)


def _comparable(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=repr)
    return text_of(value)


def _wrong_join() -> ValidationError:
    return ValidationError(
        "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a "
        "list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to "
        "be joined."
    )


def _wrong_split() -> ValidationError:
    return ValidationError(
        "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a "
        "string to be split or a function that returns a string to be split."
    )


def _wrong_select() -> ValidationError:
    return ValidationError(
        "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
    )
