"""Judges parameters by the constraints of the service model, and lists every violation in AWS's words.

Reads no bytes, and knows no operation's own rules: what a model does not say is the service's business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct

from cloudlet.core.errors import ServiceError, ValidationError
from cloudlet.wire.java_pattern import Translator, Untranslatable
from cloudlet.wire.protocols.scalars import write_epoch

if TYPE_CHECKING:
    from cloudlet.wire.model import Models, Operation, ServiceModel, Shape

Path: TypeAlias = "tuple[Path, str] | None"
"""Where a value stands, from the inside out: made a text only when there is something to tell."""
Check: TypeAlias = Callable[[Any, Path, list[str]], None]
"""Appends what is wrong with a value that stands at a path."""
Test: TypeAlias = tuple[str, Callable[[Any], bool]]
"""A constraint in words, and whether a value satisfies it."""
Entry: TypeAlias = tuple[str, str, bool, Check | None]
"""A member: its name, its name in paths, whether it must be there, and the check of its value."""
ElementsCheck: TypeAlias = "Callable[[Collection[Any], Any, Path, list[str]], None]"
"""Appends what is wrong with the elements of a collection that stands at a path."""


class MissingParameter(ServiceError):
    """Raised for an absent parameter by services that name no constraint."""

    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"


class Rules(Struct, frozen=True):
    """What the edge judges for a service, and how it says so."""

    required: bool = True
    values: bool = True
    """Whether lengths, ranges, patterns and enums are judged."""
    missing: str | None = None
    """What is said of an absent parameter, where that is not told as a violation."""
    request_in_paths: bool = False
    """Whether paths of members in the body begin with the name of the request's shape."""
    not_null_in_collections: bool = False
    """Whether the constraints of a collection's elements end with `Member must not be null`."""
    null_in_maps: bool = False
    """Whether maps may hold null."""
    own_shapes: frozenset[str] = frozenset()
    """Shapes that the service judges itself, in words of its own."""
    own_operations: frozenset[str] = frozenset()
    """Operations whose parameters it judges itself, in words of its own."""
    told_first: Mapping[str, Sequence[str]] = MappingProxyType({})
    """By shape, the members of which it tells first, in this order; the others follow as in the model."""
    told_alone: Mapping[str, Collection[str]] = MappingProxyType({})
    """By shape, the members of which a violation is told without those of the others."""
    own_words: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """By shape and member, how it tells a violation; {} stands for the constraint."""
    absent: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """By shape and member, all that is said of its absence."""


