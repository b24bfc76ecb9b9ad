"""Users, groups and roles as far as they are alike: look-ups, policies, boundaries, what hinders deletion.

The operations on top of it are in operations/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import PolicyKind, PrincipalKind
from cloudlet.core.arn import find_arn
from cloudlet.core.rows import Rows
from cloudlet.services.iam import catalogue, documents, model, state
from cloudlet.services.iam.errors import DeleteConflict, InvalidInput, LimitExceeded, NoSuchEntity
from cloudlet.services.iam.model import Group, Policy, Role, User, key_of
from cloudlet.services.iam.pages import ValidationError, page

if TYPE_CHECKING:
    from cloudlet.core.call import Call

E = TypeVar("E", User, Group, Role)

_ATTACHED_LIMIT: Final = 10


class Kind(Struct, Generic[E], frozen=True):
    """One of the three sorts of entity that policies are attached to."""

    noun: str
    title: str
    rows: Rows[E]
    inline_size: int
    """How long its inline policies may be in all."""

    @property
    def member(self) -> str:
        """The request member that names one."""
        return f"{self.title}Name"

    def named(self, call: Call, request: Mapping[str, Any]) -> E:
        """The entity that a request names. Raises NoSuchEntity."""
        return self.get(call, request[self.member])

    def get(self, call: Call, name: str) -> E:
        """An entity by name. Raises NoSuchEntity."""
        found = state.find(self.rows, call, name)
        if found is None:
            raise NoSuchEntity(f"The {self.noun} with name {name} cannot be found.")
        return found


USER: Final = Kind("user", "User", state.USERS, 2048)
GROUP: Final = Kind("group", "Group", state.GROUPS, 5120)
ROLE: Final = Kind("role", "Role", state.ROLES, 10240)


def named_user(call: Call, request: Mapping[str, Any]) -> User:
    """The user that UserName names, or the caller. Raises NoSuchEntity or ValidationError."""
    name = request.get("UserName")
    if name:
        return USER.get(call, name)
    if call.principal.kind is not PrincipalKind.USER:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return USER.get(call, call.principal.name)


def find_policy(call: Call, policy_arn: str) -> Policy | None:
    """A managed policy of AWS or of the call's account."""
    arn = find_arn(policy_arn)
    if arn is None:
        return None
    if arn.account == "aws":
        return catalogue.published().get(policy_arn)
    if arn.account != call.account:
        return None
    policy = state.find(state.POLICIES, call, arn.resource.rpartition("/")[2])
    return policy if policy and policy.arn == policy_arn else None


def attach(call: Call, kind: Kind[E], entity: E, policy_arn: str) -> None:
    """Attaches a managed policy; one that is attached already stays so."""
    check_arn(policy_arn)
    if find_policy(call, policy_arn) is None:
        raise NoSuchEntity(f"Policy {policy_arn} does not exist or is not attachable.")
    if policy_arn in entity.attached:
        return
    if len(entity.attached) >= _ATTACHED_LIMIT:
        raise LimitExceeded(f"Cannot exceed quota for PoliciesPer{kind.title}: {_ATTACHED_LIMIT}")
    state.save_entity(call, model.with_attached(entity, policy_arn))
    state.save_attachment(call, policy_arn, state.Attachment(kind.noun, key_of(entity.name)))


def detach(call: Call, kind: Kind[E], entity: E, policy_arn: str) -> None:
    """Detaches a managed policy. Raises NoSuchEntity where it is not attached."""
    check_arn(policy_arn)
    if policy_arn not in entity.attached:
        raise NoSuchEntity(f"Policy {policy_arn} was not found.")
    state.save_entity(call, model.without_attached(entity, policy_arn))
    state.delete_attachment(call, policy_arn, state.Attachment(kind.noun, key_of(entity.name)))


