"""Keys, their material and their aliases as values, and the rules that need no store.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html says what a state allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.kms.errors import DisabledException, InvalidKeyUsageException, KMSInvalidStateException
from cloudlet.services.kms.specs import SPECS, SYMMETRIC_DEFAULT, KeySpec, KeyUsage

ALIAS_PREFIX: Final = "alias/"
AWS_ALIAS_PREFIX: Final = "alias/aws/"
MULTI_REGION_PREFIX: Final = "mrk-"


class KeyState(Enum):
    """Where a key stands in its life."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    PENDING_DELETION = "PendingDeletion"
    PENDING_IMPORT = "PendingImport"


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

    def ending(self, at: float) -> Key:
        """The same, to be deleted at a time."""
        return replace(self, state=KeyState.PENDING_DELETION, deletion_at=at)

    def in_state(self, state: KeyState) -> Key:
        """The same in another state, with no end in sight."""
        return replace(self, state=state, deletion_at=None)


class KeyMaterial(Struct, frozen=True):
    """One version of a key's material, as it lies in the store: wrapped, so that nobody can read it."""

    id: str
    wrapped: bytes
    created_at: float
    public_key: bytes = b""
    """Of a key pair: the DER of its public half."""


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
