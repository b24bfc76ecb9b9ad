"""What IAM knows of callers, for its neighbours: the edge, STS and every service that assumes a role.

Decides nothing about permissions; it only says whose a key is and what is attached to whom.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core import identity
from cloudlet.core.access import PolicyDocument, Principal, PrincipalKind, PrincipalPolicies
from cloudlet.core.arn import find_arn
from cloudlet.core.errors import AccessDenied
from cloudlet.core.identity import Credential, InvalidToken, Outdated, Recollection, Session
from cloudlet.services.iam import catalogue, state, tokens
from cloudlet.services.iam.model import AccessKey, Group, Role, User, key_of

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.iam.model import Entity

_REMEMBERED: Final = 4096
_NOTHING: Final = PrincipalPolicies()
_EVERYTHING: Final = PrincipalPolicies(
    identity=(
        PolicyDocument(
            "root",
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
        ),
    )
)
_INVALID: Final = "The security token included in the request is invalid"


class _Remembered(Struct, frozen=True):
    """What was attached to a principal at one generation of its account."""

    generation: str
    policies: PrincipalPolicies


class StoredIdentities:
    """Users, roles and their keys, from the store. Implements core.identity.Identities."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str | None], Recollection] = OrderedDict()
        self._policies: OrderedDict[tuple[str, str], _Remembered] = OrderedDict()
        self._credentials: OrderedDict[tuple[bytes, str, str], Credential] = OrderedDict()

    def recall(self, access_key_id: str, session_token: str | None) -> Recollection | None:
        """What was found for a key before."""
        return self._known.get((access_key_id, session_token))

    def confirm(self, call: Call, recollection: Recollection) -> None:
        """Raises Outdated unless find_credential() would say the same in this transaction."""
        if state.generation(call, recollection.credential.principal.account) != recollection.generation:
            raise Outdated

    def find_credential(self, call: Call, access_key_id: str, session_token: str | None) -> Credential | None:
        """Whose a key is; None if IAM does not know it. Raises InvalidToken."""
        self._known.pop((access_key_id, session_token), None)
        found = self._look_up(call, access_key_id, session_token)
        generation = state.generation(call, found.principal.account) if found else None
        if found is not None and generation is not None:
            self._known[access_key_id, session_token] = Recollection(found, generation)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found

    def _look_up(self, call: Call, access_key_id: str, session_token: str | None) -> Credential | None:
        if session_token is not None:
            return self._find_session(call, access_key_id, session_token)
        if access_key_id.startswith("ASIA") and tokens.find_account(access_key_id):
            raise InvalidToken(_INVALID)
        key = state.find_access_key(call, access_key_id)
        if key is not None:
            return _credential_of(call, key)
        if state.was_deleted(call, access_key_id):
            raise InvalidToken(f"{_INVALID}.")
        return None

    def find_account(self, call: Call, access_key_id: str) -> str | None:
        """The account an access key belongs to, as far as IAM knows it or the key says it."""
        key = state.find_access_key(call, access_key_id)
        return key.account if key else tokens.find_account(access_key_id)

    def policies_of(self, call: Call, principal: Principal) -> PrincipalPolicies:
        """What is attached to a user or role, groups included; the same object until that changes."""
        generation = state.generation(call, principal.account)
        if generation is None:
            return _EVERYTHING if _is_of_root(principal) else _NOTHING
        # The unique id tells a role from an earlier one of its name, whose sessions may still be about.
        key = (principal.role_arn or principal.arn, principal.unique_id.partition(":")[0])
        remembered = self._policies.get(key)
        if remembered is None or remembered.generation != generation:
            remembered = _Remembered(generation, _attached(call, principal))
            self._policies[key] = remembered
            if len(self._policies) > _REMEMBERED:
                self._policies.popitem(last=False)
        return remembered.policies

    def find_role(self, call: Call, role_arn: str) -> identity.Role | None:
        """A role by its ARN."""
        role = _find_role(call, role_arn)
        if role is None:
            return None
        return identity.Role(
            arn=role.arn,
            name=role.name,
            unique_id=role.id,
            account=role.account,
            trust_policy=role.trust_policy,
            max_session_duration_seconds=role.max_session_duration_seconds,
            tags=role.tags,
        )

    def issue_session(self, call: Call, principal: Principal, duration_seconds: int) -> Session:
        """Temporary credentials for a principal; whether it may have them was judged by the caller."""
        key_id = tokens.access_key_id("ASIA", principal.account, call.ids.random)
        owner = replace(
            principal,
            access_key_id=key_id,
            token_issued_at=call.time(),
            mfa_authenticated=bool(principal.mfa_authenticated),
        )
        expires_at = float(int(call.time()) + duration_seconds)
        secret = state.server_secret(call)
        token = tokens.seal(secret, tokens.Claims(expires_at, owner))
        return Session(key_id, tokens.secret_access_key(secret, token), token, expires_at, owner)

    def assume_role(
        self, call: Call, role_arn: str, session_name: str, duration_seconds: int = 3600
    ) -> Session:
        """A session of a role for `call.principal`, if the role trusts it. Raises AccessDenied."""
        request = {
            "RoleArn": role_arn,
            "RoleSessionName": session_name,
            "DurationSeconds": duration_seconds,
        }
        given = call.ask_within("sts", "AssumeRole", request)["Credentials"]
        key_id, token = given["AccessKeyId"], given["SessionToken"]
        credential = self._find_session(call, key_id, token)
        if credential is None or credential.expires_at is None:
            raise AccessDenied(_INVALID)
        return Session(
            key_id, credential.secret_access_key, token, credential.expires_at, credential.principal
        )

    def root_key(self, call: Call) -> tuple[str, str]:
        """The access key of the root user of the call's account; made at first use."""
        key = state.find_root_key(call, call.account)
        if key is None:
            key = AccessKey(
                id=tokens.access_key_id("AKIA", call.account, call.ids.random),
                secret=call.ids.mixed(40),
                account=call.account,
                user=None,
                created_at=call.time(),
            )
            state.save_root_key(call, key)
        return key.id, key.secret

    def _find_session(self, call: Call, key_id: str, token: str) -> Credential | None:
        secret = state.find_server_secret(call)
        if secret is None:
            return None
        key = (secret, key_id, token)
        found = self._credentials.get(key)
        if found is None:
            try:
                found = tokens.open_token(secret, key_id, token)
            except tokens.ForeignToken:
                return None
            except tokens.BrokenToken:
                raise InvalidToken(_INVALID) from None
            self._credentials[key] = found
            if len(self._credentials) > _REMEMBERED:
                self._credentials.popitem(last=False)
        return found


