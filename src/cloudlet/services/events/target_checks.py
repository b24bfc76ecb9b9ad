"""What PutTargets asks of a target before it is taken, in AWS's words; what is not honoured is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.core.arn import Arn, find_arn
from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.events import inputs, json_paths
from cloudlet.services.events.errors import ValidationException
from cloudlet.services.events.json_paths import InvalidPath

_KINDS: Final = ("events", "kinesis", "lambda", "logs", "sns", "sqs")
"""The services that targets may be of."""
_NEED_A_ROLE: Final = ("kinesis",)
_INPUTS: Final = ("Input", "InputPath", "InputTransformer")
_NOT_HONOURED: Final = (
    "AppSyncParameters",
    "BatchParameters",
    "EcsParameters",
    "HttpParameters",
    "RedshiftDataParameters",
    "RunCommandParameters",
    "SageMakerPipelineParameters",
)


def check(target: Mapping[str, Any]) -> None:
    """Raises ValidationException, or NotImplementedHere, for a target that would not get its events."""
    arn = find_arn(target["Arn"])
    if arn is None:
        raise ValidationException.of(target["Arn"], "Provided Arn is not in correct format.")
    _check_kind(target, arn)
    if sum(target.get(name) is not None for name in _INPUTS) > 1:
        raise ValidationException(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        )
    _check_input(target)
    _check_dead_letters(target)


def _check_kind(target: Mapping[str, Any], arn: Arn) -> None:
    if arn.service not in _KINDS or (arn.service == "events" and not arn.resource.startswith("event-bus/")):
        raise NotImplementedHere(f"cloudlet does not send events to {arn} (yet). Nothing was changed.")
    for name in _NOT_HONOURED:
        if target.get(name) is not None:
            raise NotImplementedHere(f"cloudlet does not implement {name} of targets (yet).")
    if arn.service in _NEED_A_ROLE and not target.get("RoleArn"):
        raise ValidationException(f"RoleArn is required for target {arn}.")
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if arn.service == "sqs" and arn.resource.endswith(".fifo") and not group:
        raise ValidationException(f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
    if (kinesis := target.get("KinesisParameters")) is not None:
        _check_path(kinesis["PartitionKeyPath"], "PartitionKeyPath", target)


def _check_input(target: Mapping[str, Any]) -> None:
    if (constant := target.get("Input")) is not None:
        try:
            json.loads(constant)
        except (ValueError, RecursionError) as error:
            raise ValidationException(f"JSON syntax error in input for target {target['Id']}") from error
    if (path := target.get("InputPath")) is not None:
        _check_path(path, "InputPath", target)
    if (transformer := target.get("InputTransformer")) is not None:
        _check_transformer(target, transformer)


def _check_transformer(target: Mapping[str, Any], transformer: Mapping[str, Any]) -> None:
    paths: Mapping[str, str] = transformer.get("InputPathsMap") or {}
    for path in paths.values():
        _check_path(path, "InputPathsMap", target)
    template = transformer["InputTemplate"]
    for name in inputs.placeholders(template):
        if name not in paths and name not in inputs.PREDEFINED:
            raise ValidationException(
                f"InputTemplate for target {target['Id']} contains invalid placeholder {name}."
            )
    if not inputs.is_json(template):
        raise ValidationException(f"Invalid InputTemplate for target {target['Id']}.")


def _check_path(path: str, parameter: str, target: Mapping[str, Any]) -> None:
    try:
        json_paths.parse(path)
    except InvalidPath as error:
        raise ValidationException(f"{parameter} for target {target['Id']} is invalid.") from error


def _check_dead_letters(target: Mapping[str, Any]) -> None:
    text = (target.get("DeadLetterConfig") or {}).get("Arn")
    if text is None:
        return
    arn = find_arn(text)
    if arn is None or arn.service != "sqs" or arn.resource.endswith(".fifo"):
        raise ValidationException.of("DeadLetterConfig.Arn", "It must be the ARN of a standard SQS queue.")
