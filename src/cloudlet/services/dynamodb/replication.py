"""Replicas of tables in other regions as values: what a table knows of them, and which write wins.

Version 2019.11.21 of global tables, with eventual consistency. No I/O, no clock.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

GLOBAL_TABLE_VERSION: Final = "2019.11.21"
CREATING: Final = "CREATING"
ACTIVE: Final = "ACTIVE"
DELETING: Final = "DELETING"
REGIONS: Final = (
    *("ap-south-2", "ap-south-1", "eu-south-1", "eu-south-2", "me-central-1", "il-central-1"),
    *("ca-central-1", "ca-west-1", "mx-central-1", "eu-central-1", "eu-central-2", "us-west-1", "us-west-2"),
    *("af-south-1", "eu-north-1", "eu-west-3", "eu-west-2", "eu-west-1", "ap-northeast-3", "ap-northeast-2"),
    *("ap-northeast-1", "me-south-1", "sa-east-1", "ap-east-1", "ap-east-2", "ap-southeast-1"),
    *("ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7"),
    *("us-east-1", "us-east-2"),
)
"""Where tables may have replicas."""
_SOURCE_SECONDS: Final = 24 * 3600.0
"""How long the region that a replica was added from must stay."""


class Replica(Struct, frozen=True):
    """A table's replica in another region, as the table knows it."""

    region: str
    status: str
    source_region: str = ""
    """Where it was asked for, and copied from; nothing for the table that was there first."""
    added: float = 0.0

    def holds_back(self, region: str, now: float) -> bool:
        """Whether it was added from a region so lately that the table there must not go yet."""
        return self.source_region == region and now - self.added < _SOURCE_SECONDS


class Version(Struct, frozen=True, order=True):
    """Which write of an item it was: the latest wins everywhere, and of two at once the last region's."""

    micros: int
    region: str


UNVERSIONED: Final = Version(0, "")
"""That of items which were there before their table had replicas."""


def expiring_region(replicas: Sequence[Replica], region: str, version: Version | None) -> str:
    """Where an item whose time has come is deleted; to all other regions that is replicated as any write is.

    It is where the item was written last, as long as the table is there.
    """
    members = {region, *(each.region for each in replicas if each.status == ACTIVE)}
    written_in = "" if version is None else version.region
    return written_in if written_in in members else min(members)


class ReplicatedWrite(Struct, frozen=True):
    """What was written to an item, on its way to another region."""

    table_name: str
    key: dict[str, dict[str, Any]]
    new: dict[str, dict[str, Any]] | None
    """The item as it is then, or None where it was deleted."""
    version: Version


class ReplicaWork(Struct, frozen=True):
    """A replica that is made or removed in the background, and how far that is."""

    account: str
    region: str
    """That of the table which is copied, or removed."""
    table_name: str
    table_id: str
    replica_region: str = ""
    """Where the copy is made; nothing where a replica is removed."""
    after: tuple[bytes, ...] = ()
    """The last item that was copied."""
    remaining: tuple[str, ...] = ()
    """The regions that still know of a replica which is removed."""
