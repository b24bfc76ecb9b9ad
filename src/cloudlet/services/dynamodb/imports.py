"""Imports of S3 objects into new tables as values: what was asked for, how far it is, how it is described.

No I/O, no clock. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.HowItWorks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.dynamodb.description import moment
from cloudlet.services.dynamodb.model import Encryption

if TYPE_CHECKING:
    from cloudlet.core.operation import Request

IN_PROGRESS: Final = "IN_PROGRESS"
COMPLETED: Final = "COMPLETED"
FAILED: Final = "FAILED"
DYNAMODB_JSON: Final = "DYNAMODB_JSON"
ION: Final = "ION"
CSV: Final = "CSV"
NONE: Final = "NONE"
GZIP: Final = "GZIP"
ZSTD: Final = "ZSTD"
LOG_GROUP: Final = "/aws-dynamodb/imports"
ITEMS_FAILED: Final = "ItemValidationError"
_ITEMS_FAILED_MESSAGE: Final = (
    "Some of the items failed validation checks and were not imported. "
    "Please check CloudWatch error logs for more details."
)
_DEFAULT_DELIMITER: Final = ","


class Progress(Struct, frozen=True):
    """How far an import is, and what it has counted until there."""

    begun: bool = False
    """Whether its source and its log could be reached, so that from now on the table stays."""
    after_key: str = ""
    """The last object that is done with."""
    object_key: str | None = None
    """The object that is half read."""
    etag: str | None = None
    """What that object was when it was first read."""
    records: int = 0
    """How many records of it are done with."""
    processed_bytes: int = 0
    """The uncompressed bytes of the objects before it."""
    imported: int = 0
    errors: int = 0

    def into(self, object_key: str, etag: str) -> Progress:
        """At the first record of an object."""
        return replace(self, object_key=object_key, etag=etag, records=0)

    def beyond(self, object_bytes: int) -> Progress:
        """Past the object that was read, which was of so many bytes."""
        return replace(
            self,
            after_key=self.object_key or self.after_key,
            object_key=None,
            etag=None,
            records=0,
            processed_bytes=self.processed_bytes + object_bytes,
        )


class Import(Struct, frozen=True):
    """What is brought from S3 into a new table, on its way or there."""

    id: str
    """The moment in milliseconds since 1970, and eight characters."""
    table_name: str
    table_id: str
    started: float
    client_token: str
    principal: Principal
    """Who asked for it, as whom the objects are read and the log is written."""
    source: dict[str, str]
    """An S3BucketSource."""
    input_format: str
    compression: str
    parameters: dict[str, Any]
    """The TableCreationParameters."""
    options: dict[str, Any] | None = None
    """The InputFormatOptions."""
    status: str = IN_PROGRESS
    ended: float | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    progress: Progress = Progress()
    encryption: Encryption | None = None
    """That of the table."""

    @property
    def resource(self) -> str:
        """What the import's ARN ends with."""
        return f"table/{self.table_name}/import/{self.id}"

    @property
    def delimiter(self) -> str:
        """What stands between the columns of a CSV file."""
        return str(self._csv.get("Delimiter", _DEFAULT_DELIMITER))

    @property
    def header(self) -> tuple[str, ...] | None:
        """The names of the columns of a CSV file; None where its first line has them."""
        given = self._csv.get("HeaderList")
        return None if given is None else tuple(given)

    @property
    def _csv(self) -> dict[str, Any]:
        given: dict[str, Any] = (self.options or {}).get("Csv", {})
        return given

    def completed(self, now: float) -> Import:
        """At its end, which is a failure if any item was left out."""
        if self.progress.errors:
            return self.failed(now, ITEMS_FAILED, _ITEMS_FAILED_MESSAGE)
        return replace(self, status=COMPLETED, ended=now)

    def failed(self, now: float, code: str, message: str) -> Import:
        """Given up."""
        return replace(self, status=FAILED, ended=now, failure_code=code, failure_message=message)


def new_import(request: Request, import_id: str, table_id: str, now: float, principal: Principal) -> Import:
    """The import that a request asks for; its source is its owner's unless it says whose."""
    parameters = request["TableCreationParameters"]
    source = {"S3BucketOwner": principal.account, **request["S3BucketSource"]}
    return Import(
        import_id,
        parameters["TableName"],
        table_id,
        now,
        request["ClientToken"],
        principal,
        source,
        request["InputFormat"],
        request.get("InputCompressionType", NONE),
        parameters,
        request.get("InputFormatOptions"),
    )


def describe_import(import_: Import, arn: str, table_arn: str, log_group_arn: str) -> dict[str, Any]:
    """An ImportTableDescription. What is counted is told at the end only, as DynamoDB does."""
    described = {
        **describe_summary(import_, arn, table_arn, log_group_arn),
        "TableId": import_.table_id,
        "ClientToken": import_.client_token,
        "InputCompressionType": import_.compression,
        "TableCreationParameters": import_.parameters,
        **_counts(import_),
    }
    more = {
        "InputFormatOptions": import_.options,
        "FailureCode": import_.failure_code,
        "FailureMessage": import_.failure_message,
    }
    return {**described, **{name: value for name, value in more.items() if value is not None}}


def describe_summary(import_: Import, arn: str, table_arn: str, log_group_arn: str) -> dict[str, Any]:
    """An ImportSummary."""
    described = {
        "ImportArn": arn,
        "ImportStatus": import_.status,
        "TableArn": table_arn,
        "S3BucketSource": import_.source,
        "CloudWatchLogGroupArn": log_group_arn,
        "InputFormat": import_.input_format,
        "StartTime": moment(import_.started),
    }
    return described if import_.ended is None else {**described, "EndTime": moment(import_.ended)}


def _counts(import_: Import) -> dict[str, int]:
    if import_.ended is None:
        return {"ErrorCount": 0, "ProcessedItemCount": 0, "ImportedItemCount": 0}
    progress = import_.progress
    return {
        "ErrorCount": progress.errors,
        "ProcessedItemCount": progress.imported + progress.errors,
        "ImportedItemCount": progress.imported,
        "ProcessedSizeBytes": progress.processed_bytes,
    }
