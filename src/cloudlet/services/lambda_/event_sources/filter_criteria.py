"""Filter criteria under a key of their owner: sealed as they are stored, opened for those who may decrypt.

Callers seal and open them by their own rights, readers as Lambda itself, which the key's policy must let.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filter-criteria-encryption
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from cloudlet.core.errors import ServiceError
from cloudlet.envelopes import DataKeys, Envelopes
from cloudlet.services.lambda_.errors import InvalidParameterValueException
from cloudlet.services.lambda_.event_sources import filters
from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping, SealedFilters
from cloudlet.services.lambda_.event_sources.role import service_call

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.event_sources.filters import Filters

_PRINCIPAL: Final = "lambda.amazonaws.com"
_REUSE_SECONDS: Final = 300.0
_PATTERNS: Final = msgspec.json.Decoder(tuple[str, ...])


class FilterKeys(DataKeys):
    """The data keys of filter criteria."""


def sealed(call: Call, row: EventSourceMapping) -> EventSourceMapping:
    """A mapping as it is stored. Raises InvalidParameterValueException with KMS's refusal."""
    if not row.filters:
        return row
    if row.kms_key_arn is None:
        return replace(row, sealed_filters=None)
    try:
        content = _envelopes(call.on_behalf(_PRINCIPAL), row.source_arn, row.function_arn).seal(
            row.kms_key_arn, msgspec.json.encode(row.filters)
        )
    except ServiceError as error:
        raise InvalidParameterValueException(error.message) from error
    return replace(row, filters=(), sealed_filters=SealedFilters(row.function_arn, content))


def opened(call: Call, row: EventSourceMapping) -> EventSourceMapping:
    """A mapping with its filters in the clear. Raises what KMS says to the caller's wish to decrypt."""
    if row.sealed_filters is None:
        return row
    envelopes = _envelopes(call, row.source_arn, row.sealed_filters.function_arn)
    patterns = _PATTERNS.decode(envelopes.open(row.sealed_filters.content))
    return replace(row, filters=patterns, sealed_filters=None)


def to_be_changed(call: Call, row: EventSourceMapping, request: Any) -> EventSourceMapping:
    """A mapping whose filters a request may change: in the clear where that needs them."""
    if "FilterCriteria" in request:
        return replace(row, sealed_filters=None)
    if "KMSKeyArn" not in request:
        return row
    try:
        return opened(call.on_behalf(_PRINCIPAL), row)
    except ServiceError as error:
        raise InvalidParameterValueException(error.message) from error


def described(call: Call, row: EventSourceMapping, last_result: str | None) -> dict[str, Any]:
    """An EventSourceMappingConfiguration; it says why to those who may not see its filters."""
    try:
        return opened(call.on_behalf(_PRINCIPAL), row).describe(last_result)
    except ServiceError as error:
        code = "AccessDeniedException" if error.code == "AccessDenied" else error.code
        refused = {"ErrorCode": code, "Message": error.message}
        return {**row.describe(last_result), "FilterCriteriaError": refused}


async def compiled(cloud: Cloud, row: EventSourceMapping) -> Filters:
    """The filters by which a mapping is read. Raises what KMS says to Lambda's wish to decrypt them."""
    call = service_call(cloud, row.account, row.region)
    plain = await call.transact(lambda inner: opened(inner, row), read_only=True)
    return filters.compile_filters(plain.filters, row.kind)


def _envelopes(call: Call, source_arn: str, function_arn: str) -> Envelopes:
    context = {"aws:lambda:EventSourceArn": source_arn, "aws:lambda:FunctionArn": function_arn}
    return Envelopes(call, call.cloud.component(FilterKeys), context, _REUSE_SECONDS)
