"""The layout of DynamoDB's keys.

    table/{name}                                              a Table
    size/{table id}                                           a TableSize
    item/{table id}/{hash}/{partition}/{sort}                 an item, in its wire form
    index/{table id}/{index}/{hash}/{partition}/{sort}/...    an item's projection; the table's key follows
    token/{client token}                                      what a transaction's client token was used for
    spent/{second}/{client token}                             the same by age
    stream/{table}/{label}                                    a Stream, which may outlive its table
    shard/{table}/{label}/{shard}                             a Shard, which gives its records their numbers
    record/{table}/{label}/{shard}/{number}                   a Record
    journal/{table id}/{microsecond}/{hash}/{partition}/{sort}   what an item was before a change
    backup/{backup}                                           a Backup; its items stand below item/{rows}
    export/{export}                                           an Export
    import/{import}                                           an Import
    absent/{copy}/{hash}/{partition}/{sort}                   that a copy shall have no item there
    changed/{copy}/{hash}/{partition}/{sort}                  a Change for an incremental export
    outbox/{table id}                                         the number of the next change for Kinesis
    version/{table id}/{hash}/{partition}/{sort}              the Version of an item of a table with replicas
    replication/{table id}/{region}                           the number of the next write for a region

All of it below ("dynamodb", account, region). Work that waits stands below ("dynamodb-work",), so that the
workers find it; {scope} is {account}/{region} and {position} is {hash}/{partition}/{sort}:

    backfill/{scope}/{table id}/{index}                       how far an index has been filled
    expiry/{second}/{scope}/{table}/{table id}/{position}     which item may have expired
    table/{scope}/{name}                                      which tables there are
    stream/{scope}/{table}/{label}                            which streams
    outbox/{scope}/{table id}/{number}                        a Change that Kinesis is still to get
    job/{scope}/{id}                                          a Job on backups
    journal/{scope}/{name}                                    which tables have a journal
    expiring-backup/{scope}/{backup}                          which backups expire
    import/{scope}/{import}                                   which imports are unfinished
    replication/{scope}/{table id}/{region}/{number}          a ReplicatedWrite that a region is still to get
    deleted-version/{second}/{scope}/{table id}/{position}    which versions are those of deletions
    replica/{scope}/{table id}/{region}                       a ReplicaWork

Nothing here reads or writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.model import Index, Table
    from cloudlet.services.dynamodb.values import Item

BACKFILLS: Final[Key] = ("dynamodb-work", "backfill")
EXPIRIES: Final[Key] = ("dynamodb-work", "expiry")
TABLES: Final[Key] = ("dynamodb-work", "table")
OUTBOX: Final[Key] = ("dynamodb-work", "outbox")
STREAMS: Final[Key] = ("dynamodb-work", "stream")
JOBS: Final[Key] = ("dynamodb-work", "job")
IMPORTS: Final[Key] = ("dynamodb-work", "import")
REPLICATION: Final[Key] = ("dynamodb-work", "replication")
DELETED_VERSIONS: Final[Key] = ("dynamodb-work", "deleted-version")
JOURNALS: Final[Key] = ("dynamodb-work", "journal")
EXPIRING_BACKUPS: Final[Key] = ("dynamodb-work", "expiring-backup")


def scope(call: Call) -> Key:
    """What the keys of an account's rows in a region begin with."""
    return ("dynamodb", call.account, call.region)


def table_key(call: Call, name: str) -> Key:
    """Where a table's row stands."""
    return ("dynamodb", call.account, call.region, "table", name)


def backfill_key(call: Call, table_id: str, index_name: str) -> Key:
    """Where it stands how far an index has been filled."""
    return (*BACKFILLS, call.account, call.region, table_id, index_name)


def expiry_key(call: Call, table: Table, second: int, row_key: tuple[bytes, ...]) -> Key:
    """Where it stands that an item may have expired."""
    return (*EXPIRIES, second, call.account, call.region, table.name, table.id, *row_key)


