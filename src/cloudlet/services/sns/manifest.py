"""The manifest of SNS; it holds no logic."""

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.sns.delivery.functions import function_carrier
from cloudlet.services.sns.delivery.queues import QueueCarrier
from cloudlet.services.sns.delivery.status_logs import StatusLogs
from cloudlet.services.sns.delivery.web import web_carrier
from cloudlet.services.sns.encryption import TopicKeys
from cloudlet.services.sns.expiry import ExpiryWorker
from cloudlet.services.sns.operations import policies, publishing, subscriptions, tags, topics
from cloudlet.services.sns.resources import RESOURCES
from cloudlet.services.sns.signing import MessageSigner

SERVICE: Final = Service(
    name="sns",
    operations=operations_in(topics, policies, tags, subscriptions, publishing),
    resources=RESOURCES,
    components=(MessageSigner, lambda _cloud: TopicKeys(), StatusLogs),
    workers=(
        QueueCarrier,
        function_carrier,
        web_carrier,
        ExpiryWorker,
        lambda cloud: cloud.component(StatusLogs),
    ),
)
