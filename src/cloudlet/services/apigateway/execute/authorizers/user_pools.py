"""COGNITO_USER_POOLS: tokens of user pools, held against the keys that the pools publish.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
Knows no pool; whatever serves its JWKS is asked over HTTP.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.arn import find_arn

from ..errors import GatewayError, authorizer_misconfigured, unauthorized
from ..java_regex import PatternError
from .identity_sources import values_of
from .pool_keys import UserPool, UserPoolKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call

    from ..invocation import Invocation
    from .authorizer import CompiledAuthorizer

_BEARER: Final = "bearer "
_MOMENTS: Final = frozenset({"exp", "iat"})


async def claims_of(invocation: Invocation, authorizer: CompiledAuthorizer) -> dict[str, str]:
    """What a caller's token says, as text. Raises GatewayError."""
    values = values_of(authorizer.sources, invocation)
    if values is None:
        raise unauthorized()
    token = values[0][len(_BEARER) :] if values[0].lower().startswith(_BEARER) else values[0]
    claims = await _verified(invocation.call, authorizer, token)
    scopes = invocation.matched.authorization_scopes if invocation.matched is not None else ()
    if scopes:
        granted = str(claims.get("scope", "")).split()
        if claims.get("token_use") != "access" or not set(scopes) & set(granted):
            raise unauthorized()
    elif claims.get("token_use") != "id":
        raise unauthorized()
    return {name: _text(name, value) for name, value in claims.items()}


async def _verified(call: Call, authorizer: CompiledAuthorizer, token: str) -> dict[str, Any]:
    import jwt  # noqa: PLC0415  start time: cryptography takes 30 ms to load, and few APIs have user pools

    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        named = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError as error:
        raise unauthorized() from error
    pool = next((each for each in _pools(authorizer) if each.issuer == named), None)
    key = await call.cloud.component(UserPoolKeys).find(call, pool, str(key_id)) if pool else None
    if key is None:
        raise unauthorized()
    try:
        # Times are judged below: the library asks the machine, and so do those who issue tokens.
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(key).key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.PyJWTError as error:
        raise unauthorized() from error
    _check_time(call, claims)
    _check_audience(authorizer, claims)
    return claims


def _check_time(call: Call, claims: Mapping[str, Any]) -> None:
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int | float):
        raise unauthorized()
    if expires_at <= call.clock.machine_time():
        text = "The incoming token has expired"
        raise GatewayError("UNAUTHORIZED", text, "UnauthorizedException", logged=text)


def _check_audience(authorizer: CompiledAuthorizer, claims: Mapping[str, Any]) -> None:
    if authorizer.validation is None:
        return
    try:
        if not authorizer.validation.matches(str(claims.get("aud", ""))):
            raise unauthorized()
    except PatternError as error:
        raise authorizer_misconfigured("Invalid identity validation expression") from error


def _pools(authorizer: CompiledAuthorizer) -> list[UserPool]:
    arns = (find_arn(each) for each in authorizer.provider_arns)
    return [UserPool(arn.region, arn.resource.removeprefix("userpool/")) for arn in arns if arn is not None]


def _text(name: str, value: Any) -> str:
    if name in _MOMENTS and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
