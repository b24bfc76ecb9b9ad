"""Grant tokens: by them a grant can be used, and retired, before KMS knows it everywhere.

Here it is known everywhere at once: a token only has to be one that KMS has given out.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import msgspec

from cloudlet.services.kms.errors import InvalidCiphertextException, InvalidGrantTokenException
from cloudlet.services.kms.hsm import HardwareSecurityModule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.core.call import Call
    from cloudlet.services.kms.grant_model import Grant

_PURPOSE: Final = b"grant token"


class TokenContent(msgspec.Struct, frozen=True, array_like=True):
    """The grant that a token stands for."""

    account: str
    region: str
    key_id: str
    grant_id: str


def grant_token(call: Call, grant: Grant) -> str:
    """A new token for a grant."""
    content = TokenContent(grant.key_account, grant.key_region, grant.key_id, grant.id)
    hsm = call.cloud.component(HardwareSecurityModule)
    return base64.b64encode(hsm.sealed(call, msgspec.msgpack.encode(content), _PURPOSE)).decode()


def read_token(call: Call, token: str) -> TokenContent:
    """The grant of a token. Raises InvalidGrantTokenException."""
    try:
        sealed = base64.b64decode(token, validate=True)
        content = call.cloud.component(HardwareSecurityModule).opened(sealed, _PURPOSE)
    except (ValueError, InvalidCiphertextException) as error:
        raise InvalidGrantTokenException("") from error
    return msgspec.msgpack.decode(content, type=TokenContent)


def check_tokens(call: Call, tokens: Iterable[str]) -> None:
    """Raises InvalidGrantTokenException for one that KMS has not given out."""
    for token in tokens:
        read_token(call, token)
