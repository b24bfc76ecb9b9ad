"""Settings of functions that have operations and rows of their own, as frozen values.

No I/O, no clock, no randomness.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from cloudlet.services.lambda_.model import timestamp


class FunctionUrl(Struct, frozen=True):
    """The URL of a function or of one of its aliases."""

    qualifier: str
    """The alias; empty for the function itself."""
    id: str
    auth_type: str
    created_at: float
    modified_at: float
    cors: dict[str, Any] | None = None
    invoke_mode: str | None = None
    """As it was asked for; None means BUFFERED."""


class ProvisionedConcurrency(Struct, frozen=True):
    """How many environments a version or alias shall have ready."""

    qualifier: str
    requested: int
    modified_at: float


class CodeSigningConfig(Struct, frozen=True):
    """Who may have signed the code of functions, and what becomes of other code."""

    id: str
    allowed_publishers: tuple[str, ...]
    untrusted_artifact_on_deployment: str
    modified_at: float
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def describe(self, arn: str) -> dict[str, Any]:
        """As in CodeSigningConfig."""
        return {
            "CodeSigningConfigId": self.id,
            "CodeSigningConfigArn": arn,
            "Description": self.description,
            "AllowedPublishers": {"SigningProfileVersionArns": list(self.allowed_publishers)},
            "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": self.untrusted_artifact_on_deployment},
            "LastModified": timestamp(self.modified_at),
        }
