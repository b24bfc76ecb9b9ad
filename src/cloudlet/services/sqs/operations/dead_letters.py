"""Operations on dead letters: whose they are, and tasks that move them back.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
The moving itself is the worker's.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.arn import find_arn
from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sqs import state, urls
from cloudlet.services.sqs.errors import InvalidParameterValue, ResourceNotFoundException
from cloudlet.services.sqs.model import MoveTask, Queue, milliseconds
from cloudlet.services.sqs.operations.queues import asked_queue, page_size
from cloudlet.services.sqs.permissions import on_queue, permission
from cloudlet.services.sqs.urls import QueueAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from types_boto3_sqs import type_defs as api

    from cloudlet.core.access import Permission
    from cloudlet.core.operation import Request

_MOST_PER_SECOND: Final = 500
_MOST_TASKS: Final = 10
_READING: Final = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


@operation(
    "ListDeadLetterSourceQueues",
    permissions=on_queue("ListDeadLetterSourceQueues"),
    read_only=True,
    unsigned=True,
)
def list_dead_letter_source_queues(
    call: Call, request: api.ListDeadLetterSourceQueuesRequestTypeDef
) -> dict[str, Any]:
    """The queues whose dead letters go to a queue."""
    target = asked_queue(call, request)
    size, token = page_size(request), request.get("NextToken")
    account, _, name = (token or "").partition("/")
    sources = state.list_sources(call, target, (account, name) if token else None, size + 1)
    answer: dict[str, Any] = {"queueUrls": [urls.queue_url(call, source) for source in sources[:size]]}
    if len(sources) > size and request.get("MaxResults"):
        answer["NextToken"] = f"{sources[size - 1].account}/{sources[size - 1].name}"
    return answer


def _address(arn: str) -> QueueAddress | None:
    parsed = find_arn(arn)
    if parsed is None or parsed.service != "sqs" or not parsed.resource:
        return None
    return QueueAddress(parsed.account, parsed.region, parsed.resource)


def _on_source(action: str) -> Callable[[Call, Any], Sequence[Permission]]:
    def judge(call: Call, request: Request) -> Sequence[Permission]:
        address = _address(request["SourceArn"])
        return [] if address is None else [permission(call, action, address)]

    return judge


def _moving(call: Call, request: Request) -> Sequence[Permission]:
    asked = [*_on_source("StartMessageMoveTask")(call, request)]
    for action in _READING:
        asked += _on_source(action)(call, request)
    destination = _address(request.get("DestinationArn") or "")
    return asked if destination is None else [*asked, permission(call, "SendMessage", destination)]


@operation("StartMessageMoveTask", permissions=_moving)
def start_message_move_task(call: Call, request: api.StartMessageMoveTaskRequestTypeDef) -> dict[str, Any]:
    """Begins to move the messages of a dead-letter queue."""
    rate, destination_arn = request.get("MaxNumberOfMessagesPerSecond"), request.get("DestinationArn")
    if rate is not None and not 1 <= rate <= _MOST_PER_SECOND:
        raise InvalidParameterValue.of(
            "MaxNumberOfMessagesPerSecond", rate, f"Must be between 1 and {_MOST_PER_SECOND}, if provided."
        )
    source = _queue(call, "SourceArn", request["SourceArn"])
    if destination_arn is not None:
        _queue(call, "DestinationArn", destination_arn)
    if not state.list_sources(call, source, None, 1):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    if state.running_task(call, source.arn) is not None:
        raise InvalidParameterValue(
            "There is already a task running. Only one active task is allowed for a source queue arn at a "
            "given time."
        )
    to_move = state.messages(call, source).counts().visible
    task = MoveTask(call.ids.uuid(), source.arn, destination_arn, rate, call.time(), to_move)
    state.save_task(call, task)
    state.forget_old_tasks(call, source.arn)
    call.wake(state.TASKS_TOPIC)
    return {"TaskHandle": _write_handle(task)}


@operation("ListMessageMoveTasks", permissions=_on_source("ListMessageMoveTasks"), read_only=True)
def list_message_move_tasks(call: Call, request: api.ListMessageMoveTasksRequestTypeDef) -> dict[str, Any]:
    """The last tasks of a queue."""
    limit = request.get("MaxResults", 1)
    if not 1 <= limit <= _MOST_TASKS:
        raise InvalidParameterValue.of(
            "MaxResults", limit, f"Must be between 1 and {_MOST_TASKS}, if provided."
        )
    source = _queue(call, "SourceArn", request["SourceArn"])
    tasks = state.list_tasks(call, source, limit)
    return {"Results": [_told(task) for task in tasks]} if tasks else {}


def _canceling(call: Call, request: Request) -> Sequence[Permission]:
    _, source_arn = _read_handle(request["TaskHandle"])
    return _on_source("CancelMessageMoveTask")(call, {"SourceArn": source_arn})


@operation("CancelMessageMoveTask", permissions=_canceling)
def cancel_message_move_task(call: Call, request: api.CancelMessageMoveTaskRequestTypeDef) -> dict[str, Any]:
    """Ends a task; what it has moved stays moved."""
    task_id, source_arn = _read_handle(request["TaskHandle"])
    _queue(call, "SourceArn", source_arn)
    task = state.find_task(call, source_arn, task_id)
    if task is None:
        raise ResourceNotFoundException("Task does not exist.")
    if not task.runs:
        raise InvalidParameterValue("Only active tasks can be cancelled.")
    state.save_task(call, task.ended("CANCELLED"))
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def _queue(call: Call, parameter: str, arn: str) -> Queue:
    found = state.find_queue_by_arn(call, arn)
    if found is None:
        raise ResourceNotFoundException(
            f"The resource that you specified for the {parameter} parameter doesn't exist."
        )
    return found


def _told(task: MoveTask) -> dict[str, Any]:
    told = {
        "TaskHandle": _write_handle(task) if task.runs else None,
        "Status": task.status,
        "SourceArn": task.source_arn,
        "DestinationArn": task.destination_arn,
        "MaxNumberOfMessagesPerSecond": task.messages_per_second,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure_reason,
        "StartedTimestamp": milliseconds(task.started_at),
    }
    return {name: value for name, value in told.items() if value is not None}


def _write_handle(task: MoveTask) -> str:
    document = {"taskId": task.id, "sourceArn": task.source_arn}
    return base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def _read_handle(handle: str) -> tuple[str, str]:
    try:
        document = json.loads(base64.b64decode(handle, validate=True))
        return str(document["taskId"]), str(document["sourceArn"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
