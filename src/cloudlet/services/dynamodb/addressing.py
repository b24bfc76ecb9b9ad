"""Whose table a request is about: one of the caller's account by name, or one of any account by its ARN.

Nothing is looked up here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cloudlet.core.arn import find_arn
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.model import MAX_NAME, MIN_NAME, NAME_PATTERN
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from cloudlet.core.arn import Arn
    from cloudlet.core.call import Call

_BACKUP: Final = re.compile("table/[^/]+/backup/[^/]+")
_INDEX: Final = re.compile("table/[^/]+/index/[^/]+")
_TABLE: Final = re.compile(rf"table/{NAME_PATTERN[:-1]}{{{MIN_NAME},{MAX_NAME}}}")


def owner(call: Call, name_or_arn: str) -> Call:
    """The call in the account that has the table. Raises ValidationException, ResourceNotFoundException."""
    if ":" not in name_or_arn:
        return call
    arn = find_arn(name_or_arn)
    if arn is None or arn.service != "dynamodb" or not arn.resource.startswith("table/"):
        raise ValidationException("Invalid TableArn")
    check_region(call, arn, name_or_arn)
    return call.where(arn.account, arn.region)


def check_region(call: Call, arn: Arn, text: str) -> None:
    """Raises ValidationException for a table that is not where it is asked for."""
    if arn.region != call.region:
        raise ValidationException(f"1 validation error detected: Invalid AWS region in '{text}'")


def check_tagged(resource_arn: str) -> None:
    """Raises ValidationException for what is not the ARN of a table, as the operations on tags do."""
    arn = find_arn(resource_arn)
    if arn is not None and arn.service == "dynamodb":
        if _INDEX.fullmatch(arn.resource):
            raise ValidationException(
                f"{INVALID}Invalid resource arn provided, only table or stream is accepted. "
                f"Provided resource arn: {resource_arn}"
            )
        if _BACKUP.fullmatch(arn.resource):
            raise ValidationException(f"{INVALID}Provided Arn is not a DynamoDB resource arn: {resource_arn}")
    if arn is None or arn.service != "dynamodb" or not _TABLE.fullmatch(arn.resource):
        raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {resource_arn}")
