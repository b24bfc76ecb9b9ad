"""What CreateTable and UpdateTable demand of a table's definition, in DynamoDB's order and words.

Pure rules on requests; whether the table exists is the operations' business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.model import (
    MAX_NAME,
    MIN_NAME,
    NAME_PATTERN,
    PAY_PER_REQUEST,
    PROVISIONED,
    Index,
    KeySchema,
    Table,
)
from cloudlet.services.dynamodb.throughput import (
    check_bounds,
    check_new,
    new_limits,
    new_warm,
    throughput_of,
)
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.core.operation import Request

MAX_LOCAL_INDEXES: Final = 5
MAX_GLOBAL_INDEXES: Final = 20
HASH_AND_RANGE: Final = 2
MAX_KEY_PARTS: Final = 4
"""The most attributes that a global index may have in its partition key, and in its sort key."""
MAX_INCLUDED: Final = 100
"""The most attributes that all indexes of a table may name in NonKeyAttributes, each counted as often."""
STANDARD: Final = "STANDARD"
INFREQUENT_ACCESS: Final = "STANDARD_INFREQUENT_ACCESS"

_SAME_NAME: Final = "Both the Hash Key and the Range Key element in the KeySchema have the same name"
_SAME_NAMES: Final = "The KeySchema contains multiple key attributes with the same name"
_INDEX_HONOURED: Final = frozenset(
    ("IndexName", "KeySchema", "OnDemandThroughput", "Projection", "ProvisionedThroughput", "WarmThroughput")
)
_NO_KEYS: Final = (
    "Value '[]' at '{}' failed to satisfy constraint: Member must have length greater than or equal to 1"
)
_HONOURED: Final = frozenset(
    (
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
        "OnDemandThroughput",
        "ProvisionedThroughput",
        "ResourcePolicy",
        "SSESpecification",
        "StreamSpecification",
        "TableClass",
        "TableName",
        "Tags",
        "WarmThroughput",
    )
)


def new_table(request: Request, table_id: str, now: float) -> Table:
    """The table that CreateTable asks for. Raises ValidationException."""
    check_honoured("CreateTable", request, _HONOURED)
    _check_names(request)
    _check_stream(request.get("StreamSpecification"))
    check_table_class(request)
    billing_mode = request.get("BillingMode", PROVISIONED)
    check_new(billing_mode, request)
    _check_given(request)
    types = _defined_types(request["AttributeDefinitions"])
    keys = _table_keys(request, types)
    _check_all_used(types, request)
    local = _local_indexes(request.get("LocalSecondaryIndexes"), types, keys)
    global_ = _global_indexes(request.get("GlobalSecondaryIndexes"), types, billing_mode)
    check_names_differ([*local, *global_])
    check_projected([*local, *global_])
    throughput = throughput_of(request.get("ProvisionedThroughput"))
    return Table(
        name=request["TableName"],
        id=table_id,
        created=now,
        attribute_types=types,
        keys=keys,
        billing_mode=billing_mode,
        throughput=throughput,
        indexes=(*local, *global_),
        on_demand_since=now if billing_mode == PAY_PER_REQUEST else None,
        on_demand_throughput=new_limits(request.get("OnDemandThroughput"), billing_mode),
        warm=new_warm(request.get("WarmThroughput"), billing_mode, throughput),
        table_class=request.get("TableClass"),
        deletion_protection=request.get("DeletionProtectionEnabled", False),
    )


def _check_names(request: Request) -> None:
    """Raises ValidationException for a name that no table may have, and with it for a key of nothing."""
    name, broken = request["TableName"], []
    if not re.fullmatch(NAME_PATTERN, name):
        broken.append(f"Member must satisfy regular expression pattern: {NAME_PATTERN}")
    if len(name) < MIN_NAME:
        broken.append(f"Member must have length greater than or equal to {MIN_NAME}")
    if len(name) > MAX_NAME:
        broken.append(f"Member must have length less than or equal to {MAX_NAME}")
    told = [f"Value '{name}' at 'tableName' failed to satisfy constraint: {each}" for each in broken]
    if request.get("KeySchema") == []:
        told.append(_NO_KEYS.format("keySchema"))
    if told:
        raise _violations(told)


def _violations(told: Sequence[str]) -> ValidationException:
    plural = "s" if len(told) > 1 else ""
    return ValidationException(f"{len(told)} validation error{plural} detected: {'; '.join(told)}")


def check_honoured(operation: str, request: Request, honoured: frozenset[str]) -> None:
    """Refuses what would be accepted without being done."""
    for name in request:
        if name not in honoured:
            raise NotImplementedHere(f"cloudlet does not implement {name} of dynamodb:{operation} (yet).")


def _check_stream(specification: Mapping[str, Any] | None) -> None:
    """Raises ValidationException for a stream that is to be made without a view type, or none with one."""
    if specification is None:
        return
    if specification["StreamEnabled"] and "StreamViewType" not in specification:
        raise ValidationException(
            f"{INVALID}Table is being created with a stream enabled, UpdateViewType is required"
        )
    if not specification["StreamEnabled"] and "StreamViewType" in specification:
        raise ValidationException(
            f"{INVALID}Table is being created with a stream disabled, UpdateViewType should not be specified"
        )


def check_table_class(request: Request) -> None:
    """Raises ValidationException for a class that no table has."""
    if request.get("TableClass", STANDARD) not in (STANDARD, INFREQUENT_ACCESS):
        raise ValidationException(
            "Invalid table-class parameter provided. Please try again with a valid table-class value: "
            f"[{STANDARD}, {INFREQUENT_ACCESS}]."
        )


def _check_given(request: Request) -> None:
    """The model asks for neither: a replica of a table elsewhere needs none. There are no replicas here."""
    for name in ("AttributeDefinitions", "KeySchema"):
        if name not in request:
            path = name[0].lower() + name[1:]
            raise ValidationException(
                f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: "
                "Member must not be null"
            )


def _table_keys(request: Request, types: Mapping[str, str]) -> KeySchema:
    schema = request["KeySchema"]
    _check_key_length("keySchema", schema)
    if len(schema) > len(types):
        raise ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    keys = _single_keys(schema, types)
    no_indexes = "LocalSecondaryIndexes" not in request and "GlobalSecondaryIndexes" not in request
    if no_indexes and len(schema) != len(types):
        raise ValidationException(
            f"{INVALID}Number of attributes in KeySchema does not exactly match "
            "number of attributes defined in AttributeDefinitions"
        )
    return keys


def _keys(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> KeySchema:
    names = [each["AttributeName"] for each in schema]
    if any(name not in types for name in names):
        raise ValidationException(
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: {_listed(names)}, AttributeDefinitions: {_listed(types)}"
        )
    if len(set(names)) < len(names):
        raise ValidationException(_SAME_NAME if len(names) == HASH_AND_RANGE else _SAME_NAMES)
    if schema[0]["KeyType"] != "HASH":
        raise ValidationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    hashes = [each["AttributeName"] for each in schema if each["KeyType"] == "HASH"]
    ranges = names[len(hashes) :]
    if names[: len(hashes)] != hashes:
        raise ValidationException(
            f"{INVALID}All HASH key attributes must precede RANGE key attributes in the KeySchema"
        )
    for kind, parts in (("HASH", hashes), ("RANGE", ranges)):
        if len(parts) > MAX_KEY_PARTS:
            raise ValidationException(
                f"{INVALID}The KeySchema exceeds the maximum allowed number of {kind} key attributes"
            )
    return KeySchema(hashes[0], ranges[0] if ranges else None, tuple(hashes[1:]), tuple(ranges[1:]))


def _check_key_length(member: str, schema: Sequence[Mapping[str, str]]) -> None:
    """Raises ValidationException for a key of nothing, or of more than a table or a local index has."""
    _check_not_empty(member, schema)
    if len(schema) > HASH_AND_RANGE:
        elements = ", ".join(
            f"KeySchemaElement(attributeName={each['AttributeName']}, keyType={each['KeyType']})"
            for each in schema
        )
        raise _violations(
            [
                f"Value '[{elements}]' at '{member}' failed to satisfy constraint: "
                f"Member must have length less than or equal to {HASH_AND_RANGE}"
            ]
        )


def _check_not_empty(member: str, schema: Sequence[Mapping[str, str]]) -> None:
    if not schema:
        raise _violations([_NO_KEYS.format(member)])


def _single_keys(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> KeySchema:
    keys = _keys(schema, types)
    if keys.has_several:
        raise ValidationException("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    return keys


def _local_indexes(
    requested: Sequence[Mapping[str, Any]] | None, types: Mapping[str, str], table_keys: KeySchema
) -> list[Index]:
    if requested is None:
        return []
    if not requested:
        raise ValidationException(f"{INVALID}List of LocalSecondaryIndexes is empty")
    if table_keys.sort is None:
        raise ValidationException(
            f"{INVALID}Table KeySchema does not have a range key, "
            "which is required when specifying a LocalSecondaryIndex"
        )
    indexes = [_local_index(at, each, types, table_keys) for at, each in enumerate(requested, 1)]
    check_names_differ(indexes)
    if len(indexes) > MAX_LOCAL_INDEXES:
        raise ValidationException(
            f"{INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of {MAX_LOCAL_INDEXES}"
        )
    return indexes


def _local_index(
    position: int, requested: Mapping[str, Any], types: Mapping[str, str], table_keys: KeySchema
) -> Index:
    name = requested["IndexName"]
    _check_key_length(f"localSecondaryIndexes.{position}.member.keySchema", requested["KeySchema"])
    keys = _single_keys(requested["KeySchema"], types)
    if keys.sort is None:
        raise ValidationException(f"{INVALID}Index KeySchema does not have a range key for index: {name}")
    if keys.partition != table_keys.partition:
        raise ValidationException(
            f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: "
            f"{name}. index hash key: {keys.partition}, table hash key: {table_keys.partition}"
        )
    projection, included = projected_attributes(requested["Projection"])
    return Index(name, keys, local=True, projection=projection, included=included)


def _global_indexes(
    requested: Sequence[Mapping[str, Any]] | None, types: Mapping[str, str], billing_mode: str
) -> list[Index]:
    if requested is None:
        return []
    if not requested:
        raise ValidationException(f"{INVALID}List of GlobalSecondaryIndexes is empty")
    indexes = []
    for position, each in enumerate(requested, 1):
        index = global_index(each, types, billing_mode, f"globalSecondaryIndexes.{position}.member")
        units = each.get("ProvisionedThroughput")
        if billing_mode == PROVISIONED and units is None:
            raise ValidationException(
                f"{INVALID}ProvisionedThroughput is not specified for index: {index.name}"
            )
        if billing_mode == PAY_PER_REQUEST and units is not None:
            raise ValidationException(
                f"{INVALID}ProvisionedThroughput should not be specified for index: {index.name} "
                "when BillingMode is PAY_PER_REQUEST"
            )
        indexes.append(index)
    check_names_differ(indexes)
    if len(indexes) > MAX_GLOBAL_INDEXES:
        raise ValidationException(
            f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of {MAX_GLOBAL_INDEXES}"
        )
    return indexes


def global_index(
    requested: Mapping[str, Any], types: Mapping[str, str], billing_mode: str, path: str
) -> Index:
    """The index that a request asks for; the path says where in the request. Raises ValidationException."""
    check_honoured("GlobalSecondaryIndexes", requested, _INDEX_HONOURED)
    name, units = requested["IndexName"], requested.get("ProvisionedThroughput")
    _check_not_empty(f"{path}.keySchema", requested["KeySchema"])
    keys = _keys(requested["KeySchema"], types)
    projection, included = projected_attributes(requested["Projection"])
    if units is not None:
        check_bounds(units, f" for index {name}")
    throughput = throughput_of(units)
    return Index(
        name,
        keys,
        local=False,
        projection=projection,
        included=included,
        throughput=throughput,
        on_demand_throughput=new_limits(requested.get("OnDemandThroughput"), billing_mode, name),
        warm=new_warm(requested.get("WarmThroughput"), billing_mode, throughput, name),
    )


def projected_attributes(requested: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A Projection: its type, and the attributes that it names. Raises ValidationException."""
    kind, included = requested.get("ProjectionType"), tuple(requested.get("NonKeyAttributes", ()))
    if kind is None:
        raise ValidationException(f"{INVALID}Unknown ProjectionType: null")
    if included and kind != "INCLUDE":
        raise ValidationException(f"{INVALID}ProjectionType is {kind}, but NonKeyAttributes is specified")
    if not included and kind == "INCLUDE":
        raise ValidationException(
            f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified"
        )
    for position, name in enumerate(included):
        if name in included[:position]:
            raise ValidationException(f"{INVALID}Duplicate element in NonKeyAttributes: {name}")
    return str(kind), included


