"""What KMS takes as tags of a key. https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.kms.errors import LimitExceededException, TagException

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudlet.core.call import Call

_MOST: Final = 50
_RESERVED: Final = "aws:"
_CLOUDFORMATION: Final = "cloudformation.amazonaws.com"
"""The service that marks what it makes with tags of its own."""


def accepted_tags(
    call: Call, before: Mapping[str, str], added: Iterable[Mapping[str, str]]
) -> dict[str, str]:
    """A key's tags with those of a request. Raises TagException or LimitExceededException."""
    tags = [(tag["TagKey"], tag["TagValue"]) for tag in added]
    own = _CLOUDFORMATION in call.via
    if not own and any(name.lower().startswith(_RESERVED) for name, _ in tags):
        raise TagException("Tags beginning with aws: are reserved")
    if len({name for name, _ in tags}) < len(tags):
        raise TagException("Duplicate tag keys")
    together = {**before, **dict(tags)}
    if len(together) > _MOST:
        raise LimitExceededException(f"A key may have at most {_MOST} tags.")
    return together
