"""Signatures of messages, and the door at which their certificate is served.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
The key is made when something is first signed, kept in the store, and the same for all servers.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cloudlet.services.sns import state, urls

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.sns.model import SigningKey


class MessageSigner:
    """Signs. Implements notifications.Signer, once ready() was waited for."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._loaded: tuple[SigningKey, RSAPrivateKey] | None = None
        # Of one message several endpoints get the same signature.
        self._sign = lru_cache(maxsize=512)(self._signature)

    async def close(self) -> None:
        """Nothing is open."""

    async def ready(self, call: Call) -> MessageSigner:
        """Itself, once it has the key."""
        if self._loaded is None:
            from cloudlet.services.sns import certificates  # noqa: PLC0415  start time: cryptography takes 30 ms

            key = await call.transact(state.find_signing_key, read_only=True)
            if key is None:
                made = await asyncio.to_thread(certificates.new_key, call.now())
                key = await call.transact(lambda inner: state.signing_key(inner, made))
            self._loaded = key, certificates.load(key)
        return self

    @property
    def key(self) -> SigningKey:
        """The key and its certificate. Raises RuntimeError before ready()."""
        return self._ready()[0]

    def sign(self, text: str, version: str) -> str:
        """The signature of a text in base64."""
        return self._sign(text, version)

    def certificate_url(self, region: str) -> str:
        """Where the certificate is."""
        return f"{urls.service_url(region)}/{self.key.name}"

    def _signature(self, text: str, version: str) -> str:
        from cloudlet.services.sns import certificates  # noqa: PLC0415  start time: cryptography takes 30 ms

        return certificates.sign(self._ready()[1], text, version)

    def _ready(self) -> tuple[SigningKey, Any]:
        if self._loaded is None:
            raise RuntimeError("Nothing can be signed before ready().")
        return self._loaded
