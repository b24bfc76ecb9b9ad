"""Events of groups with a KMS key: sealed when they are put, opened when they are read.

CloudWatch Logs itself is KMS's caller, so the key's policy must allow it; whoever may read a group reads it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.errors import ServiceError
from cloudlet.envelopes import DataKeys, Envelopes, Sealed
from cloudlet.services.logs.errors import AccessDeniedException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.logs.model import LogEvent

_REUSE_SECONDS: Final = 300.0


class GroupKeys(DataKeys):
    """The data keys of groups."""


class Encryption:
    """Seals and opens the events of one group within one transaction."""

    def __init__(self, call: Call, group_name: str) -> None:
        self._arn = call.arn(f"log-group:{group_name}")
        service = call.as_service(f"logs.{call.region}.amazonaws.com", source_arn=self._arn)
        keys = call.cloud.component(GroupKeys)
        self._envelopes = Envelopes(service, keys, {"aws:logs:arn": self._arn}, _REUSE_SECONDS)

    def check(self, key_id: str) -> None:
        """Raises AccessDeniedException for a key that is not there, or that the service may not use."""
        self._seal(key_id, b"")

    def sealed(self, key_id: str, events: Sequence[LogEvent]) -> list[LogEvent]:
        """Events as they are stored. Raises AccessDeniedException."""
        return [self._sealed(key_id, event) for event in events]

    def opened(self, event: LogEvent) -> LogEvent:
        """An event with its message, with whatever key it was sealed. Raises AccessDeniedException."""
        if not event.data_key:
            return event
        try:
            message = self._envelopes.open(Sealed(event.data_key, event.sealed))
        except ServiceError as error:
            raise self._denied() from error
        return replace(event, message=message.decode(), data_key=b"", sealed=b"")

    def _sealed(self, key_id: str, event: LogEvent) -> LogEvent:
        sealed = self._seal(key_id, event.message.encode())
        return replace(event, message="", data_key=sealed.data_key, sealed=sealed.content)

    def _seal(self, key_id: str, content: bytes) -> Sealed:
        try:
            return self._envelopes.seal(key_id, content)
        except ServiceError as error:
            raise self._denied() from error

    def _denied(self) -> AccessDeniedException:
        return AccessDeniedException(
            f"The specified KMS key does not exist or is not allowed to be used with Arn '{self._arn}'"
        )
