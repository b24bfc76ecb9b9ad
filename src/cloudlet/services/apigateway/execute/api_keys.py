"""API keys: which key a request shows, and which usage plan lets it into the stage.

Counts nothing; `throttling.py` and `quotas.py` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.services.apigateway import metering, usage_state

from .errors import invalid_api_key

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.apigateway.usage_model import Throttle, UsagePlan

    from .compiled import CompiledMethod, CompiledStage
    from .invocation import Invocation


class Admission(Struct, frozen=True):
    """A key and the plan by which it may call the stage."""

    key_id: str
    plan: UsagePlan
    throttle: Throttle | None
    """The plan's own limit for this method, where it has one."""
    quota_left: int | None
    """What the store says is left of the quota; None without one."""


def needs_key(_: CompiledStage, method: CompiledMethod) -> bool:
    """Whether only requests with a key are served."""
    return method.api_key_required


async def require_api_key(invocation: Invocation) -> None:
    """Finds the key and its plan. Raises GatewayError for a request without one that is good here."""
    value = _shown(invocation)
    if not value:
        raise invalid_api_key()
    admission = await invocation.call.transact(
        lambda call: _admission(call, invocation, value), read_only=True
    )
    if admission is None:
        raise invalid_api_key()
    invocation.admission = admission
    invocation.caller = {**invocation.caller, "apiKey": value, "apiKeyId": admission.key_id}
    invocation.context_made = None


def _shown(invocation: Invocation) -> str | None:
    if invocation.stage.api_key_source == "AUTHORIZER":
        return invocation.usage_identifier_key
    return invocation.request.header("x-api-key")


def _admission(call: Call, invocation: Invocation, value: str) -> Admission | None:
    key = usage_state.find_served_key(call, value)
    if key is None or not key.enabled:
        return None
    stage, method = invocation.stage, invocation.method
    for plan_id in key.plan_ids:
        plan = usage_state.find_plan(call, plan_id)
        served = plan.find_stage(stage.api_id, stage.name) if plan else None
        if plan is not None and served is not None:
            own = (served.throttle or {}).get(f"{method.resource_path}/{method.http_method}")
            left = metering.remaining(call, plan, key.id)
            return Admission(key.id, plan, own, left)
    return None
