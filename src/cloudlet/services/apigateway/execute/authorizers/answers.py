"""What a Lambda authorizer's function may answer, and the answers that are remembered.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
Judges no policy.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from ..errors import authorizer_misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Cloud

_MOST_ANSWERS: Final = 10_000
Key: TypeAlias = tuple[str, ...]


class AuthorizerAnswer(Struct, frozen=True):
    """Whom an authorizer takes the caller for, and what that one may do."""

    principal_id: str
    policy: str
    """The policy document's text."""
    context: Mapping[str, str]
    usage_identifier_key: str | None = None


def parsed(payload: bytes) -> AuthorizerAnswer:
    """A function's answer. Raises GatewayError for one that means nothing."""
    try:
        document: Any = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise authorizer_misconfigured("Could not parse authorizer response") from error
    if not isinstance(document, dict):
        raise authorizer_misconfigured("Could not parse policy")
    principal_id, policy = document.get("principalId"), document.get("policyDocument")
    if not isinstance(principal_id, str) or not isinstance(policy, dict) or not policy:
        raise authorizer_misconfigured("Could not parse policy")
    context = document.get("context")
    if context is not None and not isinstance(context, dict):
        raise authorizer_misconfigured("Invalid authorizer context")
    usage = document.get("usageIdentifierKey")
    return AuthorizerAnswer(
        principal_id,
        json.dumps(policy),
        {name: _text(value) for name, value in (context or {}).items() if value is not None},
        usage if isinstance(usage, str) else None,
    )


def _text(value: Any) -> str:
    """A value of the context; only texts, numbers and booleans can be passed on, and all as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return msgspec.json.encode(value).decode()
    raise authorizer_misconfigured("Invalid authorizer context: objects and arrays are not supported")


class RememberedAnswers:
    """The answers of authorizers, each for as long as its authorizer says, by the cloud's clock.

    Only to save asking again: every server has its own.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._kept: OrderedDict[Key, tuple[float, AuthorizerAnswer]] = OrderedDict()

    async def close(self) -> None:
        """Forgets them."""
        self._kept.clear()

    def find(self, key: Key) -> AuthorizerAnswer | None:
        """An answer that still counts."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[0] <= self._clock.time():
            del self._kept[key]
            return None
        return kept[1]

    def keep(self, key: Key, answer: AuthorizerAnswer, seconds: float) -> None:
        """Remembers an answer."""
        self._kept[key] = (self._clock.time() + seconds, answer)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_ANSWERS:
            self._kept.popitem(last=False)