def item_prefix(call: Call, table: Table) -> Key:
    """What the keys of a table's items begin with; hash, partition and sort key follow."""
    return ("dynamodb", call.account, call.region, "item", table.id)


def rows_prefix(call: Call, rows: str) -> Key:
    """What the keys of the items below an id begin with: a table's, or a copy's."""
    return ("dynamodb", call.account, call.region, "item", rows)


def absent_prefix(call: Call, copy: str) -> Key:
    """What the keys begin with that say where a copy has no item."""
    return ("dynamodb", call.account, call.region, "absent", copy)


def changed_prefix(call: Call, copy: str) -> Key:
    """What the keys of the changes begin with that are collected for an export."""
    return ("dynamodb", call.account, call.region, "changed", copy)


def journal_prefix(call: Call, table_id: str) -> Key:
    """What the keys of a table's former items begin with."""
    return ("dynamodb", call.account, call.region, "journal", table_id)


def backup_key(call: Call, backup_id: str) -> Key:
    """Where a backup's row stands."""
    return ("dynamodb", call.account, call.region, "backup", backup_id)


def export_key(call: Call, export_id: str) -> Key:
    """Where an export's row stands."""
    return ("dynamodb", call.account, call.region, "export", export_id)


def import_key(call: Call, import_id: str) -> Key:
    """Where an import's row stands."""
    return ("dynamodb", call.account, call.region, "import", import_id)


def index_prefix(call: Call, table: Table, index: Index) -> Key:
    """What the keys of an index's rows begin with; the keys of index and table follow."""
    return ("dynamodb", call.account, call.region, "index", table.id, index.name)


def index_position(table: Table, index: Index, item: Item) -> tuple[bytes, ...]:
    """Where an item stands in an index, after its prefix."""
    return (*index.keys.row_key(item), *table.keys.row_key(item)[1:])


def stream_key(call: Call, table_name: str, label: str) -> Key:
    """Where a stream's row stands."""
    return ("dynamodb", call.account, call.region, "stream", table_name, label)


def stream_work_key(call: Call, table_name: str, label: str) -> Key:
    """Where it stands that there is a stream, for the worker that keeps it."""
    return (*STREAMS, call.account, call.region, table_name, label)


def shard_prefix(call: Call, table_name: str, label: str) -> Key:
    """What the keys of a stream's shards begin with."""
    return ("dynamodb", call.account, call.region, "shard", table_name, label)


def shard_key(call: Call, table_name: str, label: str, shard_id: str) -> Key:
    """Where a shard's row stands."""
    return ("dynamodb", call.account, call.region, "shard", table_name, label, shard_id)


def record_prefix(call: Call, table_name: str, label: str, shard_id: str) -> Key:
    """What the keys of a shard's records begin with."""
    return ("dynamodb", call.account, call.region, "record", table_name, label, shard_id)


def record_key(call: Call, table_name: str, label: str, shard_id: str, number: int) -> Key:
    """Where a record stands."""
    return ("dynamodb", call.account, call.region, "record", table_name, label, shard_id, number)


def outbox_counter_key(call: Call, table_id: str) -> Key:
    """Where the number of a table's next change for Kinesis stands."""
    return ("dynamodb", call.account, call.region, "outbox", table_id)


def outbox_key(call: Call, table_id: str, number: int) -> Key:
    """Where a change for Kinesis stands."""
    return (*OUTBOX, call.account, call.region, table_id, number)


def version_prefix(call: Call, table_id: str) -> Key:
    """What the keys of the versions of a table's items begin with."""
    return ("dynamodb", call.account, call.region, "version", table_id)


def replication_counter_prefix(call: Call, table_id: str) -> Key:
    """What the keys of the numbers of a table's next writes begin with; the region that gets them follows."""
    return ("dynamodb", call.account, call.region, "replication", table_id)
