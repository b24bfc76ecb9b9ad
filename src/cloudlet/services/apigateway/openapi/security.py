"""Security schemes of documents as authorizers, IAM or API keys, and what a method's requirements come to.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
Knows no ids: methods name their authorizers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from cloudlet.services.apigateway.model import Authorizer

from .document import mapping, number, text

_AUTHORIZER: Final = "x-amazon-apigateway-authorizer"
_AUTH_TYPE: Final = "x-amazon-apigateway-authtype"
_TYPES: Final = {"TOKEN": "CUSTOM", "REQUEST": "CUSTOM", "COGNITO_USER_POOLS": "COGNITO_USER_POOLS"}
_DEFAULT_AUTH_TYPES: Final = {"COGNITO_USER_POOLS": "cognito_user_pools"}


class Guard(Struct, frozen=True):
    """What a method asks of its callers."""

    authorization_type: str = "NONE"
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    api_key_required: bool = False


class Security:
    """The security schemes of one document."""

    def __init__(self, schemes: Mapping[str, Any], everywhere: Any) -> None:
        self._schemes = {name: each for name, each in schemes.items() if isinstance(each, Mapping)}
        self._everywhere = everywhere

    def authorizers(self) -> list[Authorizer]:
        """The schemes that are authorizers, also those that no method asks for."""
        return [_authorizer(name, each) for name, each in self._schemes.items() if _AUTHORIZER in each]

    def guard(self, operation: Mapping[str, Any]) -> Guard:
        """What an operation asks of its callers, by itself or as all of the document do."""
        wanted = operation.get("security", self._everywhere)
        guard = Guard()
        for requirement in wanted if isinstance(wanted, list) else ():
            for name, scopes in requirement.items() if isinstance(requirement, Mapping) else ():
                guard = self._with(guard, name, scopes if isinstance(scopes, list) else [])
        own = operation.get("x-amazon-apigateway-auth")
        if isinstance(own, Mapping) and guard.authorizer is None:
            kind = str(own.get("type", "NONE")).upper()
            guard = Guard(kind, None, (), guard.api_key_required)
        return guard

    def _with(self, guard: Guard, name: str, scopes: Sequence[str]) -> Guard:
        scheme = self._schemes.get(name)
        if scheme is None:
            return guard
        if _AUTHORIZER in scheme:
            if guard.authorizer is not None:
                return guard
            kind = _TYPES.get(_kind(scheme), "CUSTOM")
            return Guard(kind, name, tuple(str(each) for each in scopes), guard.api_key_required)
        if str(scheme.get(_AUTH_TYPE, "")).lower() == "awssigv4":
            return Guard("AWS_IAM", None, (), guard.api_key_required)
        if scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
            return Guard(guard.authorization_type, guard.authorizer, guard.scopes, True)
        return guard


def _kind(scheme: Mapping[str, Any]) -> str:
    return str(mapping(scheme[_AUTHORIZER]).get("type", "")).upper()


def _authorizer(name: str, scheme: Mapping[str, Any]) -> Authorizer:
    extension = mapping(scheme[_AUTHORIZER])
    kind = _kind(scheme)
    pools = extension.get("providerARNs")
    return Authorizer(
        id="",
        name=name,
        type=kind,
        provider_arns=[str(each) for each in pools] if isinstance(pools, list) else None,
        auth_type=text(scheme.get(_AUTH_TYPE)) or _DEFAULT_AUTH_TYPES.get(kind, "custom"),
        authorizer_uri=text(extension.get("authorizerUri")),
        authorizer_credentials=text(extension.get("authorizerCredentials")),
        identity_source=text(extension.get("identitySource")) or _identity_source(kind, scheme),
        identity_validation_expression=text(extension.get("identityValidationExpression")),
        authorizer_result_ttl_in_seconds=number(extension.get("authorizerResultTtlInSeconds")),
    )


def _identity_source(kind: str, scheme: Mapping[str, Any]) -> str | None:
    if kind == "REQUEST" or scheme.get("in") != "header" or not scheme.get("name"):
        return None
    return f"method.request.header.{scheme['name']}"
