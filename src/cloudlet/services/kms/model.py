"""Keys, their material and their aliases as values, and the rules that need no store.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html says what a state allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.kms.errors import (
    DisabledException,
    InvalidKeyUsageException,
    KMSInvalidStateException,
    UnsupportedOperationException,
)
from cloudlet.services.kms.specs import SPECS, SYMMETRIC_DEFAULT, KeySpec, KeyUsage

ALIAS_PREFIX: Final = "alias/"
AWS_ALIAS_PREFIX: Final = "alias/aws/"
MULTI_REGION_PREFIX: Final = "mrk-"
DAY_SECONDS: Final = 86400.0


class KeyState(Enum):
    """Where a key stands in its life."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    PENDING_DELETION = "PendingDeletion"
    PENDING_IMPORT = "PendingImport"
    PENDING_REPLICA_DELETION = "PendingReplicaDeletion"


class Origin(Enum):
    """Where the material comes from."""

    AWS_KMS = "AWS_KMS"
    EXTERNAL = "EXTERNAL"


class KeyManager(Enum):
    """Who rules a key: its account, or an AWS service in it."""

    CUSTOMER = "CUSTOMER"
    AWS = "AWS"


class Key(Struct, frozen=True):
    """A KMS key: what is known of it, without its material."""

    id: str
    account: str
    region: str
    created_at: float
    policy: str
    spec_name: str = SYMMETRIC_DEFAULT
    usage: KeyUsage = KeyUsage.ENCRYPT_DECRYPT
    origin: Origin = Origin.AWS_KMS
    manager: KeyManager = KeyManager.CUSTOMER
    description: str = ""
    state: KeyState = KeyState.ENABLED
    tags: Mapping[str, str] = field(default_factory=dict)
    material_id: str = ""
    """The material that encrypts now; "" while there is none yet."""
    deletion_at: float | None = None
    rotation_period_days: int | None = None
    """How often the material is renewed; None for never."""
    next_rotation_at: float | None = None
    pending_days: int = 0
    """How long it waits for its end, once that is scheduled."""
    primary_region: str = ""
    """Of a multi-Region key: where its primary is."""
    replica_regions: tuple[str, ...] = ()
    material_valid_to: float | None = None
    """When imported material goes by itself, in seconds since 1970."""

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return key_arn(self.account, self.region, self.id)

    @property
    def spec(self) -> KeySpec:
        """What kind of material it has."""
        return SPECS[self.spec_name]

    @property
    def is_multi_region(self) -> bool:
        """Whether it may have replicas."""
        return self.id.startswith(MULTI_REGION_PREFIX)

    @property
    def is_replica(self) -> bool:
        """Whether it is the copy of a primary in another region."""
        return self.is_multi_region and self.region != self.primary_region

    @property
    def other_regions(self) -> tuple[str, ...]:
        """Where the other keys are that share its material."""
        regions = (self.primary_region, *self.replica_regions) if self.is_multi_region else ()
        return tuple(region for region in regions if region != self.region)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """By what it does what it is made for."""
        return self.spec.algorithms[self.usage]

    def check_usable(self) -> None:
        """Raises DisabledException or KMSInvalidStateException where it cannot be used."""
        if self.state is KeyState.DISABLED:
            raise DisabledException(f"{self.arn} is disabled.")
        self.check_material()

    def check_material(self) -> None:
        """Raises KMSInvalidStateException for one that waits for its end, or for material."""
        self.check_not_pending_deletion()
        if self.state is KeyState.PENDING_IMPORT:
            raise KMSInvalidStateException(f"{self.arn} is pending import.")

    def check_not_pending_deletion(self) -> None:
        """Raises KMSInvalidStateException for one that waits for its end."""
        if self.state is KeyState.PENDING_DELETION:
            raise KMSInvalidStateException(f"{self.arn} is pending deletion.")
        if self.state is KeyState.PENDING_REPLICA_DELETION:
            raise KMSInvalidStateException(f"{self.arn} is pending replica deletion.")

    def check_usage(self, usage: KeyUsage, operation: str) -> None:
        """Raises InvalidKeyUsageException where it is made for something else."""
        if self.usage is not usage:
            raise InvalidKeyUsageException(
                f"{self.arn} key usage is {self.usage.value} which is not valid for {operation}."
            )

    def check_algorithm(self, algorithm: str) -> None:
        """Raises InvalidKeyUsageException for an algorithm that its material is not for."""
        if algorithm not in self.algorithms:
            raise InvalidKeyUsageException(
                f"Algorithm {algorithm} is incompatible with key spec {self.spec_name}."
            )

    @property
    def deadline(self) -> float | None:
        """When something happens to it by itself, in seconds since 1970."""
        if self.state is KeyState.PENDING_DELETION:
            return self.deletion_at
        # What is not enabled is not renewed; once it is again, it is renewed at once if that is due.
        renewal = self.next_rotation_at if self.state is KeyState.ENABLED else None
        return min((at for at in (self.material_valid_to, renewal) if at is not None), default=None)

    def check_rotatable(self) -> None:
        """Raises UnsupportedOperationException where the material cannot be renewed."""
        self.check_symmetric()
        if self.origin is not Origin.AWS_KMS:
            raise UnsupportedOperationException(
                f"{self.arn} origin is {self.origin.value} which is not valid for this operation."
            )

    def check_symmetric(self) -> None:
        """Raises UnsupportedOperationException for pairs and HMAC keys, which have one material for ever."""
        if self.spec_name != SYMMETRIC_DEFAULT:
            raise UnsupportedOperationException("")  # as AWS says it, without a word

    def rotating(self, period_days: int | None, now: float) -> Key:
        """The same with its material renewed every so many days from now on, or never."""
        due = None if period_days is None else now + period_days * DAY_SECONDS
        return replace(self, rotation_period_days=period_days, next_rotation_at=due)

    def ending(self, now: float, days: int) -> Key:
        """The same, to be deleted after days; a primary waits for its last replica first."""
        if self.is_multi_region and not self.is_replica and self.replica_regions:
            return replace(self, state=KeyState.PENDING_REPLICA_DELETION, pending_days=days)
        return replace(
            self,
            state=KeyState.PENDING_DELETION,
            deletion_at=now + days * DAY_SECONDS,
            pending_days=days,
        )

    def imported(self, material_id: str, valid_to: float | None) -> Key:
        """The same with material from outside."""
        state = KeyState.ENABLED if self.state is KeyState.PENDING_IMPORT else self.state
        return replace(self, material_id=material_id, material_valid_to=valid_to, state=state)

    def without_material(self) -> Key:
        """The same with its imported material gone; it remembers which that was."""
        return replace(self, state=KeyState.PENDING_IMPORT, material_valid_to=None)

    def in_state(self, state: KeyState) -> Key:
        """The same in another state, with no end in sight."""
        return replace(self, state=state, deletion_at=None, pending_days=0)


class RotationType(Enum):
    """Why material was renewed."""

    AUTOMATIC = "AUTOMATIC"
    ON_DEMAND = "ON_DEMAND"


class KeyMaterial(Struct, frozen=True):
    """One version of a key's material, as it lies in the store: wrapped, so that nobody can read it."""

    id: str
    wrapped: bytes
    created_at: float
    public_key: bytes = b""
    """Of a key pair: the DER of its public half."""
    rotation_type: RotationType | None = None
    """Why it took the place of other material; None for a key's first."""


class Alias(Struct, frozen=True):
    """Another name of a key."""

    name: str
    account: str
    region: str
    target_key_id: str
    created_at: float
    updated_at: float

    @property
    def arn(self) -> str:
        """The alias's ARN."""
        return alias_arn(self.account, self.region, self.name)


def key_arn(account: str, region: str, key_id: str) -> str:
    """The ARN of a key."""
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def alias_arn(account: str, region: str, name: str) -> str:
    """The ARN of an alias; its name begins with alias/."""
    return f"arn:aws:kms:{region}:{account}:{name}"


def multi_region_key_type(key: Key) -> str:
    """What a multi-Region key is."""
    return "REPLICA" if key.is_replica else "PRIMARY"