_NOT_NULL: Final[Test] = ("Member must not be null", lambda value: value is not None)
_CONSTRAINT: Final = " failed to satisfy constraint: "
_DEFAULT: Final = Rules()
_NO_TABLE_NAME: Final = {
    "TableName": "The parameter 'TableName' is required but was not present in the request"
}
_NO_TABLE_ARN: Final = {"ResourceArn": "Invalid TableArn"}
_ITEM_WORDS: Final = {
    "TableName": f"Value at 'TableName'{_CONSTRAINT}{{}}",
    "ReturnValues": (
        "Failed to satisfy constraint: "
        "Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
    ),
    "ReturnItemCollectionMetrics": "ReturnItemCollectionMetrics can only be SIZE or NONE",
}
"""How PutItem, UpdateItem and DeleteItem tell violations since 2026, in the regions that began."""
_RULES: Final[Mapping[str, Rules]] = {
    "apigateway": Rules(request_in_paths=True, null_in_maps=True),
    "cloudwatch": Rules(own_operations=frozenset({"GetMetricStatistics", "ListMetrics", "PutMetricData"})),
    "dynamodb": Rules(
        own_shapes=frozenset(
            (
                "BatchGetRequestMap",
                "BatchWriteItemRequestMap",
                "KeyList",
                "KeySchema",
                "ResourceArnString",
                "Tag",
                "TagKeyString",
                "TagValueString",
            )
        ),
        told_first={
            "CreateTableInput": ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"),
            "DeleteItemInput": ("TableName", "ReturnConsumedCapacity"),
            "PutItemInput": ("TableName", "ReturnConsumedCapacity"),
            "TransactWriteItemsInput": ("ClientRequestToken",),
            "UpdateItemInput": (
                "TableName",
                "ReturnValues",
                "ReturnConsumedCapacity",
                "ConditionalOperator",
                "Key",
            ),
        },
        told_alone={
            "DeleteItemInput": ("TableName",),
            "PutItemInput": ("TableName",),
            "UpdateItemInput": ("TableName", "ReturnValues"),
        },
        own_words={
            "DeleteItemInput": _ITEM_WORDS,
            "PutItemInput": _ITEM_WORDS,
            "QueryInput": {"Limit": f"Value at 'Limit'{_CONSTRAINT}{{}}"},
            "UpdateItemInput": _ITEM_WORDS,
        },
        absent={
            "CreateTableInput": _NO_TABLE_NAME,
            "DeleteTableInput": _NO_TABLE_NAME,
            "DescribeTableInput": _NO_TABLE_NAME,
            "DescribeTimeToLiveInput": _NO_TABLE_NAME,
            "ListTagsOfResourceInput": _NO_TABLE_ARN,
            "TagResourceInput": _NO_TABLE_ARN,
            "UntagResourceInput": _NO_TABLE_ARN,
            "UpdateTableInput": _NO_TABLE_NAME,
            "UpdateTimeToLiveInput": _NO_TABLE_NAME,
        },
    ),
    "ec2": Rules(required=False, values=False, missing="The request must contain the parameter {}"),
    "lambda": Rules(
        not_null_in_collections=True, own_shapes=frozenset({"InvokeMode", "RecursiveLoop", "Runtime"})
    ),
    # S3 answers bad buckets, keys and documents each with an error of its own, and ignores much of its model.
    "s3": Rules(required=False, values=False),
    "sqs": Rules(required=False, values=False, missing="The request must contain the parameter {}."),
}
# AWS tells some enums in the order of a hash table; seen for these.
_ENUM_ORDERS: Final[Mapping[frozenset[str], Sequence[str]]] = {
    frozenset(order.split()): order.split()
    for order in (
        "add remove move test replace copy",
        "HTTP MOCK AWS_PROXY HTTP_PROXY AWS",
        "PRIVATE EDGE REGIONAL",
        "ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW",
        "SPECIFIC_ATTRIBUTES COUNT ALL_ATTRIBUTES ALL_PROJECTED_ATTRIBUTES",
        "OR AND",
        "B N S",
        "INSUFFICIENT_DATA ALARM OK",
        "RESPONSE_BODY RESPONSE METHOD MODEL AUTHORIZER RESPONSE_HEADER RESOURCE PATH_PARAMETER REQUEST_BODY "
        "QUERY_PARAMETER API REQUEST_HEADER",
        "REQUEST_TOO_LARGE RESOURCE_NOT_FOUND AUTHORIZER_CONFIGURATION_ERROR MISSING_AUTHENTICATION_TOKEN "
        "BAD_REQUEST_BODY INVALID_SIGNATURE INVALID_API_KEY BAD_REQUEST_PARAMETERS AUTHORIZER_FAILURE "
        "UNAUTHORIZED INTEGRATION_TIMEOUT ACCESS_DENIED DEFAULT_4XX DEFAULT_5XX WAF_FILTERED QUOTA_EXCEEDED "
        "THROTTLED API_CONFIGURATION_ERROR UNSUPPORTED_MEDIA_TYPE INTEGRATION_FAILURE EXPIRED_TOKEN",
    )
}
# Lambda's lists of subnets and security groups are older than the constraint.
_MAY_HOLD_NULL: Final = frozenset({"SubnetIds", "SecurityGroupIds"})


