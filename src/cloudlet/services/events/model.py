"""Event buses, rules, targets, events and deliveries as values. No I/O, no clock."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

DEFAULT: Final = "default"
ENABLED: Final = "ENABLED"
DISABLED: Final = "DISABLED"


class BusAddress(Struct, frozen=True):
    """Which event bus is meant."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The event bus's ARN."""
        return f"arn:aws:events:{self.region}:{self.account}:event-bus/{self.name}"


class RuleAddress(Struct, frozen=True):
    """Which rule is meant."""

    bus: BusAddress
    name: str

    @property
    def arn(self) -> str:
        """The rule's ARN, in which the default bus is not named."""
        path = self.name if self.bus.name == DEFAULT else f"{self.bus.name}/{self.name}"
        return f"arn:aws:events:{self.bus.region}:{self.bus.account}:rule/{path}"


class EventBus(Struct, frozen=True):
    """An event bus."""

    address: BusAddress
    created_at: float | None = None
    """None for the default bus, which is there before anybody asks for it."""
    modified_at: float | None = None
    description: str = ""
    policy: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def tagged(self, tags: Mapping[str, str]) -> EventBus:
        """The bus with more tags."""
        return replace(self, tags={**self.tags, **tags})

    def untagged(self, keys: Collection[str]) -> EventBus:
        """The bus without some tags."""
        return replace(self, tags={key: value for key, value in self.tags.items() if key not in keys})


class Rule(Struct, frozen=True):
    """A rule: what its targets get, or when."""

    address: RuleAddress
    state: str
    created_by: str
    """The account that made it."""
    event_pattern: str = ""
    schedule_expression: str = ""
    description: str = ""
    role_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def enabled(self) -> bool:
        """Whether it does anything."""
        return self.state == ENABLED

    def tagged(self, tags: Mapping[str, str]) -> Rule:
        """The rule with more tags."""
        return replace(self, tags={**self.tags, **tags})

    def untagged(self, keys: Collection[str]) -> Rule:
        """The rule without some tags."""
        return replace(self, tags={key: value for key, value in self.tags.items() if key not in keys})


class Target(Struct, frozen=True):
    """What a rule sends events to, and how."""

    id: str
    arn: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Everything else of it, as PutTargets was given it."""

    @property
    def role_arn(self) -> str | None:
        """As whom events are sent; None for EventBridge itself."""
        return self.settings.get("RoleArn")

    @property
    def dead_letter_arn(self) -> str | None:
        """The queue that gets what cannot be delivered."""
        config: Mapping[str, str] = self.settings.get("DeadLetterConfig") or {}
        return config.get("Arn")

    def describe(self) -> dict[str, Any]:
        """The target as ListTargetsByRule tells it."""
        return {"Id": self.id, "Arn": self.arn, **self.settings}


class Event(Struct, frozen=True):
    """An event as its bus took it."""

    id: str
    detail_type: str
    source: str
    account: str
    time: float
    region: str
    resources: tuple[str, ...]
    detail: str
    """JSON, as it was given: numbers that no program of ours could hold stay what they are."""
    sent_on: bool = False
    """Whether it came from another account's bus; then it goes to no third one's."""

    def document(self) -> dict[str, Any]:
        """The event as its targets and patterns see it, members in AWS's order."""
        return {
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": timestamp(self.time),
            "region": self.region,
            "resources": list(self.resources),
            "detail": json.loads(self.detail),
        }

    def text(self) -> str:
        """The event as JSON."""
        return compact(self.document())


class Delivery(Struct, frozen=True):
    """An event on its way to one target."""

    id: str
    event: Event
    rule: RuleAddress
    target: Target
    ingested_at: float
    due: int
    """When it may be tried, in milliseconds since 1970."""
    attempts: int = 0
    """How often it was tried in vain."""
    epoch: int = 0
    """Grows with every claim."""
    trace_id: str | None = None

    def claimed(self, until: int) -> Delivery:
        """While somebody tries it."""
        return replace(self, epoch=self.epoch + 1, due=until)

    def held(self, until: int) -> Delivery:
        """While whoever claimed it goes on trying it."""
        return replace(self, due=until)

    def tried(self, due: int) -> Delivery:
        """After an attempt that failed, with the time of the next."""
        return replace(self, attempts=self.attempts + 1, due=due)


def timestamp(seconds: float) -> str:
    """A time as events tell it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(seconds: float) -> int:
    """A time as indexes hold it."""
    return int(seconds * 1000)


def compact(value: Any) -> str:
    """A value as JSON, without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
