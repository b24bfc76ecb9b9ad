"""Topic policies: the one that every topic begins with, and statements by their labels.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
They are data here; what they permit is judged in cloudlet.access.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.sns.errors import InvalidParameterException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.sns.model import Topic

ACTIONS: Final = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
"""What a topic policy can speak of."""
_IN_POLICIES: Final = frozenset(
    each.lower()
    for each in (
        *ACTIONS,
        "*",
        "ConfirmSubscription",
        "GetDataProtectionPolicy",
        "ListTagsForResource",
        "PutDataProtectionPolicy",
        "Receive",
        "TagResource",
        "UntagResource",
    )
)
_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def text(topic: Topic) -> str:
    """The policy of a topic as JSON."""
    return topic.attributes.get("Policy") or json.dumps(_default(topic), separators=(",", ":"))


def _default(topic: Topic) -> dict[str, Any]:
    """What a topic may do for whom before anybody says otherwise."""
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in ACTIONS],
                "Resource": topic.arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
            }
        ],
    }


def check_actions(policy: dict[str, Any]) -> None:
    """Raises InvalidParameterException for a statement about what SNS does not do."""
    for statement in _statements(policy):
        actions = statement.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            service, _, name = str(action).partition(":")
            if action != "*" and (service.lower() != "sns" or not _is_known(name.lower())):
                raise InvalidParameterException(
                    "Invalid parameter: Policy statement action out of service scope!"
                )


def _is_known(name: str) -> bool:
    if "*" not in name and "?" not in name:
        return name in _IN_POLICIES
    pattern = re.escape(name).replace(r"\*", ".*").replace(r"\?", ".")
    return any(re.fullmatch(pattern, each) for each in _IN_POLICIES)


def with_permission(topic: Topic, label: str, accounts: Sequence[str], actions: Sequence[str]) -> str:
    """The policy of a topic with one statement more. Raises InvalidParameterException."""
    if not _LABEL.fullmatch(label):
        raise InvalidParameterException.of("Label")
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise InvalidParameterException.of("AWSAccountId")
    for action in actions:
        if action not in ACTIONS:
            raise InvalidParameterException(
                "Invalid parameter: Policy statement action out of service scope!"
            )
    policy: dict[str, Any] = json.loads(text(topic))
    statements = _statements(policy)
    if any(statement.get("Sid") == label for statement in statements):
        raise InvalidParameterException("Invalid parameter: Statement already exists")
    made = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_many([f"arn:aws:iam::{account}:root" for account in accounts])},
        "Action": _one_or_many([f"SNS:{action}" for action in actions]),
        "Resource": topic.arn,
    }
    return json.dumps({**policy, "Statement": [*statements, made]}, separators=(",", ":"))


def without_permission(topic: Topic, label: str) -> str:
    """The policy of a topic without the statement of a label; one that is not there is no error."""
    policy: dict[str, Any] = json.loads(text(topic))
    kept = [statement for statement in _statements(policy) if statement.get("Sid") != label]
    return json.dumps({**policy, "Statement": kept}, separators=(",", ":"))


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    statements = policy.get("Statement", [])
    return list(statements) if isinstance(statements, list) else [statements]


def _one_or_many(texts: list[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else texts
