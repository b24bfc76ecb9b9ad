"""Buckets, object versions and uploads as values, and the rules that need no store.

No I/O, no clock, no randomness.
"""

from __future__ import annotations

import ipaddress
import re
from enum import Enum
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.core.arn import Arn
from cloudlet.services.s3.errors import InvalidBucketName, KeyTooLongError, MetadataTooLarge

LEGACY_REGION: Final = "us-east-1"
"""The region with rules of its own: no location, and creating one's bucket again is no error."""
NULL_VERSION: Final = "null"
INLINE_BYTES: Final = 16 * 1024
"""Bodies up to this size are kept in the store, larger ones as blobs."""
LARGEST_BODY_BYTES: Final = 5 * 1024**3
SMALLEST_PART_BYTES: Final = 5 * 1024**2
MOST_PARTS: Final = 10_000
_LONGEST_KEY_BYTES: Final = 1024
_LARGEST_METADATA_BYTES: Final = 2048
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RESERVED_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


class PublicAccessBlock(Struct, frozen=True):
    """What a bucket refuses of public access; all of it, unless told otherwise."""

    block_public_acls: bool = True
    ignore_public_acls: bool = True
    block_public_policy: bool = True
    restrict_public_buckets: bool = True


class CorsRule(Struct, frozen=True):
    """Whom of other origins browsers may let in."""

    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...]
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int | None = None
    id: str | None = None


class EncryptionMethod(Enum):
    """Whose key encrypts an object."""

    S3 = "AES256"
    KMS = "aws:kms"
    CUSTOMER = "customer"
    """A key that the client sends with each request (SSE-C), which S3 does not keep."""


class Encryption(Struct, frozen=True):
    """How an object is encrypted, or how a bucket encrypts what says nothing of it."""

    method: EncryptionMethod = EncryptionMethod.S3
    kms_key_arn: str = ""
    """Of a bucket: the key as it was given, "" for S3's AWS managed one."""
    bucket_key_enabled: bool = False
    data_key: bytes = b""
    """Encrypted by KMS; the object's bytes are encrypted with it."""
    context: dict[str, str] = field(default_factory=dict)
    """What KMS has bound the data key to."""
    customer_key_md5: str = ""
    """In base64."""


class Notification(Struct, frozen=True):
    """Who is told of which events in a bucket."""

    id: str
    arn: str
    """Of the queue, the topic or the function."""
    events: tuple[str, ...]
    """Such as s3:ObjectCreated:Put and s3:ObjectCreated:*."""
    rules: tuple[tuple[str, str], ...] = ()
    """What keys must begin and end with: Prefix and Suffix, in the order in which they were given."""

    @property
    def service(self) -> str:
        """The service of the destination: sqs, sns or lambda."""
        return Arn.parse(self.arn).service

    @property
    def prefix(self) -> str:
        """What keys must begin with."""
        return dict(self.rules).get("Prefix", "")

    @property
    def suffix(self) -> str:
        """What keys must end with."""
        return dict(self.rules).get("Suffix", "")

    def wants(self, event: str, key: str) -> bool:
        """Whether it is about an event, such as s3:ObjectCreated:Put, of a key."""
        if not key.startswith(self.prefix) or not key.endswith(self.suffix):
            return False
        return any(each == event or (each[-1] == "*" and event.startswith(each[:-1])) for each in self.events)


class Bucket(Struct, frozen=True):
    """A bucket and how it is configured."""

    name: str
    account: str
    region: str
    created_at: float
    versioning: str | None = None
    """Enabled, Suspended, or None as long as it never was either."""
    policy: str | None = None
    policy_is_public: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    cors: tuple[CorsRule, ...] = ()
    public_access_block: PublicAccessBlock | None = PublicAccessBlock()
    encryption: Encryption = Encryption()
    notifications: tuple[Notification, ...] = ()
    event_bridge: bool = False
    """Whether its account's default event bus is told of everything in it."""

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.name}"

    @property
    def tells_of_objects(self) -> bool:
        """Whether anybody is told of what happens in it."""
        return self.event_bridge or bool(self.notifications)

    @property
    def owner(self) -> dict[str, str]:
        """The owner as answers name it: an id that is the account's alone."""
        return owner_of(self.account)


class Piece(Struct, frozen=True):
    """A run of an object's bytes: one blob."""

    blob_id: str
    size: int
    nonce: bytes = b""
    """What the blob was encrypted with beside the key; empty where it was not."""


class PartOfObject(Struct, frozen=True):
    """A part that an object was completed from."""

    number: int
    size: int
    checksum: str | None = None


class Checksum(Struct, frozen=True):
    """A checksum as S3 keeps it."""

    algorithm: str
    """CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512 or MD5."""
    value: str
    type: str = "FULL_OBJECT"

    @property
    def members(self) -> dict[str, str]:
        """The members of an answer that say it."""
        return {f"Checksum{self.algorithm}": self.value, "ChecksumType": self.type}


class Description(Struct, frozen=True):
    """What a client says of an object beside its bytes."""

    headers: dict[str, Any] = field(default_factory=dict)
    """ContentType, CacheControl and the like, as members of an answer."""
    metadata: dict[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"
    tags: dict[str, str] = field(default_factory=dict)


class ObjectVersion(Struct, frozen=True):
    """One version of an object, or a delete marker."""

    key: str
    order: int
    """Later versions of a key have greater ones."""
    modified_at: float
    version_id: str = NULL_VERSION
    size: int = 0
    etag: str = ""
    """Without the quotation marks."""
    pieces: tuple[Piece, ...] = ()
    """Empty where the bytes are in a row of their own."""
    description: Description = field(default_factory=Description)
    checksum: Checksum | None = None
    parts: tuple[PartOfObject, ...] = ()
    delete_marker: bool = False
    encryption: Encryption = Encryption()

    def tagged(self, tags: dict[str, str]) -> ObjectVersion:
        """The same with other tags."""
        return replace(self, description=replace(self.description, tags=tags))


class Upload(Struct, frozen=True):
    """A multipart upload that is under way."""

    key: str
    upload_id: str
    started_at: float
    initiator: str
    description: Description
    checksum_algorithm: str | None = None
    checksum_type: str | None = None
    encryption: Encryption = Encryption()


class Part(Struct, frozen=True):
    """An uploaded part."""

    number: int
    size: int
    etag: str
    modified_at: float
    pieces: tuple[Piece, ...]
    checksums: dict[str, str]
    """By algorithm: what the client chose, and CRC64NVME for uploads that chose none."""


def owner_of(account: str) -> dict[str, str]:
    """The canonical user of an account: a stable text of 64 hexadecimal digits."""
    return {"ID": account.zfill(16) * 4}


def check_bucket_name(name: str) -> None:
    """Raises InvalidBucketName for what breaks the naming rules.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if (
        not _BUCKET_NAME.fullmatch(name)
        or ".." in name
        or name.startswith(_RESERVED_PREFIXES)
        or name.endswith(_RESERVED_SUFFIXES)
        or _is_address(name)
    ):
        raise InvalidBucketName(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def check_key(key: str) -> None:
    """Raises KeyTooLongError."""
    size = len(key.encode())
    if size > _LONGEST_KEY_BYTES:
        raise KeyTooLongError(size)


def check_metadata(metadata: dict[str, str]) -> None:
    """Raises MetadataTooLarge."""
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > _LARGEST_METADATA_BYTES:
        raise MetadataTooLarge(size)
