"""Topics with a KMS key: whoever publishes must be allowed to encrypt and to decrypt with it.

https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
Only that is checked: in the moments until a message is delivered, it lies in the store as it is.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import ServiceError
from cloudlet.envelopes import DataKeys, Envelopes
from cloudlet.services.sns import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import Topic

_REUSE_SECONDS: Final = 300.0
_ACCESS_DENIED: Final = "AccessDenied"
_REFUSALS: Final[Mapping[str, type[ServiceError]]] = MappingProxyType(
    {
        _ACCESS_DENIED: errors.KMSAccessDeniedException,
        "DisabledException": errors.KMSDisabledException,
        "InvalidArnException": errors.KMSNotFoundException,
        "KMSInvalidStateException": errors.KMSInvalidStateException,
        "NotFoundException": errors.KMSNotFoundException,
    }
)
"""By the code of KMS's error, that of SNS."""


class TopicKeys(DataKeys):
    """The data keys of topics."""


def check_key(call: Call, topic: Topic) -> None:
    """Raises KMSAccessDeniedException and others where the caller may not use the topic's key."""
    key_id = topic.attributes.get("KmsMasterKeyId")
    if not key_id:
        return
    asking = call.where(topic.account, topic.region).on_behalf("sns.amazonaws.com")
    keys = call.cloud.component(TopicKeys)
    envelopes = Envelopes(asking, keys, {"aws:sns:topicArn": topic.arn}, _REUSE_SECONDS)
    try:
        envelopes.open(envelopes.seal(key_id, b""))
    except ServiceError as error:
        raise _refusal(call, error) from error


def _refusal(call: Call, error: ServiceError) -> ServiceError:
    """What SNS says of KMS's refusal."""
    refusal = _REFUSALS.get(error.code)
    if refusal is None:
        return error
    code = "AccessDeniedException" if error.code == _ACCESS_DENIED else error.code
    return refusal(
        f"{error.message} (Service: AWSKMS; Status Code: 400; Error Code: {code}; "
        f"Request ID: {call.request_id}; Proxy: null)"
    )