def principal_of(user: User, access_key_id: str | None = None) -> Principal:
    """A user as a caller."""
    return Principal(
        PrincipalKind.USER,
        user.arn,
        user.account,
        unique_id=user.id,
        name=user.name,
        tags=tuple(user.tags.items()),
        access_key_id=access_key_id,
    )


def _credential_of(call: Call, key: AccessKey) -> Credential:
    principal = _owner(call, key) if key.active else None
    if principal is None:
        raise InvalidToken(f"{_INVALID}.")
    return Credential(key.secret, principal)


def _owner(call: Call, key: AccessKey) -> Principal | None:
    if key.user is None:
        return Principal.root(key.account, key.id)
    user = state.USERS.find(call, key.account, key.user)
    return None if user is None else principal_of(user, key.id)


def _is_of_root(principal: Principal) -> bool:
    return principal.kind is PrincipalKind.FEDERATED_USER and (principal.role_arn or "").endswith(":root")


def _attached(call: Call, principal: Principal) -> PrincipalPolicies:
    if _is_of_root(principal):
        return _EVERYTHING
    entity = _find_entity(call, principal)
    return _NOTHING if entity is None else policies_of_entity(call, entity)


def policies_of_entity(call: Call, entity: Entity) -> PrincipalPolicies:
    """What is attached to a user, group or role."""
    documents = _documents(call, entity)
    for group_key in entity.groups if isinstance(entity, User) else ():
        group = state.GROUPS.find(call, entity.account, group_key)
        documents += _documents(call, group) if group else ()
    bound = None if isinstance(entity, Group) else entity.boundary
    return PrincipalPolicies(documents, _managed(call, entity.account, bound) if bound else None)


def _find_entity(call: Call, principal: Principal) -> User | Role | None:
    """The user or role that a caller is; None for one that was deleted, even if its name is used again."""
    if principal.kind is PrincipalKind.ASSUMED_ROLE:
        role = _find_role(call, principal.role_arn or "")
        return role if role and role.id == principal.unique_id.partition(":")[0] else None
    user = _find_user(call, principal.role_arn or principal.arn)
    if principal.kind is PrincipalKind.USER and user and user.id != principal.unique_id:
        return None
    return user


def _find_role(call: Call, role_arn: str) -> Role | None:
    account, name = _named_in(role_arn)
    role = state.ROLES.find(call, account, name)
    return role if role and role.arn == role_arn else None


def _find_user(call: Call, user_arn: str) -> User | None:
    account, name = _named_in(user_arn)
    user = state.USERS.find(call, account, name)
    return user if user and user.arn == user_arn else None


def _named_in(text: str) -> tuple[str, str]:
    arn = find_arn(text)
    return ("", "") if arn is None else (arn.account, key_of(arn.resource.rpartition("/")[2]))


def _documents(call: Call, entity: Entity) -> tuple[PolicyDocument, ...]:
    managed = (_managed(call, entity.account, arn) for arn in entity.attached)
    inline = (PolicyDocument(name, text) for name, text in entity.inline.items())
    return (*(each for each in managed if each), *inline)


def _managed(call: Call, account: str, policy_arn: str) -> PolicyDocument | None:
    policy = catalogue.published().get(policy_arn)
    if policy is None:
        policy = state.POLICIES.find(call, account, _named_in(policy_arn)[1])
    return None if policy is None else PolicyDocument(policy_arn, policy.default.document)
