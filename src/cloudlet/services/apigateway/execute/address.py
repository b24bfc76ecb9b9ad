"""What a URL of execute-api means."""

from __future__ import annotations

from msgspec import Struct


class Address(Struct, frozen=True):
    """An API, a stage and a path."""

    api_id: str
    stage_name: str
    path: str
    """The path below the stage, beginning with one slash."""
    context_path: str
    """The path with the stage, as $context.path shows it."""
    domain_name: str | None = None
    """The host, where that is what led here."""
    vpc_endpoint_id: str | None = None
    base_path: str | None = None
    """The base path of a domain name of one's own."""
    event_path: str | None = None
    """What functions see as the path, where it is not the path below the stage."""

    @property
    def is_own_domain(self) -> bool:
        """Whether a domain name of one's own led here."""
        return self.base_path is not None
