"""Where DynamoDB's rows stand. The only package of the service that names keys.

No rules: those are in model.py, keys.py and definitions.py of the service.
"""

from __future__ import annotations

from cloudlet.services.dynamodb.state.items import (
    add_to_index,
    collection_size,
    count_rows,
    delete_index,
    find_item,
    find_item_at,
    items_after,
    items_in,
    replace_item,
)
from cloudlet.services.dynamodb.state.keys import (
    index_position,
    index_prefix,
    item_prefix,
)
from cloudlet.services.dynamodb.state.tables import (
    Tables,
    add_table,
    change_time_to_live,
    delete_table,
    find_table,
    list_table_names,
    managed_table,
    save_table,
    save_table_size,
    table,
    table_name,
    table_size,
    tagged_table,
)
from cloudlet.services.dynamodb.state.tokens import (
    Spent,
    find_spent_token,
    spend_token,
)
from cloudlet.services.dynamodb.state.waiting import (
    BACKFILL_TOPIC,
    Backfill,
    Expiry,
    TableOf,
    add_expiry,
    delete_expiry,
    end_backfill,
    find_backfill,
    list_all_tables,
    list_backfills,
    list_expired,
    save_backfill,
    start_backfill,
)

__all__ = [
    "BACKFILL_TOPIC",
    "Backfill",
    "Expiry",
    "Spent",
    "TableOf",
    "Tables",
    "add_expiry",
    "add_table",
    "add_to_index",
    "change_time_to_live",
    "collection_size",
    "count_rows",
    "delete_expiry",
    "delete_index",
    "delete_table",
    "end_backfill",
    "find_backfill",
    "find_item",
    "find_item_at",
    "find_spent_token",
    "find_table",
    "index_position",
    "index_prefix",
    "item_prefix",
    "items_after",
    "items_in",
    "list_all_tables",
    "list_backfills",
    "list_expired",
    "list_table_names",
    "managed_table",
    "replace_item",
    "save_backfill",
    "save_table",
    "save_table_size",
    "spend_token",
    "start_backfill",
    "table",
    "table_name",
    "table_size",
    "tagged_table",
]
