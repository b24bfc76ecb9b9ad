"""AddPermission and RemovePermission: statements of a queue's policy by their labels.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sqs import state
from cloudlet.services.sqs.errors import InvalidParameterValue, OverLimit
from cloudlet.services.sqs.operations.queues import asked_queue
from cloudlet.services.sqs.permissions import on_queue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_sqs import type_defs as api

    from cloudlet.services.sqs.model import Queue

_ACTIONS: Final = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)
_MOST_ACTIONS: Final = 7
_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


@operation("AddPermission", permissions=on_queue("AddPermission"))
def add_permission(call: Call, request: api.AddPermissionRequestTypeDef) -> None:
    """Lets other accounts do things with a queue."""
    queue = asked_queue(call, request)
    label, accounts, actions = request["Label"], request["AWSAccountIds"], request["Actions"]
    _check(label, accounts, actions)
    policy = _policy(queue)
    if any(statement.get("Sid") == label for statement in policy["Statement"]):
        raise InvalidParameterValue.of("Label", label, "Already exists.")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    policy["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_many(principals)},
            "Action": _one_or_many([f"SQS:{action}" for action in actions]),
            "Resource": queue.arn,
        }
    )
    _save(call, queue, policy)


@operation("RemovePermission", permissions=on_queue("RemovePermission"))
def remove_permission(call: Call, request: api.RemovePermissionRequestTypeDef) -> None:
    """Takes back what a label stands for."""
    queue = asked_queue(call, request)
    policy, label = _policy(queue), request["Label"]
    kept = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
    if len(kept) == len(policy["Statement"]):
        raise InvalidParameterValue.of("Label", label, "can't find label.")
    _save(call, queue, {**policy, "Statement": kept})


def _check(label: str, accounts: Sequence[str], actions: Sequence[str]) -> None:
    if not _LABEL.fullmatch(label):
        raise InvalidParameterValue.of(
            "Label",
            label,
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    if len(actions) > _MOST_ACTIONS:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {_MOST_ACTIONS}.")
    for action in actions:
        if action not in _ACTIONS:
            raise InvalidParameterValue.of(
                "ActionName", f"SQS:{action}", "Only the queue owner is allowed to invoke this action."
            )
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise InvalidParameterValue.of("PrincipalId", f"[{account}]", "Unable to verify.")


def _policy(queue: Queue) -> dict[str, Any]:
    text = queue.attributes.get("Policy")
    if not text:
        return {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    policy: dict[str, Any] = json.loads(text)
    statements = policy["Statement"]
    policy["Statement"] = statements if isinstance(statements, list) else [statements]
    return policy


def _save(call: Call, queue: Queue, policy: dict[str, Any]) -> None:
    text = json.dumps(policy, separators=(",", ":")) if policy["Statement"] else ""
    state.save_queue(call, queue.changed({"Policy": text}, call.time()), before=queue)


def _one_or_many(texts: list[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else texts
