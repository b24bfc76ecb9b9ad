"""The keys that user pools publish, kept for a while.

Judges no token. https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.core.http import BackendTimeout, BackendUnreachable

from ..errors import authorizer_misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call, Cloud

_TIMEOUT_SECONDS: Final = 5.0
_KEPT_SECONDS: Final = 3600.0
_ASKED_AGAIN_SECONDS: Final = 60.0
_MOST_POOLS: Final = 256


class UserPool(Struct, frozen=True):
    """A user pool by its ARN."""

    region: str
    id: str

    @property
    def issuer(self) -> str:
        """Whom its tokens name."""
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.id}"


class UserPoolKeys:
    """The keys of the pools that were asked last; a key nobody knows is asked for once a minute."""

    def __init__(self, cloud: Cloud) -> None:
        self._kept: OrderedDict[UserPool, tuple[float, Mapping[str, Any]]] = OrderedDict()

    async def close(self) -> None:
        """Forgets them."""
        self._kept.clear()

    async def find(self, call: Call, pool: UserPool, key_id: str) -> dict[str, Any] | None:
        """A key of a pool, as JSON Web Key. Raises GatewayError for a pool that cannot be asked."""
        now = call.clock.machine_time()
        asked_at, keys = self._kept.get(pool, (float("-inf"), {}))
        age = now - asked_at
        if age > _KEPT_SECONDS or (key_id not in keys and age > _ASKED_AGAIN_SECONDS):
            keys = await _keys_of(call, pool)
            self._kept[pool] = (now, keys)
            while len(self._kept) > _MOST_POOLS:
                self._kept.popitem(last=False)
        return keys.get(key_id)


async def _keys_of(call: Call, pool: UserPool) -> Mapping[str, Any]:
    url = f"{call.cloud.user_pools.format(region=pool.region)}/{pool.id}/.well-known/jwks.json"
    try:
        response = await call.cloud.http_client.send("GET", url, [], b"", _TIMEOUT_SECONDS)
        document: Any = json.loads(response.body if isinstance(response.body, bytes) else b"")
        return {str(key["kid"]): key for key in document["keys"] if key.get("kty") == "RSA"}
    except (BackendTimeout, BackendUnreachable) as error:
        raise authorizer_misconfigured(f"The user pool's keys cannot be had from {url}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise authorizer_misconfigured(f"The user pool has no keys at {url}") from error
