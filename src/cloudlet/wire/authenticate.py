"""Who made a request: the signature is verified for keys that are known, and unknown keys are judged by the mode.

Decides nothing about permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.http import Origin

if TYPE_CHECKING:
    from cloudlet.core.identity import Credential

DEFAULT_ACCOUNT: Final = "000000000000"


@dataclass(frozen=True, slots=True)
class UnknownKeys:
    """What an access key that IAM does not know means."""

    strict: bool
    """Whether only real keys count."""

    def principal(self, access_key_id: str, origin: Origin) -> Principal | None:
        """The account's root, or None where such a key is nobody."""
        if self.strict or origin is Origin.SANDBOX:
            return None
        named = len(access_key_id) == 12 and access_key_id.isdecimal()
        return Principal.root(access_key_id if named else DEFAULT_ACCOUNT, access_key_id)


def expired(credential: Credential, now: float) -> bool:
    """Whether temporary credentials are past their time."""
    return credential.expires_at is not None and credential.expires_at <= now
