"""Whose table a request is about: one of the caller's account by name, or one of any account by its ARN.

Nothing is looked up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cloudlet.core.arn import find_arn
from cloudlet.services.dynamodb.errors import ResourceNotFoundException, ValidationException

if TYPE_CHECKING:
    from cloudlet.core.call import Call


def owner(call: Call, name_or_arn: str) -> Call:
    """The call in the account that has the table. Raises ValidationException, ResourceNotFoundException."""
    if ":" not in name_or_arn:
        return call
    arn = find_arn(name_or_arn)
    if arn is None or arn.service != "dynamodb" or not arn.resource.startswith("table/"):
        raise ValidationException("Invalid TableArn")
    if arn.region != call.region:
        raise ResourceNotFoundException("Requested resource not found")
    return call if arn.account == call.account else replace(call, account=arn.account)
