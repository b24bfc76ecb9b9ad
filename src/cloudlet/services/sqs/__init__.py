"""SQS: standard and FIFO queues, long polls, dead letters."""

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.sqs.operations import queues, received, receiving, sending
from cloudlet.services.sqs.polls import LongPolls

__all__ = ["SERVICE"]

SERVICE = Service(
    name="sqs",
    operations=operations_in(queues, sending, receiving, received),
    components=(LongPolls,),
)
