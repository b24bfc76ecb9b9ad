"""What an account may have, and its billing commitment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.kinesis import limits, state
from cloudlet.services.kinesis.model import Commitment

if TYPE_CHECKING:
    from types_boto3_kinesis import type_defs as api


@operation("DescribeLimits", read_only=True)
def describe_limits(call: Call, request: Request) -> dict[str, Any]:
    """The account's quotas and how much of them is used."""
    return {
        "ShardLimit": limits.shard_limit(call),
        "OpenShardCount": limits.open_shards(call),
        "OnDemandStreamCount": limits.on_demand_streams(call),
        "OnDemandStreamCountLimit": limits.ON_DEMAND_STREAMS,
    }


@operation("DescribeAccountSettings", read_only=True)
def describe_account_settings(call: Call, request: Request) -> dict[str, Any]:
    """The account's billing commitment."""
    return {"MinimumThroughputBillingCommitment": _describe(call, state.find_commitment(call))}


@operation("UpdateAccountSettings")
def update_account_settings(call: Call, request: api.UpdateAccountSettingsInputTypeDef) -> dict[str, Any]:
    """Begins or ends the account's billing commitment, which lasts for a day at least."""
    enabled = request["MinimumThroughputBillingCommitment"]["Status"] == "ENABLED"
    current = state.find_commitment(call)
    now = call.time()
    if current is not None and current.end(now) is not None:
        current = None
    if enabled:
        kept = Commitment(now) if current is None else replace(current, ends_when_allowed=False)
        state.save_commitment(call, kept)
    elif current is not None:
        early = now < current.earliest_end
        ended = replace(current, ends_when_allowed=True) if early else replace(current, ended_at=now)
        state.save_commitment(call, ended)
    return {"MinimumThroughputBillingCommitment": _describe(call, state.find_commitment(call))}


def _describe(call: Call, commitment: Commitment | None) -> dict[str, Any]:
    if commitment is None:
        return {"Status": "DISABLED"}
    described: dict[str, Any] = {"Status": "ENABLED", "StartedAt": _time(commitment.started_at)}
    ended_at = commitment.end(call.time())
    if ended_at is not None:
        return {**described, "Status": "DISABLED", "EndedAt": _time(ended_at)}
    if commitment.ends_when_allowed:
        described["Status"] = "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    return {**described, "EarliestAllowedEndAt": _time(commitment.earliest_end)}


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
