"""Throughput of tables and indexes: provisioned units, what on-demand ones may use at most, what is warm.

Pure rules in DynamoDB's words; the changes that they are part of are in table_changes.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.errors import LimitExceededException, ValidationException
from cloudlet.services.dynamodb.model import (
    PAY_PER_REQUEST,
    PROVISIONED,
    OnDemandThroughput,
    Throughput,
    WarmThroughput,
)
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.operation import Request

MAX_UNITS: Final = 1_000_000_000_000
TABLE_UNITS: Final = 40_000
"""The most that an account's table or index may have, of either kind; AWS raises it on request."""
NO_LIMIT: Final = -1
"""What stands for no limit of an on-demand table or index."""

_FREE_DECREASES: Final = 4
_BETWEEN_DECREASES_SECONDS: Final = 3600.0
_DAY_SECONDS: Final = 86400
_UNITS: Final = ("ReadCapacityUnits", "WriteCapacityUnits")
_INITIAL: Final = WarmThroughput(12000, 4000)
_OF_INITIAL: Final = (
    "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
)


def throughput_of(units: Mapping[str, int] | None) -> Throughput:
    """The provisioned capacity of a request."""
    if units is None:
        return Throughput()
    return Throughput(units["ReadCapacityUnits"], units["WriteCapacityUnits"])


def check_bounds(units: Mapping[str, int], suffix: str = "") -> None:
    """Raises ValidationException for more capacity than there is."""
    for name in _UNITS:
        if units[name] > MAX_UNITS:
            raise ValidationException(f"Given value {units[name]} for {name} is out of bounds{suffix}")


def check_quotas(requested: Mapping[str, Any], region: str, index: str | None = None) -> None:
    """Raises LimitExceededException for a table or an index of more than the account may give it."""
    for name, value in requested.get("ProvisionedThroughput", {}).items():
        if value > TABLE_UNITS:
            of_index, kind = ("", "table") if index is None else (f" for index {index}", "index")
            raise LimitExceededException(
                f"The requested {name}{of_index}, {value}, is above the per {kind} maximum for the "
                f"account in {region}. Per table maximum: {TABLE_UNITS}. Refer to the Amazon DynamoDB "
                "Developer Guide for current limits and how to request higher limits."
            )
    limits, warm = requested.get("OnDemandThroughput", {}), requested.get("WarmThroughput", {})
    for name, value in limits.items():
        _check_quota(name, value, f"OnDemandThroughput for {_limited(index)}", region)
    for name, value in warm.items():
        _check_quota(name, value, f"WarmThroughput for {_warmed_up(index)}", region)


def _check_quota(name: str, value: int, of_what: str, region: str) -> None:
    if value > TABLE_UNITS:
        quota = "TableMaxReadCapacityUnits" if "Read" in name else "TableMaxWriteCapacityUnits"
        raise LimitExceededException(
            f"Subscriber limit exceeded: Requested {name} for {of_what} exceeds {quota} "
            f"of the account in region {region}"
        )


def _limited(index: str | None) -> str:
    return "table" if index is None else f"index : {index}"


def _warmed_up(index: str | None) -> str:
    return "table" if index is None else f"index {index}"


def changed(current: Throughput, units: Mapping[str, int], now: float) -> Throughput:
    """The capacity after a change that is made now. Raises LimitExceededException for too many decreases."""
    reads, writes = units["ReadCapacityUnits"], units["WriteCapacityUnits"]
    if reads < current.read_units or writes < current.write_units:
        _check_decreases(current, now)
    return current.changed_to(reads, writes, now)


