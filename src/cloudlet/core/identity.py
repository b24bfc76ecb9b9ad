"""What IAM knows of callers, for those who must ask it inside an open transaction: the edge, STS, services.

Implemented by the IAM service. Every method with a call needs an open transaction in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.access import Principal, PrincipalPolicies
    from cloudlet.core.call import Call
    from cloudlet.core.http import HttpRequest


class InvalidToken(ServiceError):
    """Raised for a key that is switched off or gone, and for a token that is broken or another key's.

    The edge says it in the words of the service that was asked.
    """

    code = "InvalidClientTokenId"
    status = 403


class Credential(Struct, frozen=True):
    """Whose an access key is, and the secret that its signatures are made with."""

    secret_access_key: str
    principal: Principal
    expires_at: float | None = None
    """Seconds since 1970, for temporary credentials; the edge refuses them afterwards."""


class Recollection(Struct, frozen=True):
    """What was found for a key some time ago: enough to verify by, to be confirmed before anybody acts."""

    credential: Credential
    generation: str
    """Renewed in the account whenever anything changes that a key, a user or a role of it can do."""


class Outdated(Exception):
    """Raised where something has changed in an account since: whoever asks is to be found anew."""


class Session(Struct, frozen=True):
    """Temporary credentials, as STS gives them out. They live in their own token; nothing is stored."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: float
    principal: Principal


class Role(Struct, frozen=True):
    """A role, as far as those need it who assume it or pass it."""

    arn: str
    name: str
    unique_id: str
    account: str
    trust_policy: str
    max_session_duration_seconds: int
    tags: Mapping[str, str] = field(default_factory=dict)


class Identities(Protocol):
    """IAM, for its neighbours."""

    def recall(self, access_key_id: str, session_token: str | None) -> Recollection | None:
        """What was found for a key before, without looking again; needs no transaction."""

    def confirm(self, call: Call, recollection: Recollection) -> None:
        """Raises Outdated unless find_credential() would say the same in this transaction."""

    def find_credential(self, call: Call, access_key_id: str, session_token: str | None) -> Credential | None:
        """Whose a key is; None if IAM does not know it. Raises InvalidToken."""

    def find_account(self, call: Call, access_key_id: str) -> str | None:
        """The account an access key belongs to, as far as IAM knows it or the key says it."""

    def policies_of(self, call: Call, principal: Principal) -> PrincipalPolicies:
        """What is attached to a user or role, groups included."""

    def find_role(self, call: Call, role_arn: str) -> Role | None:
        """A role by its ARN."""

    def issue_session(self, call: Call, principal: Principal, duration_seconds: int) -> Session:
        """Temporary credentials for a principal; whether it may have them was judged by the caller."""

    def assume_role(
        self, call: Call, role_arn: str, session_name: str, duration_seconds: int = 3600
    ) -> Session:
        """A session of a role for `call.principal`, if the role trusts it. Raises AccessDenied."""


class Signatures(Protocol):
    """The edge's knowledge of signatures, for data planes, which judge their callers themselves."""

    async def signer(
        self, call: Call, request: HttpRequest, service: str, body_limit_bytes: int
    ) -> tuple[Principal, bytes]:
        """Who signed a request for a service, and its body, which is read for that.

        Raises what AWS says to a wrong, stale or missing signature.
        """
