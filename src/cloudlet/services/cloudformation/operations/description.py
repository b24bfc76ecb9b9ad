"""Rows as CloudFormation's API shows them.

Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from cloudlet.core import pagination
from cloudlet.core.tags import tag_list
from cloudlet.services.cloudformation.deploy.parameters import MASK
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import (
    ChangeSet,
    Detail,
    Stack,
    StackEvent,
    StackInput,
    StackOutput,
    StackResource,
    Step,
)

T = TypeVar("T")
_NOT_CHECKED: Final = "NOT_CHECKED"


def time(seconds: float | None) -> datetime | None:
    """A stored time as an answer gives it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def page(rows: Sequence[T], token: str | None, size: int) -> tuple[Sequence[T], str | None]:
    """One page of a list, and the token of the next. Raises ValidationError for a broken token."""
    try:
        return pagination.page(rows, token, size)
    except pagination.InvalidToken:
        raise ValidationError("Invalid NextToken") from None


def parameters(source: StackInput | None) -> list[dict[str, str]] | None:
    """A stack's parameters, with those hidden that are not to be shown."""
    if source is None or not source.parameters:
        return None
    return [
        {"ParameterKey": key, "ParameterValue": MASK if key in source.no_echo else value}
        for key, value in source.parameters.items()
    ]


def tags(source: StackInput | None) -> list[dict[str, str]]:
    """A stack's own tags."""
    return [] if source is None else tag_list(source.tags)


def stack(row: Stack) -> dict[str, Any]:
    """As DescribeStacks shows a stack."""
    source = row.input
    return {
        "StackId": row.stack_id,
        "StackName": row.stack_name,
        "ChangeSetId": row.change_set_id,
        "Description": source.description if source else None,
        "Parameters": parameters(source),
        "CreationTime": time(row.created_at),
        "DeletionTime": time(row.deleted_at),
        "LastUpdatedTime": time(row.updated_at),
        "RollbackConfiguration": {},
        "StackStatus": row.status,
        "StackStatusReason": row.status_reason,
        "DisableRollback": row.disable_rollback,
        "NotificationARNs": list(source.notification_arns) if source else [],
        "TimeoutInMinutes": row.timeout_minutes,
        "Capabilities": (list(source.capabilities) or None) if source else None,
        "Outputs": [_output(output) for output in row.outputs] or None,
        "RoleARN": source.role_arn if source else None,
        "Tags": tags(source),
        "EnableTerminationProtection": None if row.gone else row.termination_protection,
        "RetainExceptOnCreate": row.retain_except_on_create,
        "ParentId": row.parent_id,
        "RootId": row.root_id,
        "DriftInformation": {"StackDriftStatus": _NOT_CHECKED},
    }


def _output(output: StackOutput) -> dict[str, Any]:
    return {
        "OutputKey": output.key,
        "OutputValue": output.value,
        "Description": output.description,
        "ExportName": output.export_name,
    }


def stack_summary(row: Stack) -> dict[str, Any]:
    """As ListStacks shows a stack."""
    return {
        "StackId": row.stack_id,
        "StackName": row.stack_name,
        "TemplateDescription": row.input.description if row.input else None,
        "CreationTime": time(row.created_at),
        "LastUpdatedTime": time(row.updated_at),
        "DeletionTime": time(row.deleted_at),
        "StackStatus": row.status,
        "StackStatusReason": row.status_reason,
        "ParentId": row.parent_id,
        "RootId": row.root_id,
        "DriftInformation": {"StackDriftStatus": _NOT_CHECKED},
    }


def event(row: Stack, found: StackEvent) -> dict[str, Any]:
    """As DescribeStackEvents shows an event."""
    return {
        "StackId": row.stack_id,
        "EventId": found.event_id,
        "StackName": row.stack_name,
        "LogicalResourceId": found.logical_id,
        "PhysicalResourceId": found.physical_id,
        "ResourceType": found.resource_type,
        "Timestamp": time(found.at),
        "ResourceStatus": found.status,
        "ResourceStatusReason": found.reason,
        "ResourceProperties": found.properties,
        "ClientRequestToken": found.client_request_token,
    }


