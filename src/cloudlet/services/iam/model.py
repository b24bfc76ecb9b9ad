"""What IAM keeps: users, groups, roles, policies, instance profiles, access keys; and their pure rules.

No I/O, no clock, no randomness here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.core.tags import tag_list
from cloudlet.services.iam.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Tags: TypeAlias = dict[str, str]
Entity: TypeAlias = "User | Group | Role"
E = TypeVar("E", bound="User | Group | Role")


class Named(Struct, frozen=True):
    """What all that has a path and a name has in common."""

    name: str
    path: str
    id: str
    account: str
    created_at: float

    @property
    def created(self) -> datetime:
        """CreateDate, which IAM tells in whole seconds."""
        return datetime.fromtimestamp(int(self.created_at), UTC)


class Group(Named, frozen=True):
    """A group of users."""

    inline: dict[str, str] = field(default_factory=dict)
    """Inline policies: name to document."""
    attached: tuple[str, ...] = ()
    """ARNs of managed policies, in the order of their attachment."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iam::{self.account}:group{self.path}{self.name}"


class User(Named, frozen=True):
    """A user."""

    inline: dict[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    tags: Tags = field(default_factory=dict)
    boundary: str | None = None
    groups: tuple[str, ...] = ()
    """The keys (names in lower case) of its groups."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iam::{self.account}:user{self.path}{self.name}"


class Role(Named, frozen=True):
    """A role."""

    trust_policy: str = ""
    description: str | None = None
    max_session_duration_seconds: int = 3600
    inline: dict[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    tags: Tags = field(default_factory=dict)
    boundary: str | None = None
    service: str | None = None
    """Of a service-linked role: the service that it is linked to."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iam::{self.account}:role{self.path}{self.name}"


class PolicyVersion(Struct, frozen=True):
    """One version of a managed policy."""

    number: int
    document: str
    created_at: float

    @property
    def id(self) -> str:
        """Such as v1."""
        return f"v{self.number}"

    @property
    def created(self) -> datetime:
        """CreateDate."""
        return datetime.fromtimestamp(int(self.created_at), UTC)


class Policy(Named, frozen=True):
    """A managed policy and its versions, the oldest first."""

    versions: tuple[PolicyVersion, ...] = ()
    default_number: int = 1
    last_number: int = 1
    """The highest number ever given; numbers are not used again."""
    updated_at: float = 0.0
    description: str | None = None
    tags: Tags = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN; AWS's own policies are the account aws's."""
        return f"arn:aws:iam::{self.account}:policy{self.path}{self.name}"

    @property
    def is_aws(self) -> bool:
        """Whether it is one of AWS's own, which nobody can change."""
        return self.account == "aws"

    @property
    def updated(self) -> datetime:
        """UpdateDate."""
        return datetime.fromtimestamp(int(self.updated_at), UTC)

    @property
    def default(self) -> PolicyVersion:
        """The version in force."""
        return next(each for each in self.versions if each.number == self.default_number)

    def find_version(self, version_id: str) -> PolicyVersion | None:
        """A version by its id, such as v1."""
        return next((each for each in self.versions if each.id == version_id), None)

    def with_version(self, document: str, now: float, *, default: bool) -> Policy:
        """The policy with one version more."""
        number = self.last_number + 1
        return replace(
            self,
            versions=(*self.versions, PolicyVersion(number, document, now)),
            last_number=number,
            default_number=number if default else self.default_number,
            updated_at=now,
        )

    def without_version(self, version: PolicyVersion, now: float) -> Policy:
        """The policy without a version."""
        kept = tuple(each for each in self.versions if each != version)
        return replace(self, versions=kept, updated_at=now)


class InstanceProfile(Named, frozen=True):
    """What hands a role to an EC2 instance."""

    role: str | None = None
    """The key (the name in lower case) of its role."""
    tags: Tags = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iam::{self.account}:instance-profile{self.path}{self.name}"


class AccessKey(Struct, frozen=True):
    """A long-term access key. That of a root user has no user."""

    id: str
    secret: str
    account: str
    user: str | None
    """The key (the name in lower case) of its user."""
    created_at: float
    active: bool = True

    @property
    def created(self) -> datetime:
        """CreateDate."""
        return datetime.fromtimestamp(int(self.created_at), UTC)

    @property
    def status(self) -> str:
        """As the API says it."""
        return "Active" if self.active else "Inactive"


class LoginProfile(Struct, frozen=True):
    """That a user has a password; the password itself is kept as a salted hash."""

    salt: bytes
    digest: bytes
    created_at: float
    reset_required: bool = False

    @property
    def created(self) -> datetime:
        """CreateDate."""
        return datetime.fromtimestamp(int(self.created_at), UTC)


def key_of(name: str) -> str:
    """What a name is found by: IAM's names do not differ by case alone."""
    return name.lower()


def with_inline(entity: E, name: str, document: str) -> E:
    """The entity with an inline policy set."""
    return replace(entity, inline={**entity.inline, name: document})


def without_inline(entity: E, name: str) -> E:
    """The entity without an inline policy."""
    return replace(entity, inline={key: text for key, text in entity.inline.items() if key != name})


def with_attached(entity: E, policy_arn: str) -> E:
    """The entity with a managed policy attached."""
    return replace(entity, attached=(*entity.attached, policy_arn))


def without_attached(entity: E, policy_arn: str) -> E:
    """The entity with a managed policy detached."""
    return replace(entity, attached=tuple(arn for arn in entity.attached if arn != policy_arn))


def new_tags(members: Iterable[Mapping[str, Any]] | None, *, fold_case: bool = False) -> Tags:
    """Tags as the API gives them, by key. Raises InvalidInput for a key that is there twice."""
    given = list(members or ())
    keys = [each["Key"].lower() if fold_case else each["Key"] for each in given]
    if len(set(keys)) != len(keys):
        more = " Please note that Tag keys are case insensitive." if fold_case else ""
        raise InvalidInput(f"Duplicate tag keys found.{more}")
    return {each["Key"]: each["Value"] for each in given}


def sorted_tag_list(tags: Tags) -> list[dict[str, str]]:
    """Tags as lists answer them: by key, capitals first."""
    return tag_list(dict(sorted(tags.items())))


def policy_tag_list(tags: Tags) -> list[dict[str, str]]:
    """Tags as AWS lists those of policies: short keys before long ones."""
    return tag_list(dict(sorted(tags.items(), key=lambda tag: (len(tag[0]), tag[0]))))
