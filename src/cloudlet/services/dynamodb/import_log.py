"""The log of an import: what could not be imported, and why, in CloudWatch Logs as the one who asked for it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Validation.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from cloudlet.core.log_events import make_group, make_stream, put_lines
from cloudlet.services.dynamodb.imports import LOG_GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.imports import Import

_STREAMS: Final = ("info", "error")


class ImportLog:
    """The log streams of one import."""

    def __init__(self, caller: Call, import_: Import) -> None:
        self._caller = caller
        self._import = import_

    async def create(self) -> None:
        """Makes the group, if there is none, and the streams. Raises ServiceError."""
        await make_group(self._caller, LOG_GROUP)
        for name in _STREAMS:
            await make_stream(self._caller, LOG_GROUP, self._stream(name))

    async def write(self, object_key: str, faults: Sequence[tuple[int, str]]) -> None:
        """Tells the faults of items by their index in an object. Raises ServiceError."""
        now = int(self._caller.time() * 1000)
        lines = ((now, self._message(object_key, *fault)) for fault in faults)
        await put_lines(self._caller, LOG_GROUP, self._stream("error"), lines)

    def _message(self, object_key: str, index: int, message: str) -> str:
        pointer = {"bucket": self._import.source["S3Bucket"], "key": object_key, "itemIndex": index}
        arn = self._caller.arn(self._import.resource)
        document = {"itemS3Pointer": pointer, "importArn": arn, "errorMessages": [message]}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False)

    def _stream(self, name: str) -> str:
        return f"{self._import.id}/{name}"
