"""The compiled stages that were served last.

A stage's row is read for every request and compared by its bytes, so that what another server deploys counts
here at once; its deployment never changes, so that is compiled once.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.apigateway import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.store import Transaction

    from .compiled import CompiledStage

_MOST_STAGES: Final = 256


class _Kept(Struct, frozen=True):
    """A compiled stage and the row that it was compiled for."""

    row: bytes
    stage: CompiledStage
    canary: CompiledStage | None
    canary_percent: float


class CompiledStages:
    """The component that keeps them."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    async def close(self) -> None:
        """Forgets them."""
        self._kept.clear()

    async def find(self, api_id: str, stage_name: str) -> CompiledStage | None:
        """A stage as it is now; None where there is none such."""
        return await self._cloud.store.transact(
            lambda transaction: self._find_within(transaction, api_id, stage_name), read_only=True
        )

    def _find_within(self, transaction: Transaction, api_id: str, stage_name: str) -> CompiledStage | None:
        row = transaction.get(state.serving_key(api_id, stage_name))
        if row is None:
            return None
        kept = self._kept.get((api_id, stage_name))
        if kept is None or kept.row != row:
            kept = self._compiled(transaction, api_id, row)
            if kept is None:
                return None
            self._kept[api_id, stage_name] = kept
            while len(self._kept) > _MOST_STAGES:
                self._kept.popitem(last=False)
        self._kept.move_to_end((api_id, stage_name))
        if kept.canary is not None and self._cloud.ids.random.random() * 100 < kept.canary_percent:
            return kept.canary
        return kept.stage

    def _compiled(self, transaction: Transaction, api_id: str, row: bytes) -> _Kept | None:
        from .compiled import compile_stage  # noqa: PLC0415  start time: templates and paths take 20 ms to load

        serving = state.decode_serving(row)
        call = self._call(transaction, serving.account, serving.region)
        snapshot = state.find_snapshot(call, api_id, serving.stage.deployment_id)
        if snapshot is None:
            return None
        stage, canary = compile_stage(serving, snapshot), serving.stage.canary_settings
        other = state.find_snapshot(call, api_id, canary.deployment_id) if canary else None
        if canary is None or other is None or canary.percent_traffic <= 0:
            return _Kept(row, stage, None, 0.0)
        of_canary = replace(serving, stage=serving.stage.as_canary(canary))
        return _Kept(row, stage, compile_stage(of_canary, other, is_canary=True), canary.percent_traffic)

    def _call(self, transaction: Transaction, account: str, region: str) -> Call:
        call = self._cloud.call(
            "apigateway", Principal.of_service("apigateway.amazonaws.com"), account, region
        )
        call.open_transaction = transaction
        return call
