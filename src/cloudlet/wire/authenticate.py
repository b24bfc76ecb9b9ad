"""Who made a request. Signatures of known keys are verified; what an unknown key means depends on the mode.

Decides nothing about permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.access import Principal
from cloudlet.core.http import Body, BytesBody, HttpRequest, Origin
from cloudlet.core.identity import InvalidToken
from cloudlet.wire.protocols.json import DocumentProtocol
from cloudlet.wire.protocols.rest_json import RestJsonProtocol
from cloudlet.wire.sigv4 import s3, unsigned
from cloudlet.wire.sigv4.errors import InvalidSignatureException
from cloudlet.wire.sigv4.family import (
    JSON,
    QUERY,
    REST_JSON,
    Family,
    session_token_expired,
    unknown_access_key,
    unknown_session_token,
)
from cloudlet.wire.sigv4.verifier import Verifier

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.errors import ServiceError
    from cloudlet.core.identity import Credential, Recollection
    from cloudlet.wire.protocols import Protocol
    from cloudlet.wire.sigv4.credential import SignedBy

DEFAULT_ACCOUNT: Final = "000000000000"


class UnknownKeys(Struct, frozen=True):
    """What an access key that IAM does not know means."""

    strict: bool
    """Whether only real keys count."""

    def principal(self, access_key_id: str, origin: Origin) -> Principal | None:
        """The account's root, or None where such a key is nobody."""
        if self.strict or origin is Origin.SANDBOX:
            return None
        named = len(access_key_id) == 12 and access_key_id.isdecimal()
        return Principal.root(access_key_id if named else DEFAULT_ACCOUNT, access_key_id)


class Authenticator:
    """Finds the principal behind a request's signature."""

    def __init__(self, unknown_keys: UnknownKeys) -> None:
        self._unknown_keys = unknown_keys
        self._verifier = Verifier()

    def find_credential(self, request: HttpRequest) -> SignedBy | None:
        """Who says to have signed a request; nothing is verified yet."""
        return self._verifier.find_credential(request)

    async def authenticate(
        self,
        call: Call,
        request: HttpRequest,
        signed_by: SignedBy | None,
        *,
        family: Family,
        body_limit_bytes: int,
        unsigned_allowed: bool,
        recalled: Recollection | None = None,
    ) -> tuple[Principal, Body]:
        """The principal, and the body without its framing. Raises what AWS says to a bad signature.

        With what was `recalled` of the signer nobody is looked up; it is to be confirmed later.
        """
        is_s3 = call.service.name == "s3"
        if signed_by is None:
            if unsigned_allowed and unsigned.is_anonymous(request):
                return Principal.anonymous(), request.body
            raise unsigned.why_unsigned_s3(request) if is_s3 else unsigned.why_unsigned(request, family)
        credential, principal = await self._identify(call, request, signed_by, family, recalled)
        secret = credential.secret_access_key if credential else None
        if is_s3:
            return principal, self._verify_s3(call, request, signed_by, secret)
        content = await request.body.read(body_limit_bytes)
        if secret is not None:
            now = call.clock.machine_time()
            self._verifier.verify(request, signed_by, secret, family=family, now=now, body=content)
        return principal, BytesBody(content)

    async def identify_anew(
        self, call: Call, request: HttpRequest, signed_by: SignedBy, recalled: Recollection, family: Family
    ) -> Principal:
        """Who signed a request that was verified by what was recalled. Raises what AWS says to a bad key."""
        credential, principal = await self._identify(call, request, signed_by, family, None)
        if credential and credential.secret_access_key != recalled.credential.secret_access_key:
            raise _unknown(call, family, signed_by.scope.access_key_id, signed_by.session_token)
        return principal

    async def signer(
        self, call: Call, request: HttpRequest, service: str, body_limit_bytes: int
    ) -> tuple[Principal, bytes]:
        """Who signed a request for a service, and its body. Implements core.identity.Signatures."""
        signed_by = self.find_credential(request)
        if signed_by is not None and signed_by.scope.service != service:
            raise InvalidSignatureException(f"Credential should be scoped to correct service: '{service}'. ")
        principal, body = await self.authenticate(
            call,
            request,
            signed_by,
            family=REST_JSON,
            body_limit_bytes=body_limit_bytes,
            unsigned_allowed=False,
        )
        return principal, await body.read(body_limit_bytes)

    def _verify_s3(self, call: Call, request: HttpRequest, signed_by: SignedBy, secret: str | None) -> Body:
        now = call.clock.machine_time()
        if secret is None:
            return self._verifier.open_s3(request, signed_by, now=now)
        return self._verifier.verify_s3(request, signed_by, secret, now=now)

    async def _identify(
        self,
        call: Call,
        request: HttpRequest,
        signed_by: SignedBy,
        family: Family,
        recalled: Recollection | None,
    ) -> tuple[Credential | None, Principal]:
        key, token = signed_by.scope.access_key_id, signed_by.session_token
        identities = call.cloud.identities
        try:
            credential = (
                recalled.credential
                if recalled
                else await call.transact(
                    lambda inner: identities.find_credential(inner, key, token), read_only=True
                )
            )
        except InvalidToken:
            raise _unknown(call, family, key, token) from None
        if credential is None:
            unknown = self._unknown_keys.principal(key, request.origin)
            if unknown is None:
                raise _unknown(call, family, key, None)
            return None, unknown
        if credential.expires_at is not None and credential.expires_at <= call.time():
            raise _expired(call, family, token)
        return credential, credential.principal


def _unknown(call: Call, family: Family, key: str, token: str | None) -> ServiceError:
    """The answer to a key that nobody has or, where there is one, to a token that is not the key's."""
    if call.service.name == "s3":
        return s3.unknown_session_token(token) if token else s3.unknown_access_key(key)
    return unknown_session_token(family) if token else unknown_access_key(family)


def _expired(call: Call, family: Family, token: str | None) -> ServiceError:
    return (
        s3.session_token_expired(token or "") if call.service.name == "s3" else session_token_expired(family)
    )


def family_of(protocol: Protocol) -> Family:
    """How the services of a protocol word their refusals of signatures."""
    if isinstance(protocol, DocumentProtocol):
        return JSON
    return REST_JSON if isinstance(protocol, RestJsonProtocol) else QUERY
