"""What a session is: its principal, its tags and its policies. Pure rules.

No I/O; who may have a session is judged elsewhere.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import PolicyDocument, Principal, PrincipalKind
from cloudlet.core.arn import find_arn
from cloudlet.services.sts.errors import InvalidParameterValue, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.core.identity import Role

_PARTITION: Final = re.compile(r"aws[a-z-]*")
_PACKED_LIMIT: Final = 2048

Tags = tuple[tuple[str, str], ...]


def check_role_arn(text: str) -> None:
    """Raises ValidationError for what is no ARN of a role."""
    arn = find_arn(text)
    if arn is None or not _PARTITION.fullmatch(arn.partition) or not arn.service or not arn.resource:
        raise ValidationError(f"{text} is invalid")


def requested_tags(request: Mapping[str, Any]) -> Tags:
    """The session tags of a request. Raises InvalidParameterValue."""
    tags = tuple((each["Key"], each["Value"]) for each in request.get("Tags", ()))
    keys = [key.lower() for key, _ in tags]
    if len(set(keys)) != len(keys):
        raise InvalidParameterValue(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        )
    if not {key.lower() for key in request.get("TransitiveTagKeys", ())} <= set(keys):
        raise InvalidParameterValue(
            "The specified transitive tag key must be included in the requested tags."
        )
    return tags


def inherited_tags(caller: Principal, requested: Tags) -> Tags:
    """The tags that the caller's own session hands on. Raises InvalidParameterValue where they collide."""
    handed_on = {key.lower() for key in caller.transitive_tag_keys}
    if any(key.lower() in handed_on for key, _ in requested):
        raise InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive "
            "tag key from the calling session."
        )
    return tuple((key, value) for key, value in caller.tags if key.lower() in handed_on)


def role_session(
    role: Role,
    caller: Principal,
    request: Mapping[str, Any],
    policies: Sequence[PolicyDocument],
) -> Principal:
    """The principal of a role's session."""
    name = request["RoleSessionName"]
    requested = requested_tags(request)
    session_tags = (*inherited_tags(caller, requested), *requested)
    return Principal(
        PrincipalKind.ASSUMED_ROLE,
        f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{name}",
        role.account,
        unique_id=f"{role.unique_id}:{name}",
        role_arn=role.arn,
        tags=_merged(tuple(role.tags.items()), session_tags),
        transitive_tag_keys=(*caller.transitive_tag_keys, *request.get("TransitiveTagKeys", ())),
        session_policies=tuple(policies),
        source_identity=request.get("SourceIdentity") or caller.source_identity,
    )


def federated_session(
    caller: Principal, request: Mapping[str, Any], policies: Sequence[PolicyDocument]
) -> Principal:
    """The principal of a federated user's session."""
    name = request["Name"]
    return Principal(
        PrincipalKind.FEDERATED_USER,
        f"arn:aws:sts::{caller.account}:federated-user/{name}",
        caller.account,
        unique_id=f"{caller.account}:{name}",
        role_arn=caller.arn,
        tags=_merged(caller.tags, requested_tags(request)),
        session_policies=tuple(policies),
    )


def packed_policy_size(policies: Sequence[PolicyDocument], tags: Tags) -> int:
    """How much of the room for policies and tags is taken, in percent.

    AWS packs them by a method that it does not publish; this counts their characters.
    """
    used = sum(len(each.text) for each in policies) + sum(len(key) + len(value) for key, value in tags)
    return min(100, math.ceil(100 * used / _PACKED_LIMIT))


def _merged(own: Tags, session: Tags) -> Tags:
    """A session's tag hides the tag of the same name that its role or user has."""
    hidden = {key.lower() for key, _ in session}
    return (*((key, value) for key, value in own if key.lower() not in hidden), *session)