def _resource_status(found: StackResource) -> dict[str, Any]:
    return {
        "LogicalResourceId": found.logical_id,
        "PhysicalResourceId": found.physical_id,
        "ResourceType": found.type,
        "ResourceStatus": found.status,
        "ResourceStatusReason": found.status_reason,
        "DriftInformation": {"StackResourceDriftStatus": _NOT_CHECKED},
    }


def resource(row: Stack, found: StackResource) -> dict[str, Any]:
    """As DescribeStackResources shows a resource."""
    return {
        "StackName": row.stack_name,
        "StackId": row.stack_id,
        "Timestamp": time(found.updated_at),
        "Description": found.description,
        **_resource_status(found),
    }


def resource_detail(row: Stack, found: StackResource) -> dict[str, Any]:
    """As DescribeStackResource shows a resource."""
    return {
        "StackName": row.stack_name,
        "StackId": row.stack_id,
        "LastUpdatedTimestamp": time(found.updated_at),
        "Description": found.description,
        "Metadata": found.metadata or "{}",
        **_resource_status(found),
    }


def resource_summary(found: StackResource) -> dict[str, Any]:
    """As ListStackResources shows a resource."""
    return {"LastUpdatedTimestamp": time(found.updated_at), **_resource_status(found)}


def change_set(
    found: ChangeSet, row: Stack, steps: Sequence[Step], token: str | None, *, with_values: bool
) -> dict[str, Any]:
    """As DescribeChangeSet shows a change set."""
    return {
        **_change_set_status(found, row),
        "Parameters": parameters(found.input),
        "NotificationARNs": list(found.input.notification_arns),
        "RollbackConfiguration": {},
        "Capabilities": list(found.input.capabilities),
        "Tags": tags(found.input) or None,
        "Changes": [
            {"Type": "Resource", "ResourceChange": _resource_change(step, with_values)} for step in steps
        ],
        "NextToken": token,
        "OnStackFailure": found.on_failure.value if found.on_failure else None,
    }


def change_set_summary(found: ChangeSet, row: Stack) -> dict[str, Any]:
    """As ListChangeSets shows a change set."""
    return _change_set_status(found, row)


def _change_set_status(found: ChangeSet, row: Stack) -> dict[str, Any]:
    return {
        "ChangeSetName": found.change_set_name,
        "ChangeSetId": found.change_set_id,
        "StackId": row.stack_id,
        "StackName": row.stack_name,
        "Description": found.description,
        "CreationTime": time(found.created_at),
        "ExecutionStatus": found.execution_status,
        "Status": found.status,
        "StatusReason": found.status_reason,
        "IncludeNestedStacks": False,
    }


def _resource_change(step: Step, with_values: bool) -> dict[str, Any]:
    return {
        "PolicyAction": step.policy_action,
        "Action": step.action,
        "LogicalResourceId": step.logical_id,
        "PhysicalResourceId": step.physical_id,
        "ResourceType": step.resource_type,
        "Replacement": step.replacement,
        "Scope": list(step.scope),
        "Details": [_detail(detail, with_values) for detail in step.details],
        "BeforeContext": step.before_context if with_values else None,
        "AfterContext": step.after_context if with_values else None,
    }


def _detail(detail: Detail, with_values: bool) -> dict[str, Any]:
    target = {
        "Attribute": detail.attribute,
        "Name": detail.name,
        "RequiresRecreation": detail.requires_recreation,
    }
    if with_values and detail.name is not None:
        target["Path"] = f"/Properties/{detail.name}"
        target["BeforeValue"], target["AfterValue"] = detail.before_value, detail.after_value
        target["AttributeChangeType"] = (
            "Add" if detail.before_value is None else "Remove" if detail.after_value is None else "Modify"
        )
    return {
        "Target": target,
        "Evaluation": detail.evaluation,
        "ChangeSource": detail.change_source,
        "CausingEntity": detail.causing_entity,
    }
