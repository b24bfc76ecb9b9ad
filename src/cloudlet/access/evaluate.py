"""The decision: may this principal do this to that resource?

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

    explicit deny in any policy                                         -> refused
    resource policy names the caller directly, in the same account      -> allowed
    identity-based policy, then permissions boundary, then session      -> each must allow
    another account's resource                                          -> its resource policy must allow, too

No I/O and no clock: what is not in the arguments does not count.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

from cloudlet.access import grammar, messages, policy
from cloudlet.access.bounded import Bounded
from cloudlet.access.principals import Grant
from cloudlet.access.statement import CompiledPolicy, CompiledStatement, Request, compile_policy
from cloudlet.core.access import (
    Decision,
    MatchedStatement,
    Permission,
    PolicyDocument,
    PolicyKind,
    Principal,
    PrincipalKind,
    PrincipalPolicies,
    Reason,
    RequestContext,
)

Trace: TypeAlias = tuple[MatchedStatement, ...]
_Key: TypeAlias = tuple[object, ...]


class Held(Struct, frozen=True):
    """The policies of a caller, compiled, each type as one."""

    identity: CompiledPolicy
    boundary: CompiledPolicy | None
    session: CompiledPolicy | None


_WITHOUT_POLICIES: Final = frozenset(
    {PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS, PrincipalKind.IDENTITY_PROVIDER}
)
NO_POLICY: Final = CompiledPolicy((), ())


class Evaluator:
    """Decides, and remembers compiled documents and the decisions that no condition took part in."""

    def __init__(self, documents: int = 4096, decisions: int = 16384) -> None:
        self._documents: Bounded[PolicyDocument, CompiledPolicy] = Bounded(documents)
        self._held: Bounded[_Key, Held] = Bounded(documents)
        self._decisions: Bounded[_Key, Decision] = Bounded(decisions)

    def validate(self, text: str, kind: PolicyKind) -> None:
        """Raises MalformedPolicyDocument for what AWS would refuse to store."""
        grammar.check(policy.parse(text), kind)

    def decide(
        self,
        principal: Principal,
        policies: PrincipalPolicies,
        permission: Permission,
        context: RequestContext,
    ) -> Decision:
        """Whether the principal may. Raises MalformedPolicyDocument for a document that cannot be read."""
        if permission.resource_policy is not None:
            return self._judge(principal, policies, permission, Asked(principal, permission, context))
        key = (
            principal.arn, principal.kind, principal.account, principal.session_policies, policies,
            permission.action, permission.resource, permission.resource_account,
            permission.resource_policy_decides, permission.resource_text,
        )  # fmt: skip
        if (remembered := self._decisions.find(key)) is not None:
            return remembered
        asked = Asked(principal, permission, context)
        decision = self._judge(principal, policies, permission, asked)
        return decision if asked.touched else self._decisions.put(key, decision)

    def _judge(
        self, principal: Principal, policies: PrincipalPolicies, permission: Permission, asked: Asked
    ) -> Decision:
        request = Request(principal, permission.action.lower(), permission.resource, asked)
        held = self._held_by(policies, principal.session_policies)
        document = permission.resource_policy
        resource = NO_POLICY if document is None else self._compiled(document)
        return Judgement(principal, permission, request, held, resource).decision()

    def _held_by(self, policies: PrincipalPolicies, session: tuple[PolicyDocument, ...]) -> Held:
        key = (policies, session)
        if (found := self._held.find(key)) is not None:
            return found
        boundary = None if policies.boundary is None else self._compiled(policies.boundary)
        return self._held.put(
            key,
            Held(
                identity=self._merged(policies.identity),
                boundary=boundary,
                session=self._merged(session) if session else None,
            ),
        )

    def _merged(self, documents: tuple[PolicyDocument, ...]) -> CompiledPolicy:
        compiled = [self._compiled(each) for each in documents]
        return CompiledPolicy(
            denies=tuple(each for held in compiled for each in held.denies),
            allows=tuple(each for held in compiled for each in held.allows),
        )

    def _compiled(self, document: PolicyDocument) -> CompiledPolicy:
        found = self._documents.find(document)
        return found if found is not None else self._documents.put(document, compile_policy(document))


class Asked:
    """The condition keys of one permission, and whether any policy asked for one."""

    __slots__ = ("_call", "_own", "_permission", "_principal", "touched")

    def __init__(self, principal: Principal, permission: Permission, call: RequestContext) -> None:
        self._principal = principal
        self._permission = permission
        self._call = call
        self._own: dict[str, tuple[str, ...]] | None = None
        self.touched = False

    def find(self, key: str) -> tuple[str, ...] | None:
        """The values of a condition key, by its name in lower case; None if the request has no such key."""
        self.touched = True
        if self._own is None:
            self._own = {name.lower(): values for name, values in self._permission.context.items()}
        if key in self._own:
            return self._own[key]
        if key == "aws:resourceaccount":
            owner = self._permission.resource_account or self._principal.account
            return (owner,) if owner else None
        return self._call.find(key)


class Judgement:
    """One decision in the making."""

    __slots__ = ("_held", "_permission", "_principal", "_request", "_resource")

    def __init__(
        self,
        principal: Principal,
        permission: Permission,
        request: Request,
        held: Held,
        resource: CompiledPolicy,
    ) -> None:
        self._principal = principal
        self._permission = permission
        self._request = request
        self._held = held
        self._resource = resource

    def decision(self) -> Decision:
        """Explicit denials first, then what the kind of caller needs."""
        if (denied := self._explicit_deny()) is not None:
            return denied
        granted, trace = self._grant()
        if self._principal.kind in _WITHOUT_POLICIES:
            return self._needs_grant(granted, trace)
        if self._permission.resource_account not in (None, self._principal.account):
            return self._across_accounts(granted, trace)
        return self._within_account(granted, trace)

    def _explicit_deny(self) -> Decision | None:
        held = self._held
        for compiled, reason in (
            (held.identity, Reason.EXPLICIT_DENY_IDENTITY),
            (held.boundary, Reason.EXPLICIT_DENY_BOUNDARY),
            (held.session, Reason.EXPLICIT_DENY_SESSION),
        ):
            if compiled is not None and (found := self._first(compiled.denies)) is not None:
                return self._refuse(reason, (found.matched,))
        for statement in self._resource.denies:
            if self._means_caller(statement) and statement.applies(self._request):
                return self._refuse(Reason.EXPLICIT_DENY_RESOURCE, (statement.matched,))
        return None

    def _means_caller(self, denial: CompiledStatement) -> bool:
        # AWS's page on NotPrincipal: its Deny hits whoever has a permissions boundary, listed or not.
        if denial.not_principal is not None and self._held.boundary is not None:
            return True
        return denial.grant(self._principal) is not Grant.NONE

    def _grant(self) -> tuple[Grant, Trace]:
        """How directly the resource policy allows it, and by which statement."""
        best = Grant.NONE
        trace: Trace = ()
        for statement in self._resource.allows:
            how = statement.grant(self._principal)
            if how > best and statement.applies(self._request):
                best, trace = how, (statement.matched,)
        return best, trace

    def _needs_grant(self, granted: Grant, trace: Trace) -> Decision:
        if granted is Grant.NONE:
            return self._refuse(Reason.NO_RESOURCE_ALLOW)
        return Decision(True, Reason.ALLOWED, trace=trace)

    def _within_account(self, granted: Grant, trace: Trace) -> Decision:
        if self._permission.resource_policy_decides and granted is Grant.NONE:
            return self._refuse(Reason.NO_RESOURCE_ALLOW)
        if granted is Grant.DIRECT or self._principal.kind is PrincipalKind.ROOT:
            return Decision(True, Reason.ALLOWED, trace=trace)
        return self._own_policies(trace, identity_needed=granted is not Grant.ROLE)

    def _across_accounts(self, granted: Grant, trace: Trace) -> Decision:
        if granted is Grant.NONE:
            return self._refuse(Reason.NO_RESOURCE_ALLOW)
        if self._principal.kind is PrincipalKind.ROOT:
            return Decision(True, Reason.ALLOWED, trace=trace)
        return self._own_policies(trace, identity_needed=True)

    def _own_policies(self, trace: Trace, *, identity_needed: bool) -> Decision:
        """Identity-based policies, permissions boundary and session policies, in AWS's order."""
        held = self._held
        if identity_needed:
            if (found := self._first(held.identity.allows)) is None:
                return self._refuse(Reason.NO_IDENTITY_ALLOW, trace)
            trace = (*trace, found.matched)
        if held.boundary is not None:
            if (found := self._first(held.boundary.allows)) is None:
                return self._refuse(Reason.NO_BOUNDARY_ALLOW, trace)
            trace = (*trace, found.matched)
        # A federated user without a session policy has only what resource policies give it.
        session = held.session or (
            NO_POLICY if self._principal.kind is PrincipalKind.FEDERATED_USER else None
        )
        if session is not None:
            if (found := self._first(session.allows)) is None:
                return self._refuse(Reason.NO_SESSION_ALLOW, trace)
            trace = (*trace, found.matched)
        return Decision(True, Reason.ALLOWED, trace=trace)

    def _first(self, statements: tuple[CompiledStatement, ...]) -> CompiledStatement | None:
        request = self._request
        for statement in statements:
            if statement.applies(request):
                return statement
        return None

    def _refuse(self, reason: Reason, trace: Trace = ()) -> Decision:
        denied_by = trace[0].policy if trace else ""
        message = messages.refusal(self._principal, self._permission, reason, denied_by)
        return Decision(False, reason, message, trace)