def check_projected(indexes: Sequence[Index]) -> None:
    """Raises ValidationException for more attributes than all indexes of a table may include."""
    if sum(len(index.included) for index in indexes) > MAX_INCLUDED:
        raise ValidationException(
            f"{INVALID}Number of attributes that are projected into all indexes exceeds per-table limit of "
            f"{MAX_INCLUDED}"
        )


def check_names_differ(indexes: Sequence[Index]) -> None:
    """Raises ValidationException for two indexes of one name."""
    seen = set()
    for index in indexes:
        if index.name in seen:
            raise ValidationException(f"{INVALID}Duplicate index name: {index.name}")
        seen.add(index.name)


def _check_all_used(types: Mapping[str, str], request: Request) -> None:
    """Raises ValidationException for attributes that are defined and stand in no key."""
    indexes = (*request.get("LocalSecondaryIndexes", ()), *request.get("GlobalSecondaryIndexes", ()))
    schemas = (request["KeySchema"], *(index["KeySchema"] for index in indexes))
    used = {each["AttributeName"] for schema in schemas for each in schema}
    if indexes and set(types) - used:
        raise ValidationException(
            f"{INVALID}Some AttributeDefinitions are not used. "
            f"AttributeDefinitions: {_listed(types)}, keys used: {_listed(sorted(used))}"
        )


def _defined_types(definitions: Sequence[Mapping[str, str]]) -> dict[str, str]:
    types: dict[str, str] = {}
    for each in definitions:
        name = each["AttributeName"]
        if name in types:
            raise ValidationException(f"Attribute Name is duplicated: {name}")
        types[name] = each["AttributeType"]
    return types


def _listed(names: Mapping[str, str] | Sequence[str]) -> str:
    return f"[{', '.join(names)}]"
