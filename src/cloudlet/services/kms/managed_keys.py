"""AWS managed keys: those that a service has in every account that lets it encrypt with KMS.

AWS makes one when its alias is first named, and rules it by a policy that nobody can change.
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cloudlet.services.kms.material import save_new_material
from cloudlet.services.kms.model import AWS_ALIAS_PREFIX, Alias, Key, KeyManager
from cloudlet.services.kms.policies import managed_policy
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call

_SERVICES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "dynamodb": ("Amazon DynamoDB", "DynamoDB data"),
        "kinesis": ("Kinesis", "Kinesis data"),
        "lambda": ("AWS Lambda", "Lambda functions"),
        "s3": ("S3", "S3 objects"),
        "secretsmanager": ("AWS Secrets Manager", "Secrets Manager data"),
        "sns": ("SNS", "SNS data"),
        "sqs": ("SQS", "SQS messages"),
        "ssm": ("SSM", "SSM parameters"),
    }
)
"""By the service's name (in the alias, and in kms:ViaService): what AWS calls it and what it protects."""


_ROTATION_DAYS: Final = 365
"""After so many days AWS renews their material; nobody can have it otherwise."""


def find_or_make_managed_key(call: Call, alias_name: str) -> Key | None:
    """The call's account's key of the service that an alias names; None for an alias of no service."""
    service = alias_name.removeprefix(AWS_ALIAS_PREFIX)
    if not alias_name.startswith(AWS_ALIAS_PREFIX) or service not in _SERVICES:
        return None
    alias = state.find_alias(call, call.account, call.region, alias_name)
    if alias is not None:
        return state.find_key(call, call.account, call.region, alias.target_key_id)
    title, protected = _SERVICES[service]
    key = Key(
        id=call.ids.uuid(),
        account=call.account,
        region=call.region,
        created_at=call.time(),
        policy=managed_policy(call.account, f"{service}.{call.region}.amazonaws.com", service, title),
        manager=KeyManager.AWS,
        description=f"Default key that protects my {protected} when no other key is defined",
    )
    key = save_new_material(call, key.rotating(_ROTATION_DAYS, call.time()))
    state.save_alias(call, Alias(alias_name, call.account, call.region, key.id, call.time(), call.time()))
    return key
