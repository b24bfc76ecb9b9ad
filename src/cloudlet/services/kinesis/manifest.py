"""The manifest of Kinesis Data Streams; it holds no logic."""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.kinesis.encryption import StreamKeys
from cloudlet.services.kinesis.metrics import StreamMetrics
from cloudlet.services.kinesis.operations import (
    account,
    consumers,
    policies,
    queue_records,
    queues,
    reading,
    records,
    resharding,
    settings,
    shards,
    streams,
    tags,
)
from cloudlet.services.kinesis.rates import OperationRates, limited
from cloudlet.services.kinesis.resources import ResourcePolicyType, StreamConsumerType, StreamType
from cloudlet.services.kinesis.throughput import ReadRates
from cloudlet.services.kinesis.workers import Changes, Retention

SERVICE: Final = Service(
    name="kinesis",
    operations=limited(
        operations_in(
            streams,
            shards,
            resharding,
            records,
            reading,
            consumers,
            settings,
            tags,
            policies,
            account,
            queues,
            queue_records,
        )
    ),
    resources=(StreamType(), StreamConsumerType(), ResourcePolicyType()),
    components=(
        ReadRates,
        StreamMetrics,
        lambda _cloud: OperationRates(),
        lambda _cloud: StreamKeys(),
    ),
    workers=(Changes, Retention),
)
