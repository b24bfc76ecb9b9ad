"""Records of streams with a KMS key: sealed when they are put, opened when they are read.

A record stays sealed as it was put, whatever becomes of its stream's key.
https://docs.aws.amazon.com/streams/latest/dev/what-is-sse.html
"""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.core.kms import ACCESS_DENIED, translated
from cloudlet.envelopes import DataKeys, Envelopes, Sealed
from cloudlet.services.kinesis import errors
from cloudlet.services.kinesis.model import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.kinesis.model import Stream

_REUSE_SECONDS: Final = 300.0
_REFUSALS: Final[Mapping[str, type[ServiceError]]] = MappingProxyType(
    {
        ACCESS_DENIED: errors.KMSAccessDeniedException,
        "DisabledException": errors.KMSDisabledException,
        "InvalidArnException": errors.KMSNotFoundException,
        "InvalidKeyUsageException": errors.KMSInvalidStateException,
        "KMSInvalidStateException": errors.KMSInvalidStateException,
        "NotFoundException": errors.KMSNotFoundException,
    }
)
"""By the code of KMS's error, that of Kinesis."""


class StreamKeys(DataKeys):
    """The data keys of streams."""


class Encryption:
    """Seals and opens the records of one stream for the caller of one transaction."""

    def __init__(self, call: Call, stream: Stream) -> None:
        """`call` is where the stream is."""
        self._call = call
        self._stream = stream

    def sealed(self, record: Record) -> Record:
        """A record as it is stored. Raises KMSAccessDeniedException and others."""
        if self._stream.key_id is None:
            return record
        try:
            sealed = self._envelopes.seal(self._stream.key_id, record.data)
        except ServiceError as error:
            raise translated(error, _REFUSALS) from error
        return replace(record, data=sealed.content, data_key=sealed.data_key)

    def opened(self, record: Record) -> Record:
        """A record with its data. Raises KMSAccessDeniedException and others."""
        if not record.encrypted:
            return record
        try:
            data = self._envelopes.open(Sealed(record.data_key, record.data))
        except ServiceError as error:
            if error.code == ACCESS_DENIED:
                raise self._may_not_decrypt() from error
            raise translated(error, _REFUSALS) from error
        return replace(record, data=data)

    def _may_not_decrypt(self) -> ServiceError:
        principal, stream = self._call.principal, self._stream
        return errors.KMSAccessDeniedException(
            f"User {principal.unique_id or principal.arn} is not authorized to decrypt records in stream "
            f"{self._call.account}:{stream.name}:{int(stream.created_at)}"
        )

    @cached_property
    def _envelopes(self) -> Envelopes:
        call = self._call
        context = {"aws:kinesis:arn": call.arn(f"stream/{self._stream.name}")}
        keys = call.cloud.component(StreamKeys)
        return Envelopes(call.on_behalf("kinesis.amazonaws.com"), keys, context, _REUSE_SECONDS)


def check_key(call: Call, stream: Stream) -> None:
    """Raises what Kinesis says to a stream's key that is not there, or that nobody can use now."""
    Encryption(call.as_principal(Principal.root(call.account)), stream).sealed(Record(b"", None, 0))
