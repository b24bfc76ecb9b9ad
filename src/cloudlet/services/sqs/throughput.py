"""How often FIFO queues may be asked, where the server is to hold clients to that; batches count once.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cloudlet.core.rates import CallRates
from cloudlet.services.sqs.errors import ThrottlingException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.sqs.model import Queue

_PER_QUEUE: Final = 300
_PER_GROUP: Final = 300
_HIGH: Final[Mapping[str, int]] = MappingProxyType(
    {
        "us-east-1": 70_000,
        "us-west-2": 70_000,
        "eu-west-1": 70_000,
        "us-east-2": 19_000,
        "eu-central-1": 19_000,
        "ap-south-1": 9_000,
        "ap-southeast-1": 9_000,
        "ap-southeast-2": 9_000,
        "ap-northeast-1": 9_000,
        "eu-west-2": 4_500,
        "sa-east-1": 4_500,
    }
)
"""The calls a second of each action on a queue of high throughput, by region."""
_HIGH_ELSEWHERE: Final = 2_400


class Throughput:
    """The calls of this second on FIFO queues."""

    def __init__(self) -> None:
        self._rates = CallRates()

    async def close(self) -> None:
        """Nothing is kept."""

    def check(self, call: Call, queue: Queue, action: str) -> None:
        """Counts a call of an action on a queue. Raises ThrottlingException."""
        limit = _PER_QUEUE
        if queue.has_high_throughput:
            limit = _HIGH.get(queue.region, _HIGH_ELSEWHERE)
        if not self._rates.takes(call, (queue.id, action), limit):
            raise ThrottlingException("Rate exceeded")

    def check_group(self, call: Call, queue: Queue, action: str, group_id: str) -> None:
        """Counts it for a message group, which in a queue of high throughput is limited by itself.

        Raises ThrottlingException.
        """
        if queue.has_high_throughput and not self._rates.takes(
            call, (queue.id, action, group_id), _PER_GROUP
        ):
            raise ThrottlingException("Rate exceeded")


def check_throughput(call: Call, queue: Queue, action: str) -> None:
    """Raises ThrottlingException for a call that is one too many in its second."""
    if queue.fifo and call.cloud.throughput_limits:
        call.cloud.component(Throughput).check(call, queue, action)


def check_group_throughput(call: Call, queue: Queue, action: str, group_id: str) -> None:
    """Raises ThrottlingException for a call that is one too many for a message group in its second."""
    if queue.fifo and call.cloud.throughput_limits:
        call.cloud.component(Throughput).check_group(call, queue, action, group_id)
