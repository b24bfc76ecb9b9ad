"""Kinesis Data Streams: streams, shards, records, iterators and consumers.

The manifest; it holds no logic.
"""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.kinesis.operations import reading, records, shards, streams
from cloudlet.services.kinesis.workers import Changes

SERVICE: Final = Service(
    name="kinesis",
    operations=operations_in(streams, shards, records, reading),
    workers=(Changes,),
)
