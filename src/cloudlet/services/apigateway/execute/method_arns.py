"""The ARNs by which policies name what is called: the method as it was called, its resource, an authorizer.

Judges nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .compiled import CompiledStage
    from .invocation import Invocation


def method_arn(invocation: Invocation) -> str:
    """The method that is called, with the path as it was called."""
    stage = invocation.stage
    return f"{_place(stage)}/{stage.name}/{invocation.request.method}{invocation.path}"


def method_arn_of_resource(invocation: Invocation) -> str:
    """The ARN that functions' policies name: with the resource's path, not the one that was called."""
    stage, method = invocation.stage, invocation.method
    return f"{_place(stage)}/{stage.name}/{method.http_method}{method.resource_path}"


def authorizer_arn(stage: CompiledStage, authorizer_id: str) -> str:
    """An authorizer."""
    return f"{_place(stage)}/authorizers/{authorizer_id}"


def _place(stage: CompiledStage) -> str:
    return f"arn:aws:execute-api:{stage.region}:{stage.account}:{stage.api_id}"
