"""What the deletion of a table and the removal of a replica have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.operations.backups import end_recovery, keep_deleted
from cloudlet.services.dynamodb.replication import DELETING, ReplicaWork

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.model import Table


def check_removable(call: Call, table: Table) -> None:
    """Raises ValidationException for a table that is protected, or that a young replica was copied from."""
    if table.deletion_protection and table.replicas:
        raise ValidationException(
            f"Cannot delete table {table.name} in region {call.region} because it has deletion protection "
            "enabled. Disable deletion protection first."
        )
    if table.deletion_protection:
        raise ValidationException(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    if any(each.holds_back(call.region, call.time()) for each in table.replicas):
        raise ValidationException(
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being "
            "added to the table in the last 24 hours."
        )


def remove_table(call: Call, table: Table) -> None:
    """Removes a table; its stream stays readable for a day, and its replicas hear of its last writes."""
    state.stop_stream(call, table)
    if table.recovery is not None:
        keep_deleted(call, table)
        end_recovery(call, table)
    state.delete_table(call, table, keep_items=table.keeps_history)
    if table.replicas:
        _leave_group(call, table)


def _leave_group(call: Call, table: Table) -> None:
    remaining = []
    for there, sibling in state.siblings(call, table):
        known = sibling.find_replica(call.region)
        if known is not None:
            state.forget_queue(there, sibling, call.region)
            state.save_table(there, sibling.with_replica(replace(known, status=DELETING)))
            remaining.append(there.region)
    work = ReplicaWork(call.account, call.region, table.name, table.id, remaining=tuple(remaining))
    state.start_replica_work(call, work)
