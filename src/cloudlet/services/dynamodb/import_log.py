"""The log of an import: what could not be imported, and why, in CloudWatch Logs as the one who asked for it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Validation.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import ServiceError
from cloudlet.core.log_events import batches_of
from cloudlet.services.dynamodb.imports import LOG_GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.dynamodb.imports import Import

_STREAMS: Final = ("info", "error")
_THERE_ALREADY: Final = "ResourceAlreadyExistsException"


class ImportLog:
    """The log streams of one import."""

    def __init__(self, caller: Call, import_: Import) -> None:
        self._caller = caller
        self._import = import_

    async def create(self) -> None:
        """Makes the group, if there is none, and the streams. Raises ServiceError."""
        await self._make("CreateLogGroup", {"logGroupName": LOG_GROUP})
        for name in _STREAMS:
            await self._make("CreateLogStream", self._stream(name))

    async def write(self, object_key: str, faults: Sequence[tuple[int, str]]) -> None:
        """Tells the faults of items by their index in an object. Raises ServiceError."""
        now = int(self._caller.time() * 1000)
        for batch in batches_of((now, self._message(object_key, *fault)) for fault in faults):
            await self._caller.ask("logs", "PutLogEvents", {**self._stream("error"), "logEvents": batch})

    def _message(self, object_key: str, index: int, message: str) -> str:
        pointer = {"bucket": self._import.source["S3Bucket"], "key": object_key, "itemIndex": index}
        arn = self._caller.arn(self._import.resource)
        document = {"itemS3Pointer": pointer, "importArn": arn, "errorMessages": [message]}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False)

    def _stream(self, name: str) -> dict[str, Any]:
        return {"logGroupName": LOG_GROUP, "logStreamName": f"{self._import.id}/{name}"}

    async def _make(self, operation: str, request: dict[str, Any]) -> None:
        try:
            await self._caller.ask("logs", operation, request)
        except ServiceError as error:
            if error.code != _THERE_ALREADY:
                raise
