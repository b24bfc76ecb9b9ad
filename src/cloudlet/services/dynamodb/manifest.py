"""The manifest of DynamoDB; it holds no logic."""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.dynamodb.backup_work import BackupTrim, BackupWork
from cloudlet.services.dynamodb.delivery import KinesisDelivery
from cloudlet.services.dynamodb.expressions import Expressions
from cloudlet.services.dynamodb.global_table_resource import GlobalTableResource
from cloudlet.services.dynamodb.import_work import ImportWork
from cloudlet.services.dynamodb.metrics import observe
from cloudlet.services.dynamodb.operations import (
    backups,
    batches,
    destinations,
    exports,
    global_tables,
    imports,
    insights,
    items,
    policies,
    queries,
    restores,
    settings,
    statements,
    table_updates,
    tables,
    transactions,
)
from cloudlet.services.dynamodb.replication_work import Replication
from cloudlet.services.dynamodb.resources import TableResource
from cloudlet.services.dynamodb.state import Tables
from cloudlet.services.dynamodb.streams.workers import StreamKeeper
from cloudlet.services.dynamodb.table_keys import TableKeys
from cloudlet.services.dynamodb.throttling import ProvisionedLimits
from cloudlet.services.dynamodb.workers import IndexBackfill, TableSizes, TimeToLive

SERVICE: Final = Service(
    name="dynamodb",
    operations=operations_in(
        tables,
        table_updates,
        items,
        queries,
        batches,
        transactions,
        statements,
        settings,
        destinations,
        policies,
        backups,
        restores,
        insights,
        global_tables,
        exports,
        imports,
    ),
    resources=(TableResource(), GlobalTableResource()),
    observe=observe,
    components=(
        lambda _cloud: Expressions(),
        lambda _cloud: Tables(),
        lambda _cloud: ProvisionedLimits(),
        lambda _cloud: TableKeys(),
    ),
    workers=(
        IndexBackfill,
        TimeToLive,
        TableSizes,
        KinesisDelivery,
        BackupWork,
        BackupTrim,
        ImportWork,
        Replication,
        StreamKeeper,
    ),
)
