"""Delivers the changes of tables to their Kinesis data streams: at least once, in the order of each table.

A stream that does not take them holds up its own table only; its changes wait until it does, or for a day.
"""

from __future__ import annotations

import logging
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.services.dynamodb import state

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.destinations import Change
    from cloudlet.services.dynamodb.state import Outgoing

_LOG: Final = logging.getLogger("cloudlet.dynamodb")
_SWEEP_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 5.0
_KEPT_SECONDS: Final = 24 * 3600.0
_BATCH: Final = 200
_BATCH_BYTES: Final = 8 * 1024 * 1024


class KinesisDelivery:
    """Delivers what is there, then waits for more."""

    name = "dynamodb-kinesis"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._owner = cloud.ids.uuid()

    async def run(self) -> None:
        """Works until cancelled."""
        with self._cloud.wakeups.listening(state.OUTBOX_TOPIC) as listener:
            while True:
                all_delivered = await self._deliver_all()
                await listener.wait(self._cloud.clock, _SWEEP_SECONDS if all_delivered else _RETRY_SECONDS)

    async def _deliver_all(self) -> bool:
        """Goes through all tables; whether nothing is left."""
        after: Key = ()
        all_delivered = True
        while True:
            claim = partial(state.claim_outgoing, owner=self._owner, after=after, limit=_BATCH)
            outgoing = await self._call("", "").transact(claim)
            if outgoing is None:
                return all_delivered
            if not await self._deliver(outgoing):
                all_delivered = False
                after = (outgoing.account, outgoing.region, outgoing.table_id)

    async def _deliver(self, outgoing: Outgoing) -> bool:
        """Delivers a table's oldest changes; whether they are there."""
        if outgoing.lease is None:
            return False
        call = self._call(outgoing.account, outgoing.region)
        batch = _of_one_stream([change for _, change in outgoing.changes], outgoing.region)
        records = [{"Data": data, "PartitionKey": change.partition_key} for change, data in batch]
        try:
            request = {"StreamARN": batch[0][0].stream_arn, "Records": records}
            answer = await call.ask("kinesis", "PutRecords", request)
        except ServiceError as error:
            _LOG.warning("%s takes no changes: %s: %s", batch[0][0].stream_arn, error.code, error.message)
            expired = [change for change, _ in batch if change.created < call.time() - _KEPT_SECONDS]
            await call.transact(partial(state.forget_changes, outgoing=outgoing, count=len(expired)))
            return False
        done = len(list(takewhile(lambda record: "ErrorCode" not in record, answer["Records"])))
        await call.transact(partial(state.forget_changes, outgoing=outgoing, count=done))
        return done == len(batch)

    def _call(self, account: str, region: str) -> Call:
        # AWS's service-linked role may write to every stream; the caller's rights were judged at Enable.
        return self._cloud.call("dynamodb", Principal.root(account), account, region)


def _of_one_stream(changes: list[Change], region: str) -> list[tuple[Change, bytes]]:
    """The first changes that go to the same stream and fit into one request, with their documents."""
    batch: list[tuple[Change, bytes]] = []
    size = 0
    for change in changes:
        data = change.document(region)
        size += len(data)
        if batch and (size > _BATCH_BYTES or change.stream_arn != batch[0][0].stream_arn):
            break
        batch.append((change, data))
    return batch