def _check_decreases(current: Throughput, now: float) -> None:
    """Four a day of UTC; then one whenever none was made for an hour."""
    last, made = current.last_decrease, current.decreases_on(now)
    if last is None or made < _FREE_DECREASES or now - last >= _BETWEEN_DECREASES_SECONDS:
        return
    midnight = (now // _DAY_SECONDS + 1) * _DAY_SECONDS
    raise LimitExceededException(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
        f"After the first {_FREE_DECREASES} decreases, each subsequent decrease in the same UTC day can be "
        f"performed at most once every {_BETWEEN_DECREASES_SECONDS:.0f} seconds. "
        f"Number of decreases today: {made}. Last decrease at {_spelled(last)}. "
        f"Next decrease can be made at {_spelled(min(last + _BETWEEN_DECREASES_SECONDS, midnight))}"
    )


def _spelled(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return (
        f"{moment:%A}, {moment:%B} {moment.day}, {moment.year} at "
        f"{moment.hour % 12 or 12}:{moment:%M:%S %p} Coordinated Universal Time"
    )


def check_changes(current: Throughput, units: Mapping[str, int], index: str | None = None) -> None:
    """Raises ValidationException for a change to what is so already."""
    if (units["ReadCapacityUnits"], units["WriteCapacityUnits"]) != (current.read_units, current.write_units):
        return
    what, where = ("the table", "the table") if index is None else (f"the index {index}", f"index {index}")
    told = ". ".join(
        f"Current {name} provisioned for {where}: {units[name]}. Requested {name}: {units[name]}"
        for name in _UNITS
    )
    raise ValidationException(
        f"The provisioned throughput for {what} will not change. The requested value equals the current "
        f"value. {told}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
        "higher limits."
    )


def new_limits(
    requested: Mapping[str, int] | None, billing_mode: str, index: str | None = None
) -> OnDemandThroughput | None:
    """The limits of a new table or index, if it shall have any. Raises ValidationException."""
    if not requested:
        return None
    if billing_mode == PROVISIONED:
        of_index = "" if index is None else f" for index: {index}"
        raise ValidationException(
            f"{INVALID}{next(iter(requested))} for OnDemandThroughput{of_index} cannot be specified when "
            "table BillingMode is PROVISIONED."
        )
    for name, value in requested.items():
        _check_limit(name, value, index)
    return _merged(OnDemandThroughput(), requested)


def changed_limits(
    current: OnDemandThroughput | None,
    requested: Mapping[str, int],
    billing_mode: str,
    index: str | None = None,
) -> OnDemandThroughput | None:
    """The limits after a change, in which -1 removes one. Raises ValidationException."""
    if billing_mode == PROVISIONED:
        of_index = "" if index is None else f" for index : {index}"
        raise ValidationException(
            f"{INVALID}{next(iter(requested))} for OnDemandThroughput{of_index} cannot be specified when the "
            "table BillingMode is PROVISIONED"
        )
    for name, value in requested.items():
        if value != NO_LIMIT:
            _check_limit(name, value, index)
    return _merged(current or OnDemandThroughput(), requested)


def _check_limit(name: str, value: int, index: str | None) -> None:
    if value < 1:
        raise ValidationException(
            f"{INVALID}Requested {name} for OnDemandThroughput for {_limited(index)} "
            "is outside of valid range"
        )


def _merged(current: OnDemandThroughput, requested: Mapping[str, int]) -> OnDemandThroughput | None:
    merged = OnDemandThroughput(
        requested.get("MaxReadRequestUnits", current.max_read_units),
        requested.get("MaxWriteRequestUnits", current.max_write_units),
    )
    return None if merged == OnDemandThroughput() else merged


def warm_throughput(
    billing_mode: str, throughput: Throughput, raised: WarmThroughput | None
) -> WarmThroughput:
    """What a table or an index can do at once: at least what it is provisioned for."""
    least = _INITIAL if billing_mode == PAY_PER_REQUEST else _provisioned(throughput)
    return least if raised is None else raised.at_least(least)


def _provisioned(throughput: Throughput) -> WarmThroughput:
    return WarmThroughput(throughput.read_units, throughput.write_units)


def new_warm(
    requested: Mapping[str, int] | None, billing_mode: str, throughput: Throughput, index: str | None = None
) -> WarmThroughput | None:
    """What a new table or index shall be warm for; None without a wish. Raises ValidationException."""
    if not requested:
        return None
    least = warm_throughput(billing_mode, throughput, None)
    lower = {"ReadUnitsPerSecond": least.read_units, "WriteUnitsPerSecond": least.write_units}
    for name, value in requested.items():
        if value < lower[name]:
            of_provisioned = f"{name.removesuffix('UnitsPerSecond')}CapacityUnits of ProvisionedThroughput"
            than = _OF_INITIAL if billing_mode == PAY_PER_REQUEST else of_provisioned
            raise ValidationException(
                f"{INVALID}Requested {name} for WarmThroughput for {_warmed_up(index)} is lower than {than}"
            )
    return _warmed(least, requested)


def raised_warm(
    current: WarmThroughput, requested: Mapping[str, int], index: str | None = None
) -> WarmThroughput:
    """What it shall be warm for from now on. Raises ValidationException."""
    lower = {"ReadUnitsPerSecond": current.read_units, "WriteUnitsPerSecond": current.write_units}
    for name, value in requested.items():
        if value < lower[name]:
            raise ValidationException(
                f"{INVALID}Requested {name} for WarmThroughput for {_warmed_up(index)} is lower than current "
                "WarmThroughput, decreasing WarmThroughput is not supported"
            )
    return _warmed(current, requested)


def _warmed(current: WarmThroughput, requested: Mapping[str, int]) -> WarmThroughput:
    return WarmThroughput(
        requested.get("ReadUnitsPerSecond", current.read_units),
        requested.get("WriteUnitsPerSecond", current.write_units),
    )


def check_new(billing_mode: str, request: Request) -> None:
    """Raises ValidationException for units of a new table that its billing mode forbids or misses."""
    units = request.get("ProvisionedThroughput")
    if billing_mode == PAY_PER_REQUEST:
        if units is not None:
            raise units_forbidden()
        return
    if units is None:
        raise ValidationException(
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified "
            "when BillingMode is PROVISIONED"
        )
    check_bounds(units)


def units_forbidden() -> ValidationException:
    """The refusal of provisioned units for an on-demand table."""
    return ValidationException(
        f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
        "when BillingMode is PAY_PER_REQUEST"
    )
