"""The manifest of SQS; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.sqs.encryption import QueueKeys
from cloudlet.services.sqs.fairness import ProcessingTimes
from cloudlet.services.sqs.metrics import MetricsSampler, QueueMetrics
from cloudlet.services.sqs.operations import (
    dead_letters,
    policies,
    queues,
    received,
    receiving,
    sending,
    tags,
)
from cloudlet.services.sqs.polls import LongPolls
from cloudlet.services.sqs.resources import QueueInlinePolicyType, QueuePolicyType, QueueType
from cloudlet.services.sqs.throughput import Throughput
from cloudlet.services.sqs.workers import MoveTaskWorker, RetentionWorker

SERVICE: Final = Service(
    name="sqs",
    operations=operations_in(queues, policies, tags, sending, receiving, received, dead_letters),
    resources=(QueueType(), QueuePolicyType(), QueueInlinePolicyType()),
    components=(
        LongPolls,
        lambda _cloud: ProcessingTimes(),
        lambda _cloud: QueueKeys(),
        lambda _cloud: Throughput(),
        QueueMetrics,
    ),
    workers=(MoveTaskWorker, RetentionWorker, MetricsSampler),
)