def list_attached(entity: User | Group | Role, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to ListAttached...Policies."""
    prefix = request.get("PathPrefix") or "/"
    arns = (arn for arn in entity.attached if _path_of(arn).startswith(prefix))
    return page(request, "AttachedPolicies", arns, describe_attached)


def describe_attached(policy_arn: str) -> dict[str, str]:
    """An attached policy, as lists have it."""
    return {"PolicyName": policy_arn.rpartition("/")[2], "PolicyArn": policy_arn}


def put_inline(call: Call, kind: Kind[E], entity: E, request: Mapping[str, Any]) -> None:
    """Writes an inline policy."""
    document = request["PolicyDocument"]
    call.cloud.access.validate(document, PolicyKind.IDENTITY)
    changed = model.with_inline(entity, request["PolicyName"], document)
    if sum(map(documents.size, changed.inline.values())) > kind.inline_size:
        raise LimitExceeded(
            f"Maximum policy size of {kind.inline_size} bytes exceeded for {kind.noun} {entity.name}"
        )
    state.save_entity(call, changed)


def get_inline(kind: Kind[E], entity: E, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to Get...Policy. Raises NoSuchEntity."""
    name = request["PolicyName"]
    document = _inline(kind, entity, name)
    return {kind.member: entity.name, "PolicyName": name, "PolicyDocument": documents.encoded(document)}


def delete_inline(call: Call, kind: Kind[E], entity: E, request: Mapping[str, Any]) -> None:
    """Removes an inline policy. Raises NoSuchEntity."""
    name = request["PolicyName"]
    _inline(kind, entity, name)
    state.save_entity(call, model.without_inline(entity, name))


def list_inline(entity: User | Group | Role, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to List...Policies."""
    return page(request, "PolicyNames", sorted(entity.inline), str)


def check_unattached(entity: User | Group | Role) -> None:
    """Raises DeleteConflict while policies are attached."""
    if entity.attached:
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if entity.inline:
        raise DeleteConflict("Cannot delete entity, must delete policies first.")


def put_boundary(call: Call, kind: Kind[User] | Kind[Role], entity: User | Role, policy_arn: str) -> None:
    """Makes a managed policy the permissions boundary."""
    delete_boundary(call, kind, entity)
    check_boundary(call, policy_arn)
    state.save_entity(call, replace(entity, boundary=policy_arn))
    state.save_attachment(call, policy_arn, _boundary(kind, entity))


def delete_boundary(call: Call, kind: Kind[User] | Kind[Role], entity: User | Role) -> None:
    """Takes the permissions boundary away, if there is one."""
    if entity.boundary is None:
        return
    state.delete_attachment(call, entity.boundary, _boundary(kind, entity))
    state.save_entity(call, replace(entity, boundary=None))


def check_boundary(call: Call, policy_arn: str) -> None:
    """Raises NoSuchEntity, or what check_arn() does, for what cannot be a permissions boundary."""
    check_arn(policy_arn)
    if find_policy(call, policy_arn) is None:
        raise NoSuchEntity(f"Scope ARN: {policy_arn} does not exist or is not attachable.")


def check_arn(text: str) -> None:
    """Raises ValidationError for what is no ARN, InvalidInput for one that is no policy's."""
    arn = find_arn(text)
    if arn is None:
        raise ValidationError(f"ARN {text} is not valid.")
    if arn.service != "iam" or not arn.resource.startswith("policy/"):
        raise InvalidInput(f"ARN {text} is not valid.")


def describe_boundary(policy_arn: str) -> dict[str, str]:
    """A permissions boundary, as users and roles show it."""
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": policy_arn}


def _boundary(kind: Kind[User] | Kind[Role], entity: User | Role) -> state.Attachment:
    return state.Attachment(kind.noun, key_of(entity.name), boundary=True)


def _inline(kind: Kind[E], entity: E, name: str) -> str:
    document = entity.inline.get(name)
    if document is None:
        raise NoSuchEntity(f"The {kind.noun} policy with name {name} cannot be found.")
    return document


def _path_of(policy_arn: str) -> str:
    return policy_arn.partition(":policy")[2].rpartition("/")[0] + "/"