class Validators:
    """The validators of all services, each made when first asked for."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._patterns = Translator()
        self._made: dict[str, Validator] = {}

    def check(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raises ValidationError for parameters that break a constraint of the service's model."""
        self.service(service).check(operation, parameters)

    def service(self, name: str) -> Validator:
        """The validator of a service. Raises UnknownService."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = Validator(self._models.service(name), self._patterns)
        return made


class Validator:
    """Judges the parameters of one service's operations; checks are compiled when first used, and kept."""

    def __init__(self, service: ServiceModel, patterns: Translator | None = None) -> None:
        self._service = service
        self._patterns = patterns or Translator()
        self._rules = _RULES.get(service.name, _DEFAULT)
        self._checks: dict[str, Check | None] = {}
        self._shapes: dict[str, Check | None] = {}

    def check(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raises ValidationError, naming every violation; MissingParameter where the service says it so."""
        if operation not in self._checks:
            self._checks[operation] = self._operation_check(self._service.operation(operation))
        check = self._checks[operation]
        if check is None:
            return
        found: list[str] = []
        check(parameters, None, found)
        if found:
            plural = "s" if len(found) > 1 else ""
            raise ValidationError(f"{len(found)} validation error{plural} detected: {'; '.join(found)}")

    def _operation_check(self, operation: Operation) -> Check | None:
        shape = operation.input
        if shape is None or operation.name in self._rules.own_operations:
            return None
        missing = _missing_check(shape, self._rules.missing) if self._rules.missing else None
        prefix = f"{_lower_first(operation.name)}Input." if self._rules.request_in_paths else ""
        absent = _absent_check(self._rules.absent.get(shape.name))
        return _both(_both(missing, absent), self._structure_check(shape, prefix))

    def _check(self, shape: Shape) -> Check | None:
        """The check of a value and of what it holds; None where there is nothing to check."""
        return self._kept(shape.name, lambda: _both(self._own_check(shape), self._contents_check(shape)))

    def _element_check(self, shape: Shape) -> Check | None:
        """The check of what an element holds: its own constraints are told with its collection's."""
        return self._kept(f"element {shape.name}", lambda: self._contents_check(shape))

    def _kept(self, key: str, make: Callable[[], Check | None]) -> Check | None:
        if key not in self._shapes:
            # A shape may contain itself: whoever asks meanwhile gets a check that looks the finished one up.
            self._shapes[key] = lambda value, path, found: self._look_up(key, value, path, found)
            self._shapes[key] = make()
        return self._shapes[key]

    def _look_up(self, key: str, value: Any, path: Path, found: list[str]) -> None:
        check = self._shapes[key]
        if check:
            check(value, path, found)

    def _contents_check(self, shape: Shape) -> Check | None:
        match shape.type:
            case "structure":
                return self._structure_check(shape, "")
            case "list":
                return self._list_check(shape)
            case "map":
                return self._map_check(shape)
            case _:
                return None

    def _structure_check(self, shape: Shape, prefix: str) -> Check | None:
        members = shape.members
        judged = self._rules.required and shape.name not in self._rules.own_shapes
        required = set(shape.required) if judged else set()
        entries: list[Entry] = []
        first = self._rules.told_first.get(shape.name, ())
        words = self._rules.own_words.get(shape.name, {})
        names = sorted(members, key=lambda name: first.index(name) if name in first else len(first))
        for name in sorted(names, key=lambda name: bool(prefix and members[name].location)):
            member = members[name]
            label = _lower_first(name) if member.location else prefix + _lower_first(name)
            check = self._check(member)
            if check and name in words:
                check = _worded_check(check, words[name])
            if check or name in required:
                entries.append((name, label, name in required, check))
        return _members_check(entries, self._rules.told_alone.get(shape.name, ())) if entries else None

    def _list_check(self, shape: Shape) -> Check:
        judge = self._elements_check("Member must satisfy constraint", shape, shape.member)
        contents = self._element_check(shape.member)

        def run(value: Any, path: Path, found: list[str]) -> None:
            judge(value, value, path, found)
            if contents:
                for number, item in enumerate(value, 1):
                    if item is not None:
                        contents(item, (path, f"{number}.member"), found)

        return run

    def _map_check(self, shape: Shape) -> Check:
        key_tests = self._tests(shape.key)
        keys_satisfied = _all_of(key_tests)
        keys_told = _listed("Map keys must satisfy constraint", key_tests)
        judge = self._elements_check(
            "Map value must satisfy constraint", shape, shape.value, null=self._rules.null_in_maps
        )
        contents = self._element_check(shape.value)

        def run(value: Any, path: Path, found: list[str]) -> None:
            if keys_satisfied and not all(map(keys_satisfied, value)):
                found.append(_violation(shape, value, path, keys_told))
            judge(value.values(), value, path, found)
            if contents:
                for key, item in value.items():
                    if item is not None:
                        contents(item, ((path, key), "member"), found)

        return run

    def _elements_check(
        self, what: str, shape: Shape, element: Shape, *, null: bool = False
    ) -> ElementsCheck:
        """The check that elements satisfy their constraints, and are not null: told at the collection."""
        tests = self._tests(element)
        satisfied = _all_of(tests)
        with_null = _listed(what, [*tests, _NOT_NULL])
        names_null = self._rules.not_null_in_collections and shape.name not in _MAY_HOLD_NULL
        told = with_null if names_null else _listed(what, tests)

        def judge(elements: Collection[Any], value: Any, path: Path, found: list[str]) -> None:
            if None in elements:
                if not null:
                    found.append(_violation(shape, value, path, with_null))
            elif satisfied and not all(map(satisfied, elements)):
                found.append(_violation(shape, value, path, told))

        return judge

    def _own_check(self, shape: Shape) -> Check | None:
        """The check of a value's own length, range, pattern or enum. In AWS the pattern is told first."""
        tests = sorted(self._tests(shape), key=lambda test: "pattern" not in test[0])
        if not tests:
            return None

        def run(value: Any, path: Path, found: list[str]) -> None:
            for text, satisfied in tests:
                if not satisfied(value):
                    found.append(_violation(shape, value, path, text))

        return run

    def _tests(self, shape: Shape) -> list[Test]:
        if not self._rules.values or shape.name in self._rules.own_shapes or shape.has("streaming"):
            return []
        bounds = (
            _range_tests(shape)
            if shape.type in ("integer", "long", "float", "double")
            else _length_tests(shape)
        )
        return bounds + self._enum_and_pattern_tests(shape)

    def _enum_and_pattern_tests(self, shape: Shape) -> list[Test]:
        tests: list[Test] = []
        values = shape.own.get("enum")
        if values:
            allowed = frozenset(values)
            told: Sequence[str] = _ENUM_ORDERS.get(allowed) or values
            tests.append(
                (f"Member must satisfy enum value set: [{', '.join(told)}]", lambda value: value in allowed)
            )
        pattern = shape.own.get("pattern")
        if pattern:
            text = f"Member must satisfy regular expression pattern: {pattern}"
            tests.append((text, _pattern_test(pattern, self._patterns)))
        return tests


def _worded_check(check: Check, words: str) -> Check:
    """The same check, which tells what is wrong in other words."""

    def run(value: Any, path: Path, found: list[str]) -> None:
        usual: list[str] = []
        check(value, path, usual)
        found.extend(words.format(each.partition(_CONSTRAINT)[2]) for each in usual)

    return run


def _members_check(entries: list[Entry], alone: Collection[str]) -> Check:
    required = [name for name, _, needed, _ in entries if needed]
    by_name = {name: (label, check) for name, label, _, check in entries if check}
    find = by_name.get

    def run(value: Any, path: Path, found: list[str]) -> None:
        # The common case first: only what is there is looked at. When something is wrong, order matters.
        mark = len(found)
        for name, item in value.items():
            entry = find(name)
            if entry is not None and item is not None:
                entry[1](item, (path, entry[0]), found)
        for name in required:
            if value.get(name) is None:
                break
        else:
            if len(found) == mark:
                return
        del found[mark:]
        _tell_in_order(entries, alone, value, path, found)

    return run


def _tell_in_order(
    entries: list[Entry], alone: Collection[str], value: Any, path: Path, found: list[str]
) -> None:
    for name, label, needed, check in entries:
        mark = len(found)
        item = value.get(name)
        if item is not None:
            if check:
                check(item, (path, label), found)
        elif needed:
            at = _text_of((path, label))
            found.append(f"Value null at '{at}'{_CONSTRAINT}Member must not be null")
        if name in alone and len(found) > mark:
            del found[:mark]
            return


def _both(first: Check | None, second: Check | None) -> Check | None:
    if first is None or second is None:
        return first or second

    def run(value: Any, path: Path, found: list[str]) -> None:
        first(value, path, found)
        second(value, path, found)

    return run


def _all_of(tests: list[Test]) -> Callable[[Any], bool] | None:
    """Whether an element satisfies every test; None where there is none."""
    functions = [satisfied for _, satisfied in tests]
    if len(functions) < 2:
        return functions[0] if functions else None
    return lambda value: all(satisfied(value) for satisfied in functions)


def _listed(what: str, tests: list[Test]) -> str:
    return f"{what}: [{', '.join(text for text, _ in tests)}]"


def _missing_check(shape: Shape, text: str) -> Check | None:
    members = shape.members
    names = [(name, members[name].location_name or name) for name in shape.required]
    if not names:
        return None

    def run(value: Any, path: Path, found: list[str]) -> None:
        for name, told in names:
            if value.get(name) is None:
                raise MissingParameter(text.format(told))

    return run


def _absent_check(texts: Mapping[str, str] | None) -> Check | None:
    if texts is None:
        return None

    def run(value: Any, path: Path, found: list[str]) -> None:
        for name, text in texts.items():
            if value.get(name) is None:
                raise ValidationError(text)

    return run


def _pattern_test(pattern: str, patterns: Translator) -> Callable[[Any], bool]:
    """The test of a pattern, compiled at its first value; one that cannot be translated is not judged."""
    compiled: list[Callable[[str], Any]] = []

    def satisfied(value: Any) -> bool:
        if not compiled:
            try:
                compiled.append(patterns.compile(pattern).fullmatch)
            except Untranslatable:
                compiled.append(lambda text: True)
        return not isinstance(value, str) or bool(compiled[0](value))

    return satisfied


def _length_tests(shape: Shape) -> list[Test]:
    low, high = shape.own.get("min"), shape.own.get("max")
    tests: list[Test] = []
    if high is not None:
        tests.append(
            (f"Member must have length less than or equal to {high}", lambda value: _length(value) <= high)
        )
    if low is not None:
        tests.append(
            (f"Member must have length greater than or equal to {low}", lambda value: _length(value) >= low)
        )
    return tests


def _length(value: Any) -> int:
    if isinstance(value, str):
        # Java counts UTF-16 code units.
        return len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2
    return len(value)


def _range_tests(shape: Shape) -> list[Test]:
    low, high = shape.own.get("min"), shape.own.get("max")
    number = float if shape.type in ("float", "double") else int
    tests: list[Test] = []
    if high is not None:
        tests.append(
            (f"Member must have value less than or equal to {number(high)}", lambda value: value <= high)
        )
    if low is not None:
        tests.append(
            (f"Member must have value greater than or equal to {number(low)}", lambda value: value >= low)
        )
    return tests


def _violation(shape: Shape, value: Any, path: Path, constraint: str) -> str:
    told = "" if shape.has("sensitive") else f" '{written(shape, value)}'"
    return f"Value{told} at '{_text_of(path)}'{_CONSTRAINT}{constraint}"


def _text_of(path: Path) -> str:
    parts = []
    while path:
        path, part = path
        parts.append(part)
    return ".".join(reversed(parts))


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def written(shape: Shape, value: Any) -> str:
    """A value as AWS's texts show it, which is as Java prints it."""
    match shape.type:
        case _ if value is None:
            return "null"
        case "structure":
            members = (
                f"{_lower_first(name)}={written(part, value.get(name))}"
                for name, part in shape.members.items()
            )
            return f"{shape.name}({', '.join(members)})"
        case "list":
            return f"[{', '.join(written(shape.member, item) for item in value)}]"
        case "map":
            return f"{{{', '.join(f'{key}={written(shape.value, item)}' for key, item in value.items())}}}"
        case "blob":
            size = len(value)
            return f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
        case "boolean":
            return "true" if value else "false"
        case "float" | "double":
            return str(float(value))
        case "timestamp" if isinstance(value, datetime):
            return str(write_epoch(value))
        case _:
            return str(value)
